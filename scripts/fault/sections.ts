/** What `npm run fault` does, in this order. */
import type { Section } from "./case.ts";
import { CLOCK } from "./clock.ts";
import { FLIPS } from "./flips.ts";
import { FULL_DISK } from "./full-disk.ts";
import { KEEPER_SECTION } from "./keepers.ts";
import { KILL } from "./kill.ts";
import { MATRIX } from "./matrix.ts";
import { MUTATE } from "./mutate.ts";
import { POWER } from "./power.ts";
import { RIVALS } from "./rivals.ts";
import { TAILS } from "./tails.ts";
import { TWICE } from "./twice.ts";

export const SECTIONS: readonly Section[] = [
  MATRIX,
  KILL,
  POWER,
  TWICE,
  TAILS,
  FLIPS,
  FULL_DISK,
  RIVALS,
  KEEPER_SECTION,
  CLOCK,
  MUTATE,
];
