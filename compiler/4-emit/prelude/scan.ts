// Text by the word: eight bytes at a time, each in a lane of its own. A lane's answer is its highest bit.
// With vector instructions, sixteen at a time.
import { SIMD } from "../config";

export const LANES: u64 = 0x0101010101010101;
export const HIGH_BITS: u64 = 0x8080808080808080;

// The byte in all lanes.
// @ts-ignore: decorator
@inline export function splat(byte: u32): u64 {
  return <u64>byte * LANES;
}

// The lanes that are zero, and perhaps some of 1 above one that is.
// @ts-ignore: decorator
@inline export function zeroLanes(word: u64): u64 {
  return (word - LANES) & ~word & HIGH_BITS;
}

// How many bytes lie below the lowest lane that answers.
// @ts-ignore: decorator
@inline export function firstLane(lanes: u64): usize {
  return <usize>(ctz(lanes) >> 3);
}

// To a place at or before the one where the bytes are; exactly these are written.
export function move(to: usize, from: usize, bytes: u32): void {
  if (to == from) return;
  const whole = bytes & ~7;
  for (let i: u32 = 0; i < whole; i += 8) store<u64>(to + i, load<u64>(from + i));
  for (let i = whole; i < bytes; i++) store<u8>(to + i, load<u8>(from + i));
}

// The first of the bytes from `p` on that is this one, or `end`.
export function byteFrom(p: usize, end: usize, byte: u32): usize {
  if (SIMD) {
    const all = i8x16.splat(<i8>byte);
    while (p + 16 <= end) {
      const found = i8x16.bitmask(i8x16.eq(v128.load(p), all));
      if (found != 0) return p + <usize>ctz(found);
      p += 16;
    }
  }
  const x = splat(byte);
  while (p + 8 <= end) {
    const found = zeroLanes(load<u64>(p) ^ x);
    if (found != 0) return p + firstLane(found);
    p += 8;
  }
  while (p < end && <u32>load<u8>(p) != byte) p += 1;
  return p;
}

// The first of the bytes from `p` on that is one of the upper three of `among`, or `end`.
export function nextOf(p: usize, end: usize, among: u32): usize {
  const a = (among >> 8) & 0xff;
  const b = (among >> 16) & 0xff;
  const c = among >> 24;
  const x = splat(a);
  const y = splat(b);
  const z = splat(c);
  while (p + 8 <= end) {
    const word = load<u64>(p);
    const found = zeroLanes(word ^ x) | zeroLanes(word ^ y) | zeroLanes(word ^ z);
    if (found != 0) return p + firstLane(found);
    p += 8;
  }
  while (p < end) {
    const byte = <u32>load<u8>(p);
    if (byte == a || byte == b || byte == c) return p;
    p += 1;
  }
  return end;
}

// Where two bytes stand, from `p` on, that are perhaps a pair of which the first is in one set and the second
// in another; or the last few places before `end`, which are not looked at. At `sets` lies what the sets have
// for each low half of a byte: a bit for each high half. 4 and 8 in `flags`: the set has bytes that are not
// ASCII; these share the bits of the others.
export function pairFrom(p: usize, end: usize, sets: usize, flags: u32): usize {
  const ascii = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
  const all = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
  const half = i8x16.splat(15);
  const none = i8x16.splat(0);
  const lowA = v128.load(sets);
  const lowB = v128.load(sets, 16);
  const highA = (flags & 4) != 0 ? all : ascii;
  const highB = (flags & 8) != 0 ? all : ascii;
  while (p + 17 <= end) {
    const a = v128.load(p);
    const b = v128.load(p, 1);
    const inA = v128.and(i8x16.swizzle(lowA, v128.and(a, half)), i8x16.swizzle(highA, i8x16.shr_u(a, 4)));
    const inB = v128.and(i8x16.swizzle(lowB, v128.and(b, half)), i8x16.swizzle(highB, i8x16.shr_u(b, 4)));
    const out = i8x16.bitmask(v128.or(i8x16.eq(inA, none), i8x16.eq(inB, none)));
    if (out != 0xffff) return p + <usize>ctz(~out);
    p += 16;
  }
  return p;
}
