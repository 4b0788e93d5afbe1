/**
 * Decisions that were made before. Where no rule erred and nothing is to be shown but what the manifest says,
 * equal results mean equal decisions, and decisions never change: one object serves them all.
 */
import type { Decision } from "./result.ts";

const FIRED_WORD = 16;
/** More fired rules than these are rare, and comparing them would cost what remembering saves. */
const FIRED_MAX = 8;
/** Powers of two: of a policy with many rules more decisions come again. */
const PLACES_MIN = 1_024;
const PLACES_MAX = 16_384;
/** The golden ratio of 2 to the power of 32, odd. */
const MIX = 0x9e3779b1;
export const RESULT_MAGIC = 0x524c4f50;
// What is exported or imported is looked up each time; a constant of the module alone is known.
const MAGIC = RESULT_MAGIC;

interface Remembered {
  readonly verdict: number;
  readonly granted: number;
  readonly code: number;
  readonly fired: readonly number[];
  readonly decision: Decision | null;
}

/** No result has this verdict. */
const NOTHING: Remembered = { verdict: 0, granted: 0, code: 0, fired: [], decision: null };

/** Two places for each hash, the later decision in the first one; a third takes the place of the earliest. */
export type ResultMemory = Remembered[];

export function makeResultMemory(rules: number): ResultMemory {
  let places = PLACES_MIN;
  while (places < rules && places < PLACES_MAX) places *= 2;
  return new Array<Remembered>(places).fill(NOTHING);
}

/** The decision that an equal result and answer gave; null where there is none. `words` are the result's. */
export function recall(memory: ResultMemory, words: Int32Array, answer: number): Decision | null {
  if (words[0] !== MAGIC || hasMore(words)) return null;
  const place = placeOf(words, memory.length);
  const first = memory[place]!;
  if (isOf(first, words, answer)) return first.decision;
  const second = memory[place + 1]!;
  return isOf(second, words, answer) ? second.decision : null;
}

function isOf({ verdict, granted, code, fired }: Remembered, words: Int32Array, answer: number): boolean {
  const count = words[6]!;
  const isSame =
    answer === verdict &&
    words[1] === verdict &&
    words[2] === granted &&
    words[3] === code &&
    words[7] === count &&
    fired.length === count;
  if (!isSame) return false;
  for (let at = 0; at < count; at += 1) if (words[FIRED_WORD + at] !== fired[at]) return false;
  return true;
}

/** Keeps the decision that was read from this sound result, if it is of the kind that comes again. */
export function remember(memory: ResultMemory, words: Int32Array, decision: Decision): void {
  const count = words[7]!;
  if (hasMore(words) || count > FIRED_MAX) return;
  const fired: number[] = [];
  for (let at = 0; at < count; at += 1) fired.push(words[FIRED_WORD + at]!);
  const [verdict, granted, code] = [words[1]!, words[2]!, words[3]!];
  const place = placeOf(words, memory.length);
  memory[place + 1] = memory[place]!;
  memory[place] = { verdict, granted, code, fired, decision };
}

/** Erring rules, obligations, values, a state delta or paths: what may differ while fired rules do not. */
function hasMore(words: Int32Array): boolean {
  return (words[8]! | words[9]! | words[10]! | words[11]! | words[12]! | words[13]!) !== 0;
}

/** By the upper bits of a product, on which each of its factors' bits has told. */
function placeOf(words: Int32Array, places: number): number {
  const count = words[7]!;
  let hash = words[3]! + (count << 4);
  for (let at = 0; at < count && at < FIRED_MAX; at += 1) {
    hash = Math.imul(hash, MIX) + words[FIRED_WORD + at]!;
    hash ^= hash >>> 15;
  }
  // An even one, whose neighbour is the second.
  return (Math.imul(hash, MIX) >>> 18) & (places - 2);
}
