/**
 * What one world has more of than others. Where everything goes wrong at once, little gets far enough for
 * what could go wrong next: each mood leaves something out, so that something else is reached often.
 */

import { MISTAKEN } from "./policies.ts";

export interface Mood {
  readonly name: string;
  readonly amounts: readonly number[];
  /** What is published; by place among the versions. */
  readonly versions: readonly number[];
  /** Of what runs, how much is attested; of that, to be in production at first; how often anew, at a step. */
  readonly attested: number;
  readonly production: number;
  readonly attestedAnew: number;
  /** From nothing at all to longer than anything runs. */
  readonly lastsMs: readonly number[];
  readonly approvedAfterMs: readonly number[];
  /** How often a process ends right after an approval was used up. */
  readonly crashAfterUse: number;
  /** How many requests are made under an id, and how many ids each agent has. */
  readonly askedById: number;
  readonly requestIds: number;
  /** The mean time from one to the next. */
  readonly everyMs: Readonly<Record<"order" | "publish" | "crash" | "jump" | "cutOff" | "disk", number>>;
  /** For how long orders cannot be read: mostly, and sometimes. */
  readonly cutOffMs: readonly [usual: number, long: number];
}

const ORDINARY: Mood = {
  name: "ordinary",
  amounts: [1, 20, 99, 100, 149, 150, 290, 400, 700, 900],
  versions: [0, 1, 2],
  ...{ attested: 0.75, production: 0.75, attestedAnew: 0.25 },
  lastsMs: [0, 8_000, 8_000, 15_000, 15_000, 60_000, 600_000, 600_000, 600_000, 600_000],
  approvedAfterMs: [500, 1_000, 2_000, 5_000, 20_000, 700_000],
  ...{ crashAfterUse: 0.3, askedById: 0.1, requestIds: 20 },
  everyMs: {
    ...{ order: 6_000, publish: 70_000, crash: 100_000, jump: 300_000, cutOff: 110_000, disk: 50_000 },
  },
  cutOffMs: [40_000, 250_000],
};

const SELDOM_MS = 900_000;
const CALM = { publish: SELDOM_MS, jump: SELDOM_MS, cutOff: SELDOM_MS, disk: SELDOM_MS } as const;

/** Nearly everything waits for somebody, who answers; and processes end while it does. */
const HELD: Mood = {
  ...ORDINARY,
  name: "held",
  amounts: [150, 200, 290, 290, 400, 700],
  versions: [0, 2],
  ...{ attested: 1, production: 0.98, attestedAnew: 0.02, lastsMs: [600_000] },
  approvedAfterMs: [200, 500, 1_000, 1_000, 2_000, 5_000, 700_000],
  crashAfterUse: 0.5,
  everyMs: { ...CALM, order: 30_000, crash: 40_000, disk: 60_000 },
};

/** Everything turns on what attests it, which changes while it runs. */
const ATTESTED: Mood = {
  ...ORDINARY,
  name: "attested",
  amounts: [99, 149, 149, 149, 149, 150],
  versions: [0, 2],
  ...{ attested: 0.95, production: 0.9, attestedAnew: 0.7 },
  lastsMs: [8_000, 15_000, 60_000, 600_000, 600_000, 600_000, 600_000],
  everyMs: { ...CALM, order: 12_000, crash: 200_000 },
};

/** Orders are given, and for a long time nobody hears of them. */
const UNREACHED: Mood = {
  ...ORDINARY,
  name: "unreached",
  amounts: [1, 20, 99, 100, 149],
  versions: [0, 2],
  everyMs: { ...CALM, order: 15_000, crash: 120_000, cutOff: 100_000, disk: 60_000 },
  cutOffMs: [150_000, 300_000],
};

/** Processes end all the time, and whoever asked asks again. */
const CRASHING: Mood = {
  ...ORDINARY,
  name: "crashing",
  amounts: [1, 20, 99, 100, 149, 150, 290],
  versions: [0, 2, 0, MISTAKEN],
  ...{ askedById: 0.6, requestIds: 3 },
  everyMs: { ...CALM, order: 15_000, crash: 12_000, disk: 60_000, publish: 40_000 },
};

const MOODS: readonly Mood[] = [ORDINARY, HELD, ATTESTED, UNREACHED, CRASHING];

/** As many worlds, one after the other, have each of them once. */
export const MOODS_COUNT = MOODS.length;

export function moodOf(seed: number): Mood {
  return MOODS[seed % MOODS.length]!;
}
