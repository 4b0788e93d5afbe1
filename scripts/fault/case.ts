/** One thing that is done to a log, and what came of it. */
import type { Random } from "../../test/support/random.ts";

export interface Outcome {
  /** Faults that were set up. */
  readonly injected: number;
  /** Those of them that were seen to happen. */
  readonly fired: number;
  /** How often the log was opened again and went on, with all invariants. */
  readonly recovered: number;
  /** How often it was refused, and by which code. */
  readonly refused: ReadonlyMap<string, number>;
  /** What is wrong; empty where all is well. */
  readonly problems: readonly string[];
  /** What could not be done on this machine, and why. */
  readonly notRun?: string;
}

export interface Case {
  /** `section/row/…`: repeats exactly this one with `--only` and the same seed. */
  readonly name: string;
  /** The row of the table that it is counted in. */
  readonly row: string;
  /** What it draws depends on the seed and its name alone. */
  readonly run: (random: Random) => Promise<Outcome>;
}

export interface Settings {
  readonly seed: number;
  /** A slice that takes seconds. */
  readonly quick: boolean;
  /** The beginning of the names of the cases that are wanted. */
  readonly only: string;
  /** Of what is random; null takes the section's own number. */
  readonly rounds: number | null;
  /** Where logs are made; gone afterwards. */
  readonly scratch: string;
}

export interface Section {
  readonly name: string;
  /** How many of its cases are run at once. */
  readonly atOnce: number;
  /** A share of them is drawn in a quick run; null runs all. */
  readonly quickCases: number | null;
  readonly cases: (settings: Settings) => Promise<readonly Case[]>;
}

export const NOTHING: Outcome = { injected: 0, fired: 0, recovered: 0, refused: new Map(), problems: [] };

/** One fault that fired and that the log survived. */
export function recovered(problems: readonly string[]): Outcome {
  return { ...NOTHING, injected: 1, fired: 1, recovered: problems.length === 0 ? 1 : 0, problems };
}

export function refused(code: string, problems: readonly string[] = []): Outcome {
  return { ...NOTHING, injected: 1, fired: 1, refused: new Map([[code, 1]]), problems };
}

export function addOutcomes(one: Outcome, other: Outcome): Outcome {
  const codes = new Map(one.refused);
  for (const [code, times] of other.refused) codes.set(code, (codes.get(code) ?? 0) + times);
  return {
    injected: one.injected + other.injected,
    fired: one.fired + other.fired,
    recovered: one.recovered + other.recovered,
    refused: codes,
    problems: [...one.problems, ...other.problems],
  };
}
