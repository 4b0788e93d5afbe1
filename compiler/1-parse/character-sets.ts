/** Sets of characters as ranges of code points that ascend and do not touch. */
import { ANY_CHARACTER, type CharacterRange } from "../pattern.ts";

function range(from: string, to: string): CharacterRange {
  return { from: from.codePointAt(0) ?? 0, to: to.codePointAt(0) ?? 0 };
}

export const DIGITS: readonly CharacterRange[] = [range("0", "9")];
export const WORD: readonly CharacterRange[] = [...DIGITS, range("A", "Z"), range("_", "_"), range("a", "z")];
/** Tab to carriage return, and the space. */
export const SPACES: readonly CharacterRange[] = [range("\t", "\r"), range(" ", " ")];

export function union(ranges: readonly CharacterRange[]): readonly CharacterRange[] {
  const sorted = ranges.toSorted((a, b) => a.from - b.from || a.to - b.to);
  const merged: CharacterRange[] = [];
  for (const next of sorted) {
    const last = merged.at(-1);
    if (last === undefined || next.from > last.to + 1) merged.push(next);
    else if (next.to > last.to) merged[merged.length - 1] = { from: last.from, to: next.to };
  }
  return merged;
}

/** Of the characters that well-formed text can hold, those that are not in the set. */
export function complement(set: readonly CharacterRange[]): readonly CharacterRange[] {
  const rest: CharacterRange[] = [];
  for (const whole of ANY_CHARACTER) {
    let from = whole.from;
    for (const taken of set) {
      if (taken.to < from || taken.from > whole.to) continue;
      if (taken.from > from) rest.push({ from, to: taken.from - 1 });
      from = taken.to + 1;
    }
    if (from <= whole.to) rest.push({ from, to: whole.to });
  }
  return rest;
}

const CASE_GAP = 0x20;
const CASES: readonly (readonly [letters: CharacterRange, other: number])[] = [
  [range("A", "Z"), CASE_GAP],
  [range("a", "z"), -CASE_GAP],
];

/** The set and its ASCII letters in the other case. */
export function eitherCase(set: readonly CharacterRange[]): readonly CharacterRange[] {
  const added: CharacterRange[] = [];
  for (const { from, to } of set) {
    for (const [letters, other] of CASES) {
      const first = Math.max(from, letters.from);
      const last = Math.min(to, letters.to);
      if (first <= last) added.push({ from: first + other, to: last + other });
    }
  }
  return union([...set, ...added]);
}
