// Paths: absolute POSIX paths in canonical form, `/` or `/a/b`.
import { notePath, refuse } from "./memory";
import { INVALID } from "./codes";
import { move, splat, zeroLanes } from "./scan";
import { bytesEqual, compareText, lengthOf, padded, textOf } from "./text";

// How many bytes of a path from the slash at `p` on stay as they are: up to a slash.
function plainBytes(p: usize, end: usize): u32 {
  let from = p;
  let carried: u64 = 0;
  while (from + 8 <= end) {
    const word = load<u64>(from);
    const slashes = zeroLanes(word ^ splat(0x2f));
    const odd = ((slashes << 8) | carried) & (slashes | zeroLanes(word ^ splat(0x2e)));
    if ((odd | zeroLanes(word) | zeroLanes(word ^ splat(0x5c))) != 0) break;
    carried = slashes >> 56;
    from += 8;
  }
  if (from == p) return 0;
  do {
    from -= 1;
  } while (load<u8>(from) != 0x2f);
  return <u32>(from - p);
}

// Writes the canonical form of the text at `from` to `to`, which may be the same place: it is never longer.
// Answers its length; 0: not an absolute path, a NUL or backslash in it, or above the root.
function normalise(from: usize, length: u32, to: usize): u32 {
  if (length == 0 || load<u8>(from) != 0x2f) return 0;
  const end = from + length;
  let p = from;
  let out = to;
  while (p < end) {
    const plain = load<u8>(p) == 0x2f ? plainBytes(p, end) : 0;
    move(out, p, plain);
    p += plain;
    out += plain;
    while (p < end && load<u8>(p) == 0x2f) p += 1;
    const segment = p;
    while (p < end && load<u8>(p) != 0x2f) {
      const c = <u32>load<u8>(p);
      if (c == 0 || c == 0x5c) return 0;
      p += 1;
    }
    const bytes = <u32>(p - segment);
    if (bytes == 0 || (bytes == 1 && load<u8>(segment) == 0x2e)) continue;
    if (bytes == 2 && load<u16>(segment) == 0x2e2e) {
      if (out == to) return 0;
      do {
        out -= 1;
      } while (load<u8>(out) != 0x2f);
      continue;
    }
    store<u8>(out, 0x2f);
    out += 1;
    move(out, segment, bytes);
    out += bytes;
  }
  if (out == to) {
    store<u8>(out, 0x2f);
    out += 1;
  }
  return <u32>(out - to);
}

// Turns a decoded text slot into its canonical path, written `by` bytes after the text it came from.
export function canonicalPath(slot: usize, by: usize): void {
  const length = lengthOf(slot);
  const from = textOf(slot);
  const to = from + by;
  const written = normalise(from, length, to);
  if (written == 0) {
    refuse(INVALID);
    return;
  }
  for (let i = written, end = padded(length); i < end; i++) store<u8>(to + i, 0);
  store<u32>(slot, <u32>(to - slot));
  store<u32>(slot, written, 4);
  notePath(to, written);
}

// Members arrive in the order of their raw text; equality wants the canonical one. Nearly sorted as a rule.
export function sortPaths(members: usize, count: u32): void {
  for (let i: u32 = 1; i < count; i++) {
    const slot = members + (i << 3);
    const text = textOf(slot);
    const length = lengthOf(slot);
    let at = slot;
    while (at > members && compareText(at - 8, slot) > 0) at -= 8;
    if (at == slot) continue;
    for (let move = slot; move > at; move -= 8) {
      store<u32>(move, <u32>(textOf(move - 8) - move));
      store<u32>(move, lengthOf(move - 8), 4);
    }
    store<u32>(at, <u32>(text - at));
    store<u32>(at, length, 4);
  }
  for (let i: u32 = 1; i < count; i++) {
    const slot = members + (i << 3);
    if (compareText(slot - 8, slot) == 0) refuse(INVALID);
  }
}

// Segment by segment; a path is within itself, and everything is within `/`.
export function pathWithin(path: usize, root: usize): bool {
  const length = lengthOf(path);
  const n = lengthOf(root);
  if (n == 1) return true;
  if (length < n || !bytesEqual(textOf(path), textOf(root), n)) return false;
  return length == n || load<u8>(textOf(path) + n) == 0x2f;
}
