// Text within text, and patterns.
import { SIMD } from "../config";
import { firstLane, nextOf, pairFrom, splat, zeroLanes } from "./scan";
import { bytesEqual, lengthOf, textOf } from "./text";

const REFUSING: u32 = 0xffffffff;
const MANY: u32 = 2;

// Whether an automaton takes the text; 3-lower/automata.ts says how it lies in memory. No row lies beyond the
// table, so a state beyond it is one that no further byte changes.
//
// Each step waits for the one before it. So where a byte changed nothing, those behind it are tried as if
// they changed nothing either, which does not wait. Nor does looking for the next byte that leads on from the
// start, where most do not.
export function takes(a: usize, automaton: usize): bool {
  let p = textOf(a);
  const end = p + lengthOf(a);
  const size = load<u32>(automaton);
  const start = load<u32>(automaton, 8);
  const leaving = load<u32>(automaton, 12);
  const classes = automaton + 16;
  const table = automaton + 272;
  let state = start;
  while (p < end && state < size) {
    const row = table + <usize>state;
    const atStart = leaving != 0 && state == start;
    if (atStart) {
      if (SIMD) p = pairFrom(p, end, table + ((size + 7) & ~7), leaving);
      else p = leaving == MANY ? stays(p, end, row, classes, state) : nextOf(p, end, leaving);
      if (p == end) break;
    }
    const next = nextState(row, classes, <u32>load<u8>(p));
    p += 1;
    if (next == state && !(SIMD && atStart)) p = stays(p, end, row, classes, state);
    state = next;
  }
  return state >= load<u32>(automaton, 4) && state != REFUSING;
}

// @ts-ignore: decorator
@inline function nextState(row: usize, classes: usize, byte: u32): u32 {
  return load<u32>(row + (<usize>load<u8>(classes + <usize>byte) << 2));
}

// @ts-ignore: decorator
@inline function bit(changed: u32, place: u32): u32 {
  return <u32>(changed != 0) << place;
}

// The first of the bytes from `p` on at which an automaton leaves this state, or `end`.
function stays(p: usize, end: usize, row: usize, classes: usize, state: u32): usize {
  while (p + 8 <= end) {
    const word = load<u64>(p);
    const a = nextState(row, classes, <u32>word & 0xff) ^ state;
    const b = nextState(row, classes, <u32>(word >> 8) & 0xff) ^ state;
    const c = nextState(row, classes, <u32>(word >> 16) & 0xff) ^ state;
    const d = nextState(row, classes, <u32>(word >> 24) & 0xff) ^ state;
    const e = nextState(row, classes, <u32>(word >> 32) & 0xff) ^ state;
    const f = nextState(row, classes, <u32>(word >> 40) & 0xff) ^ state;
    const g = nextState(row, classes, <u32>(word >> 48) & 0xff) ^ state;
    const h = nextState(row, classes, <u32>(word >> 56)) ^ state;
    if ((a | b | c | d | e | f | g | h) == 0) {
      p += 8;
      continue;
    }
    // Where the first one is cannot be foreseen: no branches.
    const first = bit(a, 0) | bit(b, 1) | bit(c, 2) | bit(d, 3);
    return p + <usize>ctz(first | bit(e, 4) | bit(f, 5) | bit(g, 6) | bit(h, 7));
  }
  while (p < end && nextState(row, classes, <u32>load<u8>(p)) == state) p += 1;
  return p;
}

// Where the largest suffix of the `n` bytes at `p` begins, and its period in the upper half; `down` takes the
// bytes in the reverse order.
function largestSuffix(p: usize, n: u32, down: bool): u64 {
  let start: u32 = 0;
  let other: u32 = 1;
  let same: u32 = 0;
  let period: u32 = 1;
  while (other + same < n) {
    const a = <u32>load<u8>(p + other + same);
    const b = <u32>load<u8>(p + start + same);
    if (a == b) {
      same += 1;
      if (same == period) {
        other += period;
        same = 0;
      }
    } else if (a < b != down) {
      other += same + 1;
      same = 0;
      period = other - start;
    } else {
      start = other;
      other += 1;
      same = 0;
      period = 1;
    }
  }
  return ((<u64>period) << 32) | start;
}

// Whether the bytes of `part` stand anywhere in those of `a`. Looks for places where its first and its last
// byte are where they must be, and compares there. Where that happens so often that the comparing would take
// more than a few steps for each byte, the rest is searched in linear time.
export function containsText(a: usize, part: usize): bool {
  const m = lengthOf(part);
  const n = lengthOf(a);
  if (m == 0) return true;
  if (m > n) return false;
  const text = textOf(a);
  const q = textOf(part);
  const last: usize = m - 1;
  const x = splat(<u32>load<u8>(q));
  const y = splat(<u32>load<u8>(q + last));
  const step = 8 + (m >> 3);
  let left: i32 = 256;
  let p = text;
  const stop = text + (n - m) + 1;
  if (SIMD) {
    const a = i8x16.splat(<i8>load<u8>(q));
    const b = i8x16.splat(<i8>load<u8>(q + last));
    while (p + 16 <= stop) {
      const both = v128.and(i8x16.eq(v128.load(p), a), i8x16.eq(v128.load(p + last), b));
      for (let found = i8x16.bitmask(both); found != 0; found &= found - 1) {
        if (bytesEqual(p + <usize>ctz(found), q, m)) return true;
        left -= step;
      }
      p += 16;
      left += 32;
      if (left < 0) return search(p, <u32>(text + n - p), q, m);
    }
  }
  while (p + 8 <= stop) {
    let found = zeroLanes(load<u64>(p) ^ x) & zeroLanes(load<u64>(p + last) ^ y);
    while (found != 0) {
      if (bytesEqual(p + firstLane(found), q, m)) return true;
      found &= found - 1;
      left -= step;
    }
    p += 8;
    left += 16;
    if (left < 0) return search(p, <u32>(text + n - p), q, m);
  }
  while (p < stop) {
    if (load<u8>(p) == load<u8>(q) && bytesEqual(p, q, m)) return true;
    p += 1;
  }
  return false;
}

// The same of the bytes at `text`, in time linear in both and without memory of its own: Crochemore and
// Perrin, "Two-way string-matching" (1991). The part is cut in two where no period crosses; its right half is
// compared first, then its left one.
function search(text: usize, n: u32, q: usize, m: u32): bool {
  if (m > n) return false;
  const up = largestSuffix(q, m, false);
  const down = largestSuffix(q, m, true);
  const larger = <u32>up > <u32>down ? up : down;
  const cut = <u32>larger;
  const own = <u32>(larger >> 32);
  const repeats = cut + own <= m && bytesEqual(q, q + own, cut);
  const period = repeats ? own : max(cut, m - cut) + 1;
  let at: u32 = 0;
  // Bytes of the left that are known to fit.
  let known: u32 = 0;
  while (at <= n - m) {
    let i = max(cut, known);
    while (i < m && load<u8>(q + i) == load<u8>(text + at + i)) i += 1;
    if (i < m) {
      at += i - cut + 1;
      known = 0;
      continue;
    }
    let left = cut;
    while (left > known && load<u8>(q + left - 1) == load<u8>(text + at + left - 1)) left -= 1;
    if (left <= known) return true;
    at += period;
    known = repeats ? m - period : 0;
  }
  return false;
}
