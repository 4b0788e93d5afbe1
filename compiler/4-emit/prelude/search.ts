// Text within text, and patterns.
import { bytesEqual, lengthOf, textOf } from "./text";

const REFUSING: u32 = 0xffffffff;

// Whether an automaton takes the text; 3-lower/automata.ts says how it lies in memory. No row lies beyond the
// table, so a state beyond it is one that no further byte changes.
export function takes(a: usize, automaton: usize): bool {
  let p = textOf(a);
  const end = p + lengthOf(a);
  const size = load<u32>(automaton);
  const classes = automaton + 16;
  const table = automaton + 272;
  let state = load<u32>(automaton, 8);
  while (p < end && state < size) {
    state = load<u32>(table + <usize>state + (<usize>load<u8>(classes + <usize>load<u8>(p)) << 2));
    p += 1;
  }
  return state >= load<u32>(automaton, 4) && state != REFUSING;
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

// Whether the bytes of `part` stand anywhere in those of `a`, in time linear in both and without memory of
// its own: Crochemore and Perrin, "Two-way string-matching" (1991). The part is cut in two where no period
// crosses; its right half is compared first, then its left one.
export function containsText(a: usize, part: usize): bool {
  const m = lengthOf(part);
  const n = lengthOf(a);
  if (m == 0) return true;
  if (m > n) return false;
  const q = textOf(part);
  const up = largestSuffix(q, m, false);
  const down = largestSuffix(q, m, true);
  const larger = <u32>up > <u32>down ? up : down;
  const cut = <u32>larger;
  const own = <u32>(larger >> 32);
  const repeats = cut + own <= m && bytesEqual(q, q + own, cut);
  const period = repeats ? own : max(cut, m - cut) + 1;
  const text = textOf(a);
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
