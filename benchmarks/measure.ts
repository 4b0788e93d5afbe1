/** Medians by the `benchmark` package, p99 by an own timer: the package's samples are means of many calls. */
import Benchmark from "benchmark";

export interface Timing {
  /** Nanoseconds for one operation. */
  readonly medianNs: number;
  readonly p99Ns: number;
  /** The medians of the rounds, which two timings can be compared by: the same round saw the same machine. */
  readonly roundsNs: readonly number[];
}

/** One operation on the next input; answers something that depends on its result. */
export type Subject = () => number;

export interface Effort {
  /** Subjects are measured in turns, so that a slow second of the machine falls on all of them. */
  readonly rounds: number;
  /** Of one subject in one round, and of one of the package's samples. */
  readonly seconds: number;
  readonly sampleSeconds: number;
  /** Of one subject in one round: batches of 100 operations. */
  readonly batchesMax: number;
  readonly batchesMs: number;
}

const USUAL: Effort = { rounds: 5, seconds: 0.2, sampleSeconds: 0.03, batchesMax: 1_500, batchesMs: 100 };
const QUICK: Effort = { rounds: 2, seconds: 0.02, sampleSeconds: 0.004, batchesMax: 50, batchesMs: 10 };

export function effortOf({ isQuick }: { readonly isQuick: boolean }): Effort {
  return isQuick ? QUICK : USUAL;
}

/** So that no result is unused. */
let sink = 0;

/** As many timings as subjects. `beforeRound` may choose what the subjects work on. */
export function measure(
  subjects: readonly Subject[],
  effort: Effort,
  beforeRound: (round: number) => void = () => undefined,
): readonly Timing[] {
  const samples = subjects.map((): (readonly number[])[] => []);
  const batches = subjects.map((): number[] => []);
  for (let round = 0; round < effort.rounds; round += 1) {
    beforeRound(round);
    for (const [index, subject] of subjects.entries()) {
      samples[index]?.push(timed(subject, effort));
      batches[index]?.push(...timedBatches(subject, effort));
    }
  }
  return subjects.map((_, index) => {
    const rounds = samples[index] ?? [];
    return {
      medianNs: median(rounds.flat()),
      p99Ns: quantile(batches[index] ?? [], 0.99),
      roundsNs: rounds.map(median),
    };
  });
}

/** The middle one of the ratios of the rounds. */
export function ratio(of: Timing, to: Timing): number {
  return median(of.roundsNs.map((ns, round) => ns / (to.roundsNs[round] ?? Number.NaN)));
}

/**
 * The package warms up, finds a count of calls that the clock can tell, and samples that. Each of its calls
 * goes through a lookup that costs some nanoseconds, the same for every subject.
 */
function timed(run: Subject, { seconds, sampleSeconds }: Effort): readonly number[] {
  const suite = new Benchmark(
    () => {
      sink += run();
    },
    { maxTime: seconds, minTime: sampleSeconds },
  );
  suite.run();
  return suite.stats.sample.map((each) => each * 1e9);
}

const BATCH = 100;

/** Batches of 100, since reading the clock costs as much as a decision. */
function timedBatches(run: Subject, { batchesMax, batchesMs }: Effort): readonly number[] {
  const batches: number[] = [];
  const end = performance.now() + batchesMs;
  while (batches.length < 2 || (batches.length < batchesMax && performance.now() < end)) {
    const from = performance.now();
    for (let i = 0; i < BATCH; i += 1) sink += run();
    batches.push(((performance.now() - from) * 1e6) / BATCH);
  }
  return batches;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** Above zero where something was measured: nobody may find out that results are not used. */
export function used(): number {
  return sink;
}

/** Of single runs, for what is too slow or too singular to be repeated by the package. */
export function timingOf(runsNs: readonly number[]): { readonly median_ns: number; readonly p99_ns: number } {
  return { median_ns: median(runsNs), p99_ns: quantile(runsNs, 0.99) };
}
