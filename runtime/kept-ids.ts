/**
 * Short identifiers that came before, with the words that they are in memory. The same agents, users and
 * tools come again and again, and comparing two texts by their addresses is cheaper than copying one
 * character by character. Kept are identifiers alone, never free text, at most 256 of them for all actions,
 * each until another takes its place.
 */

/** A power of two. */
export const PLACES = 256;
/** Four words; longer ones are copied each time. */
export const KEPT_MAX = 16;

export interface KeptId {
  /** Empty: none yet. */
  text: string;
  /** The text in ASCII, padded with zeros. */
  a: number;
  b: number;
  /** The second eight bytes, of a text that has them. */
  c: number;
  d: number;
}

export function makeKeptIds(): readonly KeptId[] {
  return Array.from({ length: PLACES }, () => ({ text: "", a: 0, b: 0, c: 0, d: 0 }));
}

/** Where a text of 2 units or more is kept, if it is: names that are counted differ at their ends. */
export function keptAt(ids: readonly KeptId[], text: string, length: number): KeptId {
  const place = text.charCodeAt(length - 1) + text.charCodeAt(length - 2) * 11 + (length << 5);
  return ids[place & (PLACES - 1)]!;
}

/** Keeps the text that was written at this word, and is ASCII. */
export function keep(kept: KeptId, text: string, words: Int32Array, word: number): void {
  const isLong = text.length > 8;
  kept.text = text;
  kept.a = words[word]!;
  kept.b = words[word + 1]!;
  kept.c = isLong ? words[word + 2]! : 0;
  kept.d = isLong ? words[word + 3]! : 0;
}
