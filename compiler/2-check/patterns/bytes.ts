/** Characters as sequences of bytes: ranges of UTF-8 (Unicode, table 3-7) that make up a range of them. */
import type { CharacterRange } from "../../pattern.ts";

export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** Where the number of bytes, or the first byte's share of the rest, changes. */
const WIDTHS: readonly (readonly [to: number, bytes: number])[] = [
  [0x7f, 1],
  [0x7ff, 2],
  [0xffff, 3],
  [0x10ffff, 4],
];

/** Each sequence stands for the texts with one byte out of each of its ranges; together for the set. */
export function byteSequences(ranges: readonly CharacterRange[]): readonly (readonly ByteRange[])[] {
  const sequences: (readonly ByteRange[])[] = [];
  for (const range of ranges) {
    let from = range.from;
    for (const [to, bytes] of WIDTHS) {
      if (from > to || from > range.to) continue;
      split(from, Math.min(to, range.to), bytes, sequences);
      from = to + 1;
    }
  }
  return sequences;
}

/** `from` and `to` have the same number of bytes. */
function split(from: number, to: number, bytes: number, sequences: (readonly ByteRange[])[]): void {
  for (let low = 1; low < bytes; low += 1) {
    // The last `low` bytes hold so many bits: the range must begin and end on whole blocks of them.
    const block = 2 ** (6 * low);
    if (Math.floor(from / block) === Math.floor(to / block)) continue;
    const firstWhole = Math.ceil(from / block) * block;
    if (firstWhole > from) {
      split(from, firstWhole - 1, bytes, sequences);
      split(firstWhole, to, bytes, sequences);
      return;
    }
    const lastWhole = Math.floor((to + 1) / block) * block - 1;
    if (lastWhole < to) {
      split(from, lastWhole, bytes, sequences);
      split(lastWhole + 1, to, bytes, sequences);
      return;
    }
  }
  const [first, last] = [encoded(from, bytes), encoded(to, bytes)];
  sequences.push(first.map((byte, index) => ({ from: byte, to: last[index] ?? byte })));
}

const LEADS: readonly number[] = [0, 0, 0xc0, 0xe0, 0xf0];

function encoded(point: number, bytes: number): readonly number[] {
  if (bytes === 1) return [point];
  const lead = (LEADS[bytes] ?? 0) | (point >> (6 * (bytes - 1)));
  const rest: number[] = [];
  for (let low = bytes - 2; low >= 0; low -= 1) rest.push(0x80 | ((point >> (6 * low)) & 0x3f));
  return [lead, ...rest];
}
