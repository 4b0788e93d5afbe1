// Text: a slot { i32 from the slot to the bytes, u32 length }; the bytes are padded with zeros to words.
import { SIMD } from "../config";
import { HIGH_BITS, byteFrom, splat, zeroLanes } from "./scan";

// @ts-ignore: decorator
@inline export function textOf(slot: usize): usize {
  return slot + <usize>load<i32>(slot);
}

// @ts-ignore: decorator
@inline export function lengthOf(slot: usize): u32 {
  return load<u32>(slot, 4);
}

// @ts-ignore: decorator
@inline export function padded(bytes: u32): u32 {
  return (bytes + 7) & ~7;
}

export function textEqual(a: usize, b: usize): bool {
  const length = lengthOf(a);
  if (length != lengthOf(b)) return false;
  let p = textOf(a);
  let q = textOf(b);
  const end = p + padded(length);
  while (p < end) {
    if (load<u64>(p) != load<u64>(q)) return false;
    p += 8;
    q += 8;
  }
  return true;
}

export function bytesEqual(p: usize, q: usize, length: u32): bool {
  const end = p + length;
  while (p + 8 <= end) {
    if (load<u64>(p) != load<u64>(q)) return false;
    p += 8;
    q += 8;
  }
  while (p < end) {
    if (load<u8>(p) != load<u8>(q)) return false;
    p += 1;
    q += 1;
  }
  return true;
}

// Negative, zero or positive, by bytes; a prefix comes first.
export function compareBytes(p: usize, n: u32, q: usize, m: u32): i32 {
  const common = min(n, m);
  let i: u32 = 0;
  while (i + 8 <= common && load<u64>(p + i) == load<u64>(q + i)) i += 8;
  for (; i < common; i++) {
    const difference = <i32>load<u8>(p + i) - <i32>load<u8>(q + i);
    if (difference != 0) return difference;
  }
  return n < m ? -1 : n > m ? 1 : 0;
}

// The same of padded texts, a word at a time.
export function compareIds(p: usize, n: u32, q: usize, m: u32): i32 {
  const end = p + min(n, m);
  while (p < end) {
    const left = load<u64>(p);
    const right = load<u64>(q);
    if (left != right) {
      const shift = ctz<u64>(left ^ right) & ~7;
      return <i32>((left >> shift) & 0xff) - <i32>((right >> shift) & 0xff);
    }
    p += 8;
    q += 8;
  }
  return n < m ? -1 : n > m ? 1 : 0;
}

export function compareText(a: usize, b: usize): i32 {
  return compareBytes(textOf(a), lengthOf(a), textOf(b), lengthOf(b));
}

// Well-formed UTF-8 (Unicode 3.9, table 3-7) whose padding is zero. Words of ASCII, which is nearly all there
// is, are passed over.
export function wellFormed(p: usize, length: u32): bool {
  const end = p + length;
  const tail = length & 7;
  if (tail != 0 && load<u64>(end - tail) >> (<u64>tail << 3) != 0) return false;
  if (SIMD) {
    while (p + 64 <= end) {
      const low = v128.or(v128.load(p), v128.load(p, 16));
      const high = v128.or(v128.load(p, 32), v128.load(p, 48));
      if (i8x16.bitmask(v128.or(low, high)) != 0) break;
      p += 64;
    }
  }
  while (p + 32 <= end) {
    const words = load<u64>(p) | load<u64>(p, 8) | load<u64>(p, 16) | load<u64>(p, 24);
    if ((words & HIGH_BITS) != 0) break;
    p += 32;
  }
  while (p < end) {
    if ((load<u64>(p) & HIGH_BITS) != 0) return wordsWellFormed(p, end);
    p += 8;
  }
  return true;
}

// Bit `bit` of each byte, in its highest place.
// @ts-ignore: decorator
@inline function bitOf(word: u64, bit: u64): u64 {
  return (word << (7 - bit)) & HIGH_BITS;
}

// From the first word that is not ASCII. The bytes of one are judged at once: which of them go on with a
// character, which must, and of which only some values may. What the next word must go on with is carried.
function wordsWellFormed(p: usize, end: usize): bool {
  // Lanes of the next word that must go on with a character.
  let carried: u64 = 0;
  // The last byte of the word before.
  let before: u64 = 0;
  while (p < end) {
    const word = load<u64>(p);
    p += 8;
    const high = word & HIGH_BITS;
    if ((high | carried) == 0) {
      before = 0;
      continue;
    }
    const second = bitOf(word, 6);
    const third = bitOf(word, 5);
    const fourth = bitOf(word, 4);
    const lead = high & second;
    const lead3 = lead & third;
    const lead4 = lead3 & fourth;
    const wanted = (lead << 8) | (lead3 << 16) | (lead4 << 24) | carried;
    if (wanted != (high & ~second)) return false;
    carried = (lead >> 56) | (lead3 >> 48) | (lead4 >> 40);
    // 0xc0 and 0xc1 lead no character, nor does anything from 0xf5 on.
    const few = bitOf(word, 3) | bitOf(word, 2);
    const many = bitOf(word, 2) & (bitOf(word, 1) | bitOf(word, 0));
    if ((lead & ~third & ~(fourth | few | bitOf(word, 1))) != 0) return false;
    if ((lead4 & (bitOf(word, 3) | many)) != 0) return false;
    if ((lead3 | (before & 0x20)) != 0 && !secondsFit((word << 8) | before, word)) return false;
    before = word >> 56;
  }
  return carried == 0;
}

