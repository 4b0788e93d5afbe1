/**
 * Decisions that were made before. Where no rule erred and nothing is to be shown but what the manifest says,
 * equal results mean equal decisions, and decisions never change: one object serves them all.
 */
import type { Decision } from "./result.ts";

const FIRED_WORD = 16;
/** More fired rules than these are rare, and comparing them would cost what remembering saves. */
const FIRED_MAX = 8;
const PLACES = 256;
export const RESULT_MAGIC = 0x524c4f50;
// What is exported or imported is looked up each time; a constant of the module alone is known.
const MAGIC = RESULT_MAGIC;

interface Remembered {
  readonly verdict: number;
  readonly granted: number;
  readonly code: number;
  readonly fired: Int32Array;
  readonly decision: Decision;
}

/** One place for each hash; a later decision takes the place of an earlier one. */
export type ResultMemory = (Remembered | null)[];

export function makeResultMemory(): ResultMemory {
  return Array.from({ length: PLACES }, () => null);
}

/** The decision that an equal result gave; null where there is none. */
export function recall(memory: ResultMemory, words: Int32Array, result: number): Decision | null {
  if (words[result] !== MAGIC || hasMore(words, result)) return null;
  const known = memory[placeOf(words, result)];
  if (known === null || known === undefined) return null;
  const { verdict, granted, code, fired } = known;
  const isSame =
    words[result + 1] === verdict &&
    words[result + 2] === granted &&
    words[result + 3] === code &&
    words[result + 6] === fired.length &&
    words[result + 7] === fired.length;
  if (!isSame) return null;
  for (let at = 0; at < fired.length; at += 1) if (words[result + FIRED_WORD + at] !== fired[at]) return null;
  return known.decision;
}

/** Keeps the decision that was read from this sound result, if it is of the kind that comes again. */
export function remember(memory: ResultMemory, words: Int32Array, result: number, decision: Decision): void {
  const count = words[result + 7]!;
  if (hasMore(words, result) || count > FIRED_MAX) return;
  const fired = words.slice(result + FIRED_WORD, result + FIRED_WORD + count);
  const [verdict, granted, code] = [words[result + 1]!, words[result + 2]!, words[result + 3]!];
  memory[placeOf(words, result)] = { verdict, granted, code, fired, decision };
}

/** Erring rules, obligations, values, a state delta or paths: what may differ while fired rules do not. */
function hasMore(words: Int32Array, result: number): boolean {
  const at = result + 8;
  return (
    (words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]! | words[at + 4]! | words[at + 5]!) !== 0
  );
}

function placeOf(words: Int32Array, result: number): number {
  const count = words[result + 7]!;
  let hash = words[result + 3]! + (count << 4);
  for (let at = 0; at < count && at < FIRED_MAX; at += 1) {
    hash = Math.imul(hash, 31) + words[result + FIRED_WORD + at]!;
  }
  return hash & (PLACES - 1);
}
