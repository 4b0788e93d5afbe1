/** Medians by the `benchmark` package, p99 by an own timer: the package's samples are means of many calls. */
import Benchmark from "benchmark";

export interface Row {
  readonly name: string;
  /** Nanoseconds for one operation. */
  readonly medianNs: number;
  readonly p99Ns: number;
  /** The medians of the rounds, which two rows can be compared by: the same round saw the same machine. */
  readonly roundsNs: readonly number[];
}

/** One operation on the next input; answers something that depends on its result. */
export interface Subject {
  readonly name: string;
  readonly run: () => number;
}

/** Rows are measured in turns, so that a slow second of the machine falls on all of them. */
const ROUNDS = 5;

/** Of one row in one round; the package takes some ten samples in it. */
const ROUND_SECONDS = 0.5;

/** Of one row in one round; what takes longer than a decision of ours gets fewer batches. */
const BATCHES_MAX = 4_000;
const BATCHES_MS = 300;

/** So that no result is unused. */
let sink = 0;

export function measure(subjects: readonly Subject[]): readonly Row[] {
  const samples = subjects.map((): (readonly number[])[] => []);
  const batches = subjects.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, subject] of subjects.entries()) {
      samples[index]?.push(timed(subject));
      batches[index]?.push(...timedBatches(subject));
    }
  }
  return subjects.map(({ name }, index) => {
    const rounds = samples[index] ?? [];
    return {
      name,
      medianNs: median(rounds.flat()),
      p99Ns: quantile(batches[index] ?? [], 0.99),
      roundsNs: rounds.map(median),
    };
  });
}

/** The package warms up, finds a count of calls that the clock can tell, and samples that. */
function timed({ name, run }: Subject): readonly number[] {
  const suite = new Benchmark(
    name,
    () => {
      sink += run();
    },
    { maxTime: ROUND_SECONDS },
  );
  suite.run();
  return suite.stats.sample.map((seconds) => seconds * 1e9);
}

/** Batches of 100, since reading the clock costs as much as a decision. */
function timedBatches({ run }: Subject): readonly number[] {
  const batches: number[] = [];
  const end = performance.now() + BATCHES_MS;
  while (batches.length < BATCHES_MAX && performance.now() < end) {
    const from = performance.now();
    for (let i = 0; i < 100; i += 1) sink += run();
    batches.push(((performance.now() - from) * 1e6) / 100);
  }
  return batches;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export function used(): number {
  return sink;
}
