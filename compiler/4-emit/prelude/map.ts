// Maps: entries { text slot of the key, slots of the value }, strictly ascending by the bytes of their keys.
import { refuse, shift } from "./memory";
import { INVALID } from "./codes";
import { decodeText } from "./decode";
import { compareText, lengthOf } from "./text";
import { membersOf, sizeOf } from "./value";

const KEY_BYTES_MAX: u32 = 256;

export function decodeKey(p: usize): void {
  decodeText(p, KEY_BYTES_MAX);
  if (lengthOf(p + shift) == 0) refuse(INVALID);
}

export function ascendingKeys(p: usize, count: u32, stride: u32): void {
  for (let i: u32 = 1; i < count; i++) {
    const at = p + shift + i * stride;
    if (compareText(at - stride, at) >= 0) refuse(INVALID);
  }
}

// Read as an optional value that is not there.
const NOWHERE: usize = memory.data(8, 8);

// The entry with this key, which reads as an optional value: a key is never empty, so its slot is never zero.
export function entryOf(map: usize, key: usize, stride: u32): usize {
  let low: u32 = 0;
  let high = sizeOf(map);
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = membersOf(map) + middle * stride;
    const order = compareText(entry, key);
    if (order == 0) return entry;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return NOWHERE;
}
