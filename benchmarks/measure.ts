/** Medians by the `benchmark` package, p99 by an own timer: the package's samples are means of many calls. */
import Benchmark from "benchmark";

export interface Row {
  readonly name: string;
  /** Nanoseconds for one operation. */
  readonly medianNs: number;
  readonly p99Ns: number;
}

/** One operation on the next input; answers something that depends on its result. */
export interface Subject {
  readonly name: string;
  readonly run: () => number;
}

/** Rows are measured in turns, so that a slow second of the machine falls on all of them. */
const ROUNDS = 5;

/** So that no result is unused. */
let sink = 0;

export function measure(subjects: readonly Subject[]): readonly Row[] {
  const samples = subjects.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, subject] of subjects.entries()) samples[index]?.push(...timed(subject));
  }
  return subjects.map((subject, index) => ({
    name: subject.name,
    medianNs: quantile(samples[index] ?? [], 0.5),
    p99Ns: p99(subject),
  }));
}

/** The package warms up, finds a count of calls that the clock can tell, and samples that. */
function timed({ name, run }: Subject): readonly number[] {
  const suite = new Benchmark(name, () => {
    sink += run();
  });
  suite.run();
  return suite.stats.sample.map((seconds) => seconds * 1e9);
}

/** Of batches of 100, since reading the clock costs as much as a decision. */
function p99({ run }: Subject): number {
  const batches: number[] = [];
  for (let batch = 0; batch < 20_000; batch += 1) {
    const from = performance.now();
    for (let i = 0; i < 100; i += 1) sink += run();
    batches.push(((performance.now() - from) * 1e6) / 100);
  }
  return quantile(batches, 0.99);
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export function used(): number {
  return sink;
}
