/** Reads a size or an index: a decimal from 0 to 2^53-1 without sign, space or leading zero; else null. */
export function readCount(text: string): number | null {
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}
