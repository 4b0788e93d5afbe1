// Documents: canonical JSON text (RFC 8785, integers within 2^53), as the host writes it and not otherwise.
import { refuse, refusal, shift } from "./memory";
import { INVALID } from "./codes";
import { decodeText } from "./decode";
import { lengthOf, textOf } from "./text";

const DEPTH_MAX: u32 = 32;
const INTEGER_MAX: u64 = 9007199254740991;

// Of each array or object that is open: whether it is an object, and where its last key stands.
const OBJECTS: usize = memory.data(32, 8);
const KEYS: usize = memory.data(128, 8);

export function decodeDocument(p: usize, bytesMax: u32): void {
  decodeText(p, bytesMax);
  const slot = p + shift;
  if (refusal == 0 && !isDocument(textOf(slot), lengthOf(slot))) refuse(INVALID);
}

function isDocument(from: usize, bytes: u32): bool {
  const end = from + bytes;
  let at = from;
  let depth: u32 = 0;
  if (bytes == 4 && load<u32>(from) == 0x6c6c756e) return false;
  while (at != 0 && at < end) {
    const first = <u32>load<u8>(at);
    const isObject = first == 0x7b;
    if (isObject || first == 0x5b) {
      if (depth == DEPTH_MAX) return false;
      store<u8>(OBJECTS + depth, isObject ? 1 : 0);
      store<u32>(KEYS + (depth << 2), 0);
      depth += 1;
      at += 1;
      if (at < end && <u32>load<u8>(at) == first + 2) {
        depth -= 1;
        at += 1;
      } else {
        if (isObject) at = keyEnd(at, end, depth);
        continue;
      }
    } else at = scalarEnd(at, end);
    // Behind a value: the end, the end of what it stands in, or the next value.
    while (true) {
      if (at == 0) return false;
      if (depth == 0) return at == end;
      if (at >= end) return false;
      const inObject = load<u8>(OBJECTS + depth - 1) != 0;
      const next = <u32>load<u8>(at);
      at += 1;
      if (next == 0x2c) {
        if (inObject) at = keyEnd(at, end, depth);
        break;
      }
      if (next != (inObject ? 0x7d : 0x5d)) return false;
      depth -= 1;
    }
  }
  return false;
}

// Behind the colon of a key that comes after the last one; 0 where there is none.
function keyEnd(at: usize, end: usize, depth: u32): usize {
  const place = KEYS + ((depth - 1) << 2);
  const before = <usize>load<u32>(place);
  const behind = textEnd(at, end);
  if (behind == 0 || behind >= end || load<u8>(behind) != 0x3a) return 0;
  if (before != 0 && compareKeys(before, at) >= 0) return 0;
  store<u32>(place, <u32>at);
  return behind + 1;
}

function scalarEnd(at: usize, end: usize): usize {
  const first = <u32>load<u8>(at);
  if (first == 0x22) return textEnd(at, end);
  if (first == 0x74) return at + 4 <= end && load<u32>(at) == 0x65757274 ? at + 4 : 0;
  if (first == 0x6e) return at + 4 <= end && load<u32>(at) == 0x6c6c756e ? at + 4 : 0;
  if (first == 0x66) return at + 5 <= end && load<u32>(at, 1) == 0x65736c61 ? at + 5 : 0;
  return numberEnd(at, end);
}

function numberEnd(from: usize, end: usize): usize {
  const isNegative = load<u8>(from) == 0x2d;
  const digits = isNegative ? from + 1 : from;
  let at = digits;
  let value: u64 = 0;
  while (at < end && at - digits < 17) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) break;
    value = value * 10 + digit;
    at += 1;
  }
  const count = at - digits;
  if (count == 0 || value > INTEGER_MAX) return 0;
  if (load<u8>(digits) == 0x30 && (count > 1 || isNegative)) return 0;
  return at;
}

// Behind the closing quote of a text that is escaped as it must be and not otherwise; 0 where it is not.
function textEnd(from: usize, end: usize): usize {
  if (from >= end || load<u8>(from) != 0x22) return 0;
  let at = from + 1;
  while (at < end) {
    const c = <u32>load<u8>(at);
    if (c == 0x22) return at + 1;
    if (c < 0x20) return 0;
    if (c != 0x5c) {
      at += 1;
      continue;
    }
    const width = escapeWidth(at, end);
    if (width == 0) return 0;
    at += width;
  }
  return 0;
}

// A control character has its short form or, where it has none, four digits, small letters among them.
function escapeWidth(at: usize, end: usize): u32 {
  if (at + 2 > end) return 0;
  const kind = <u32>load<u8>(at, 1);
  if (kind != 0x75) return shortOf(kind) != 0 ? 2 : 0;
  if (at + 6 > end || load<u16>(at, 2) != 0x3030) return 0;
  const high = <u32>load<u8>(at, 4) - 0x30;
  const low = hexOf(<u32>load<u8>(at, 5));
  if (high > 1 || low > 15) return 0;
  const code = (high << 4) | low;
  const hasShort = code == 8 || code == 9 || code == 10 || code == 12 || code == 13;
  return hasShort ? 0 : 6;
}

function hexOf(c: u32): u32 {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  return c >= 0x61 && c <= 0x66 ? c - 0x57 : 16;
}

// What stands behind a backslash; 0: nothing does.
function shortOf(kind: u32): u32 {
  switch (kind) {
    case 0x22:
    case 0x5c:
      return kind;
    case 0x62:
      return 8;
    case 0x66:
      return 12;
    case 0x6e:
      return 10;
    case 0x72:
      return 13;
    case 0x74:
      return 9;
    default:
      return 0;
  }
}

// The byte that begins here in a text that was looked at, unescaped; the quote at its end has no escape.
export function byteAt(at: usize): u32 {
  const c = <u32>load<u8>(at);
  if (c != 0x5c) return c;
  const kind = <u32>load<u8>(at, 1);
  if (kind != 0x75) return shortOf(kind);
  return ((<u32>load<u8>(at, 4) - 0x30) << 4) | hexOf(<u32>load<u8>(at, 5));
}

export function widthAt(at: usize): u32 {
  if (load<u8>(at) != 0x5c) return 1;
  return load<u8>(at, 1) == 0x75 ? 6 : 2;
}

// Of two texts in quotes, by UTF-16 code units. Bytes of UTF-8 have that order but for the lead bytes EE and
// EF (U+E000 to U+FFFF), which come after those of the characters beyond.
function compareKeys(a: usize, b: usize): i32 {
  let p = a + 1;
  let q = b + 1;
  while (true) {
    const x = load<u8>(p) == 0x22 ? -1 : unitOf(byteAt(p));
    const y = load<u8>(q) == 0x22 ? -1 : unitOf(byteAt(q));
    if (x != y || x < 0) return x - y;
    p += widthAt(p);
    q += widthAt(q);
  }
}

function unitOf(byte: u32): i32 {
  return <i32>(byte == 0xee || byte == 0xef ? byte + 0x10 : byte);
}