// What follows 0xe0, 0xed, 0xf0 and 0xf4 may only be some of what goes on with a character.
function secondsFit(leads: u64, word: u64): bool {
  const third = bitOf(word, 5);
  const fourth = bitOf(word, 4);
  const three = zeroLanes(leads ^ splat(0xe0)) & ~third;
  const surrogate = zeroLanes(leads ^ splat(0xed)) & third;
  const four = zeroLanes(leads ^ splat(0xf0)) & ~(third | fourth);
  const beyond = zeroLanes(leads ^ splat(0xf4)) & (third | fourth);
  return (three | surrogate | four | beyond) == 0;
}

// Added to bytes below 0x80, this sets the high bit of those that are `from` or more; no sum carries.
// @ts-ignore: decorator
@inline function reach(from: u64): u64 {
  return (0x80 - from) * 0x0101010101010101;
}

// [A-Za-z0-9._:@/-], eight characters at a time: those that an odd number of bounds lies at or below, of
// `-./0-9:`, `@A-Z`, `_` and `a-z`, neighbours in ASCII each, the first and the one behind the last.
// @ts-ignore: decorator
@inline export function idWord(word: u64): bool {
  const low = (word + reach(0x2d)) ^ (word + reach(0x3b)) ^ (word + reach(0x40)) ^ (word + reach(0x5b));
  const high = (word + reach(0x5f)) ^ (word + reach(0x60)) ^ (word + reach(0x61)) ^ (word + reach(0x7b));
  return ((low ^ high) & ~word & HIGH_BITS) == HIGH_BITS;
}

// [A-Za-z0-9._:@/&=-], likewise.
// @ts-ignore: decorator
@inline export function queryWord(word: u64): bool {
  const low = (word + reach(0x26)) ^ (word + reach(0x27)) ^ (word + reach(0x2d)) ^ (word + reach(0x3b));
  const middle = (word + reach(0x3d)) ^ (word + reach(0x3e)) ^ (word + reach(0x40)) ^ (word + reach(0x5b));
  const high = (word + reach(0x5f)) ^ (word + reach(0x60)) ^ (word + reach(0x61)) ^ (word + reach(0x7b));
  return ((low ^ middle ^ high) & ~word & HIGH_BITS) == HIGH_BITS;
}

// Padded text of at least one character, all of them `[A-Za-z0-9._:@/-]`; the padding is zero.
export function idText(p: usize, length: u32): bool {
  if (length == 0) return false;
  const last = p + ((length - 1) & ~7);
  for (; p < last; p += 8) if (!idWord(load<u64>(p))) return false;
  const word = load<u64>(p);
  // Of a whole word nothing is beyond: shifts count up to 63.
  const beyond = <u64>-2 << ((<u64>length << 3) - 1);
  return (word & beyond) == 0 && idWord(word | (beyond & 0x4141414141414141));
}

export function startsWith(a: usize, prefix: usize): bool {
  const n = lengthOf(prefix);
  return n <= lengthOf(a) && bytesEqual(textOf(a), textOf(prefix), n);
}

export function endsWith(a: usize, suffix: usize): bool {
  const n = lengthOf(suffix);
  const length = lengthOf(a);
  return n <= length && bytesEqual(textOf(a) + (length - n), textOf(suffix), n);
}

// `*` is any text; `\*` and `\\` stand for themselves, as does any other backslash. On a mismatch only the
// last star has to move, so the cost is at most the product of the lengths; it moves to where the byte behind
// it stands next.
export function like(a: usize, pattern: usize): bool {
  let p = textOf(a);
  const end = p + lengthOf(a);
  let q = textOf(pattern);
  const stop = q + lengthOf(pattern);
  let starPattern: usize = 0;
  let starText: usize = 0;
  while (true) {
    if (q < stop) {
      let want = <u32>load<u8>(q);
      if (want == 0x2a) {
        q += 1;
        if (q == stop) return true;
        starPattern = q;
        starText = p;
        continue;
      }
      let width: usize = 1;
      if (want == 0x5c && q + 1 < stop) {
        const next = <u32>load<u8>(q, 1);
        if (next == 0x2a || next == 0x5c) {
          want = next;
          width = 2;
        }
      }
      if (q == starPattern) {
        p = byteFrom(p, end, want);
        starText = p;
      }
      if (p < end && <u32>load<u8>(p) == want) {
        p += 1;
        q += width;
        continue;
      }
    } else if (p == end) {
      return true;
    }
    if (starPattern == 0 || starText >= end) return false;
    starText += 1;
    p = starText;
    q = starPattern;
  }
}
