// Hosts: names, IPv4 addresses, IPv6 addresses in brackets; and patterns for them.
import { bytesEqual, lengthOf, textEqual, textOf } from "./text";
import { normalise6, parse4 } from "./address";
import { bring, giveOptional, settle } from "./shaped";

const DOT: u32 = 0x2e;
const STAR: u32 = 0x2a;
const HYPHEN: u32 = 0x2d;

// Folds a name where it stands, leaves out its final dot, and answers its length; 0: it is none.
export function normaliseName(p: usize, length: u32): u32 {
  let n = length;
  if (n != 0 && <u32>load<u8>(p + n - 1) == DOT) n -= 1;
  if (n - 1 > 252) return 0;
  let start: u32 = 0;
  for (let i: u32 = 0; i <= n; i++) {
    const c = i < n ? <u32>load<u8>(p + i) : DOT;
    if (c == DOT) {
      const bytes = i - start;
      if (bytes - 1 > 62) return 0;
      if (<u32>load<u8>(p + start) == HYPHEN || <u32>load<u8>(p + i - 1) == HYPHEN) return 0;
      if (i == n && isNumber(p + start, bytes)) return 0;
      start = i + 1;
    } else if (c - 0x41 < 26) {
      store<u8>(p + i, <u8>(c | 0x20));
    } else if (c - 0x61 >= 26 && c - 0x30 >= 10 && c != HYPHEN) {
      return 0;
    }
  }
  return n;
}

// What other readers take for the last part of an IPv4 address: digits, or `0x` and hexadecimal ones.
function isNumber(label: usize, bytes: u32): bool {
  const isHex = bytes > 1 && load<u8>(label) == 0x30 && load<u8>(label, 1) == 0x78;
  for (let i: u32 = isHex ? 2 : 0; i < bytes; i++) {
    const c = <u32>load<u8>(label + i);
    if (c - 0x30 >= 10 && !(isHex && c - 0x61 < 6)) return false;
  }
  return true;
}

export function normaliseHost(p: usize, length: u32): u32 {
  if (length != 0 && load<u8>(p) == 0x5b) {
    if (length < 3 || load<u8>(p + length - 1) != 0x5d) return 0;
    const bytes = normalise6(p + 1, length - 2);
    if (bytes == 0) return 0;
    store<u8>(p + 1 + bytes, 0x5d);
    return bytes + 2;
  }
  return parse4(p, length) ? length : normaliseName(p, length);
}

export function canonicalHost(slot: usize, by: usize): void {
  const p = bring(slot, by);
  settle(slot, p, normaliseHost(p, lengthOf(slot)));
}

// Bytes of `*.` or `**.` at the beginning, 0 where there is neither.
function starsOf(p: usize, length: u32): u32 {
  if (length < 3 || <u32>load<u8>(p) != STAR) return 0;
  if (<u32>load<u8>(p, 1) == DOT) return 2;
  return <u32>load<u8>(p, 1) == STAR && <u32>load<u8>(p, 2) == DOT ? 3 : 0;
}

export function canonicalPattern(slot: usize, by: usize): void {
  const p = bring(slot, by);
  const length = lengthOf(slot);
  const stars = starsOf(p, length);
  const bytes = stars == 0 ? normaliseHost(p, length) : normaliseName(p + stars, length - stars);
  settle(slot, p, bytes == 0 ? 0 : bytes + stars);
}

// ---- rules; what they read is canonical

// Label by label; a host is within itself.
export function hostWithin(host: usize, base: usize): bool {
  const length = lengthOf(host);
  const n = lengthOf(base);
  if (length == n) return textEqual(host, base);
  return length > n && endsIn(textOf(host), length, textOf(base), n);
}

// The last `n` bytes are those at `end`, with a dot before them; there are more than `n`.
function endsIn(p: usize, length: u32, end: usize, n: u32): bool {
  return <u32>load<u8>(p + (length - n - 1)) == DOT && bytesEqual(p + (length - n), end, n);
}

export function hostFits(host: usize, pattern: usize): bool {
  const n = lengthOf(pattern);
  const stars = starsOf(textOf(pattern), n);
  if (stars == 0) return textEqual(host, pattern);
  const p = textOf(host);
  const length = lengthOf(host);
  const bytes = n - stars;
  if (length < bytes + 2 || !endsIn(p, length, textOf(pattern) + stars, bytes)) return false;
  if (stars == 3) return true;
  for (let i: u32 = 0, end = length - bytes - 1; i < end; i++) if (<u32>load<u8>(p + i) == DOT) return false;
  return true;
}

// At least one of the patterns.
export function hostFitsAny(host: usize, patterns: usize): bool {
  const members = textOf(patterns);
  for (let i: u32 = 0, n = lengthOf(patterns); i < n; i++) {
    if (hostFits(host, members + (i << 3))) return true;
  }
  return false;
}

// The address that a host is, where it is one.
export function hostIp(host: usize, room: usize): usize {
  const p = textOf(host);
  const length = lengthOf(host);
  if (load<u8>(p) == 0x5b) return giveOptional(room, p + 1, length - 2);
  return giveOptional(room, p, parse4(p, length) ? length : 0);
}
