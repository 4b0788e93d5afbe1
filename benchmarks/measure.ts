/** Medians by the `benchmark` package, p99 by an own timer: the package's samples are means of many calls. */
import Benchmark from "benchmark";

export interface Row {
  readonly name: string;
  /** Nanoseconds for one operation. */
  readonly medianNs: number;
  readonly p99Ns: number;
}

/** `run(i)` does one operation on the i-th of `size` inputs and answers something that depends on it. */
export interface Subject {
  readonly name: string;
  readonly run: (i: number) => number;
}

/** So that no result is unused. */
let sink = 0;

export function measure(subjects: readonly Subject[], size: number): readonly Row[] {
  for (const subject of subjects) sink += warm(subject, size);
  const samples = subjects.map((): number[] => []);
  // In turns, so that a slow second of the machine falls on every row.
  for (let round = 0; round < 3; round += 1) {
    for (const [index, subject] of subjects.entries()) samples[index]?.push(...timed(subject, size));
  }
  return subjects.map((subject, index) => ({
    name: subject.name,
    medianNs: quantile(samples[index] ?? [], 0.5),
    p99Ns: p99(subject, size),
  }));
}

/** At least half a second, until the optimising compiler has had its turn. */
function warm(subject: Subject, size: number): number {
  let sum = 0;
  for (const end = performance.now() + 500; performance.now() < end; ) {
    for (let i = 0; i < size; i += 1) sum += subject.run(i);
  }
  return sum;
}

function timed(subject: Subject, size: number): readonly number[] {
  const suite = new Benchmark(subject.name, {
    maxTime: 0.7,
    fn: () => {
      for (let i = 0; i < size; i += 1) sink += subject.run(i);
    },
  });
  suite.run();
  return suite.stats.sample.map((seconds) => (seconds * 1e9) / size);
}

/** Of batches of 100, since reading the clock costs as much as a decision. */
function p99(subject: Subject, size: number): number {
  const batches: number[] = [];
  for (let batch = 0; batch < 20_000; batch += 1) {
    const from = performance.now();
    for (let i = 0; i < 100; i += 1) sink += subject.run((batch * 100 + i) % size);
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
