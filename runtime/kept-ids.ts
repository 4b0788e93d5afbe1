/**
 * Short identifiers that came before, with the words that they are in memory. The same agents, users and
 * tools come again and again, and comparing two texts by their addresses is cheaper than copying one
 * character by character. Kept are identifiers alone, never free text, at most 64 of them, each until another
 * takes its place.
 */

/** A power of two. */
export const PLACES = 64;
/** Two words; longer ones are copied each time. */
export const KEPT_MAX = 8;

export interface KeptId {
  /** Empty: none yet. */
  text: string;
  /** The text in ASCII, padded with zeros. */
  low: number;
  high: number;
}

export function makeKeptIds(): readonly KeptId[] {
  return Array.from({ length: PLACES }, () => ({ text: "", low: 0, high: 0 }));
}

/** Where a text of 2 units or more is kept, if it is: names that are counted differ at their ends. */
export function keptAt(ids: readonly KeptId[], text: string, length: number): KeptId {
  const place = text.charCodeAt(length - 1) + text.charCodeAt(length - 2) * 10 + length;
  return ids[place & (PLACES - 1)]!;
}

/** Puts a text of up to 8 units there; false, with nothing changed, for one that is not ASCII. */
export function keep(kept: KeptId, text: string): boolean {
  let low = 0;
  let high = 0;
  let seen = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    seen |= unit;
    if (at < 4) low |= unit << (at << 3);
    else high |= unit << ((at - 4) << 3);
  }
  if (seen > 127) return false;
  kept.text = text;
  kept.low = low;
  kept.high = high;
  return true;
}
