/**
 * Decisions that were made before. Where no rule erred and nothing is to be shown but what the manifest says,
 * equal results mean equal decisions, and decisions never change: one object serves them all.
 */
import type { Decision } from "./result.ts";

const FIRED_WORD = 16;
/** More fired rules than these are rare, and comparing them would cost what remembering saves. */
const FIRED_MAX = 8;
/** Powers of two: of a policy with many rules more decisions come again, a few of each rule. */
const PLACES_MIN = 1_024;
const PLACES_MAX = 16_384;
/** The golden ratio of 2 to the power of 32, odd. */
const MIX = 0x9e3779b1;
export const RESULT_MAGIC = 0x524c4f50;
// What is exported or imported is looked up each time; a constant of the module alone is known.
const MAGIC = RESULT_MAGIC;

/** A place's words: verdict, granted, code, how many rules fired, and which. All in one line of a cache. */
const PLACE_WORDS = 16;
const PLACE_FIRED = 4;

/** Two places for each hash, the later decision in the first one; a third takes the place of the earliest. */
export interface ResultMemory {
  /** Of decisions that there are; a place without one is zero, which no result is. */
  readonly keys: Int32Array;
  readonly decisions: (Decision | null)[];
}

export function makeResultMemory(rules: number): ResultMemory {
  let places = PLACES_MIN;
  while (places < rules * 4 && places < PLACES_MAX) places *= 2;
  const decisions = new Array<Decision | null>(places).fill(null);
  return { keys: new Int32Array(places * PLACE_WORDS), decisions };
}

/** The decision that an equal result and answer gave; null where there is none. `words` are the result's. */
export function recall(
  { keys, decisions }: ResultMemory,
  words: Int32Array,
  answer: number,
): Decision | null {
  const count = words[6]!;
  if (words[0] !== MAGIC || words[1] !== answer || words[7] !== count || hasMore(words)) return null;
  if (count > FIRED_MAX) return null;
  const place = placeOf(words, count, decisions.length);
  const at = place * PLACE_WORDS;
  // The first place is nearly always the one; a call for it would cost as much as comparing.
  let isFirst = keys[at] === answer && keys[at + 1] === words[2] && keys[at + 2] === words[3];
  isFirst &&= keys[at + 3] === count;
  for (let rule = 0; isFirst && rule < count; rule += 1) {
    isFirst = words[FIRED_WORD + rule] === keys[at + PLACE_FIRED + rule];
  }
  if (isFirst) return decisions[place]!;
  return isAt(keys, at + PLACE_WORDS, words, count) ? decisions[place + 1]! : null;
}

function isAt(keys: Int32Array, at: number, words: Int32Array, count: number): boolean {
  for (let word = 0; word < 3; word += 1) if (keys[at + word] !== words[word + 1]) return false;
  if (keys[at + 3] !== count) return false;
  for (let rule = 0; rule < count; rule += 1) {
    if (words[FIRED_WORD + rule] !== keys[at + PLACE_FIRED + rule]) return false;
  }
  return true;
}

/** Keeps the decision that was read from this sound result, if it is of the kind that comes again. */
export function remember({ keys, decisions }: ResultMemory, words: Int32Array, decision: Decision): void {
  const count = words[7]!;
  if (hasMore(words) || count > FIRED_MAX) return;
  const place = placeOf(words, count, decisions.length);
  const at = place * PLACE_WORDS;
  keys.copyWithin(at + PLACE_WORDS, at, at + PLACE_WORDS);
  decisions[place + 1] = decisions[place]!;
  keys.set([words[1]!, words[2]!, words[3]!, words[6]!], at);
  keys.set(words.subarray(FIRED_WORD, FIRED_WORD + count), at + PLACE_FIRED);
  decisions[place] = decision;
}

/** Erring rules, obligations, values, a state delta or paths: what may differ while fired rules do not. */
function hasMore(words: Int32Array): boolean {
  return (words[8]! | words[9]! | words[10]! | words[11]! | words[12]! | words[13]!) !== 0;
}

/**
 * An even one, whose neighbour is the second. Of one rule or none, as most are, by its number or the code's,
 * which are spread already. Of more by the upper bits of a product, on which each of its factors' bits has
 * told.
 */
function placeOf(words: Int32Array, count: number, places: number): number {
  if (count === 1) return (words[FIRED_WORD]! << 1) & (places - 2);
  if (count === 0) return (words[3]! << 1) & (places - 2);
  let hash = words[3]! + (count << 4);
  for (let at = 0; at < count; at += 1) {
    hash = Math.imul(hash, MIX) + words[FIRED_WORD + at]!;
    hash ^= hash >>> 15;
  }
  return (Math.imul(hash, MIX) >>> 18) & (places - 2);
}
