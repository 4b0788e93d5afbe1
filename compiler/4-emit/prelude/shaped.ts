// Shaped text: brought where its canonical form stands, then made canonical there, never longer than it was.
import { notePath, refuse } from "./memory";
import { INVALID } from "./codes";
import { lengthOf, padded, textOf } from "./text";

// Copies the text of a decoded slot `by` bytes on, where it may be changed, and answers the copy's address.
export function bring(slot: usize, by: usize): usize {
  const from = textOf(slot);
  const to = from + by;
  if (by != 0) {
    const end = padded(lengthOf(slot));
    for (let i: u32 = 0; i < end; i += 8) store<u64>(to + i, load<u64>(from + i));
  }
  return to;
}

// The slot's text is now the `written` bytes at `to`; 0: the text had not its shape.
export function settle(slot: usize, to: usize, written: u32): void {
  if (written == 0) {
    refuse(INVALID);
    return;
  }
  for (let i = written, end = padded(lengthOf(slot)); i < end; i++) store<u8>(to + i, 0);
  store<u32>(slot, <u32>(to - slot));
  store<u32>(slot, written, 4);
  notePath(to, written);
}

// Puts a part of text into its room: a slot, then the text, padded with zeros.
export function give(room: usize, from: usize, length: u32): usize {
  store<u32>(room, length == 0 ? 0 : 8);
  store<u32>(room, length, 4);
  copy(room + 8, from, length);
  return room;
}

// Text of any place to the beginning of a word, padded with zeros.
export function copy(to: usize, from: usize, length: u32): void {
  const whole = length & ~7;
  for (let i: u32 = 0; i < whole; i += 8) store<u64>(to + i, load<u64>(from + i));
  const tail = <u64>(length & 7) << 3;
  if (tail != 0) store<u64>(to + whole, load<u64>(from + whole) & ~(~(<u64>0) << tail));
}

// The same where the part may be absent: 0 bytes.
export function giveOptional(room: usize, from: usize, length: u32): usize {
  store<u64>(room, length == 0 ? 0 : 1);
  give(room + 8, from, length);
  return room;
}
