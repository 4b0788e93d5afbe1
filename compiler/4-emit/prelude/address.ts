// Internet addresses and networks: dotted decimal, and RFC 5952 without dots.
import { lengthOf, textOf } from "./text";
import { bring, settle } from "./shaped";

// The address that was parsed last: its eight groups, or two of IPv4.
const GROUPS: usize = memory.data(16, 8);
let count: u32 = 0;
// Its bits as a number; those of IPv4 are in `low`.
let high: u64 = 0;
let low: u64 = 0;
// The first of the longest runs of zero groups.
let zerosAt: u32 = 0;
let zeros: u32 = 0;

// @ts-ignore: decorator
@inline function group(i: u32): u32 {
  return <u32>load<u16>(GROUPS + (i << 1));
}

// @ts-ignore: decorator
@inline function setGroup(i: u32, value: u32): void {
  store<u16>(GROUPS + (i << 1), <u16>value);
}

// Four numbers of 0 to 255 without leading zeros.
export function parse4(p: usize, length: u32): bool {
  if (length < 7 || length > 15) return false;
  let value: u32 = 0;
  let number: u32 = 0;
  let digits: u32 = 0;
  let dots: u32 = 0;
  for (let i: u32 = 0; i <= length; i++) {
    const c = i < length ? <u32>load<u8>(p + i) : 0x2e;
    if (c == 0x2e) {
      if (digits == 0 || number > 255) return false;
      value = (value << 8) | number;
      dots += 1;
      number = 0;
      digits = 0;
    } else {
      if (c - 0x30 > 9 || digits == 3 || (digits == 1 && number == 0)) return false;
      number = number * 10 + c - 0x30;
      digits += 1;
    }
  }
  if (dots != 4) return false;
  count = 2;
  high = 0;
  low = value;
  return true;
}

// 16 and more: no digit.
// @ts-ignore: decorator
@inline function hexDigit(c: u32): u32 {
  const digit = c - 0x30;
  if (digit < 10) return digit;
  const letter = (c | 0x20) - 0x61;
  return letter < 6 ? letter + 10 : 16;
}

const NONE: u32 = 9;

// Eight groups; `::` stands for zero groups, and only where the canonical text has it.
function parse6(p: usize, length: u32): bool {
  if (length < 2) return false;
  let at: u32 = 0;
  let n: u32 = 0;
  let gap = NONE;
  if (load<u8>(p) == 0x3a) {
    if (load<u8>(p, 1) != 0x3a) return false;
    gap = 0;
    at = 2;
  }
  while (at < length) {
    if (n == 8) return false;
    const start = at;
    let value: u32 = 0;
    while (at < length && at - start < 5) {
      const digit = hexDigit(<u32>load<u8>(p + at));
      if (digit > 15) break;
      value = (value << 4) | digit;
      at += 1;
    }
    if (at < length && load<u8>(p + at) == 0x2e) {
      if (n > 6 || !parse4(p + start, length - start)) return false;
      setGroup(n, <u32>low >> 16);
      setGroup(n + 1, <u32>low & 0xffff);
      n += 2;
      break;
    }
    if (at == start || at - start > 4) return false;
    setGroup(n, value);
    n += 1;
    if (at == length) break;
    if (load<u8>(p + at) != 0x3a || at + 1 == length) return false;
    at += 1;
    if (load<u8>(p + at) == 0x3a) {
      if (gap != NONE) return false;
      gap = n;
      at += 1;
    }
  }
  if (gap == NONE) {
    if (n != 8) return false;
    findZeros();
  } else {
    if (n > 6) return false;
    const missing: u32 = 8 - n;
    for (let i = n; i > gap; i--) setGroup(i - 1 + missing, group(i - 1));
    for (let i: u32 = 0; i < missing; i++) setGroup(gap + i, 0);
    findZeros();
    if (zerosAt != gap || zeros != missing) return false;
  }
  count = 8;
  high = joined(0);
  low = joined(4);
  return true;
}

function findZeros(): void {
  zeros = 0;
  zerosAt = 0;
  let start: u32 = 0;
  for (let i: u32 = 0; i < 8; i++) {
    if (group(i) != 0) start = i + 1;
    else if (i + 1 - start > zeros) {
      zeros = i + 1 - start;
      zerosAt = start;
    }
  }
}

function joined(from: u32): u64 {
  const upper = ((<u64>group(from)) << 16) | <u64>group(from + 1);
  return (upper << 32) | ((<u64>group(from + 2)) << 16) | <u64>group(from + 3);
}

// `::ffff:0:0/96` is IPv4.
function parse(p: usize, length: u32): bool {
  if (parse4(p, length)) return true;
  if (!parse6(p, length)) return false;
  if (high == 0 && low >> 32 == 0xffff) {
    low &= 0xffffffff;
    count = 2;
  }
  return true;
}

// ---- writing, to where the text was parsed from: it is never longer

function putDecimal(to: usize, value: u32): usize {
  if (value > 99) {
    store<u8>(to, <u8>(0x30 + value / 100));
    to += 1;
  }
  if (value > 9) {
    store<u8>(to, <u8>(0x30 + (value / 10) % 10));
    to += 1;
  }
  store<u8>(to, <u8>(0x30 + value % 10));
  return to + 1;
}

function putHex(to: usize, value: u32): usize {
  let shift = value > 0xfff ? 12 : value > 0xff ? 8 : value > 0xf ? 4 : 0;
  while (shift >= 0) {
    const digit = (value >> shift) & 15;
    store<u8>(to, <u8>(digit < 10 ? 0x30 + digit : 0x57 + digit));
    to += 1;
    shift -= 4;
  }
  return to;
}

function put(to: usize): usize {
  if (count == 2) {
    for (let shift: i32 = 24; shift >= 0; shift -= 8) {
      to = putDecimal(to, (<u32>low >> shift) & 255);
      if (shift > 0) {
        store<u8>(to, 0x2e);
        to += 1;
      }
    }
    return to;
  }
  for (let i: u32 = 0; i < 8; i++) {
    if (zeros > 1 && i == zerosAt) {
      store<u16>(to, 0x3a3a);
      to += 2;
      i += zeros - 1;
      continue;
    }
    if (i > 0 && !(zeros > 1 && i == zerosAt + zeros)) {
      store<u8>(to, 0x3a);
      to += 1;
    }
    to = putHex(to, group(i));
  }
  return to;
}

// The length of the canonical text of an IPv6 address that is not one of IPv4; 0: it is none.
export function normalise6(p: usize, length: u32): u32 {
  return parse(p, length) && count == 8 ? <u32>(put(p) - p) : 0;
}

export function canonicalIp(slot: usize, by: usize): void {
  const p = bring(slot, by);
  settle(slot, p, parse(p, lengthOf(slot)) ? <u32>(put(p) - p) : 0);
}

// ---- networks

// Parses a network and answers the length of its prefix; 255: it is none.
function parseNetwork(p: usize, length: u32): u32 {
  let slash: u32 = 0;
  while (slash < length && load<u8>(p + slash) != 0x2f) slash += 1;
  const digits = length - slash - 1;
  if (slash == length || digits - 1 > 2) return 255;
  let prefix: u32 = 0;
  for (let i = slash + 1; i < length; i++) {
    const digit = <u32>load<u8>(p + i) - 0x30;
    if (digit > 9) return 255;
    prefix = prefix * 10 + digit;
  }
  if ((digits > 1 && load<u8>(p + slash + 1) == 0x30) || !parse(p, slash)) return 255;
  if (count == 2 && hasColon(p, slash)) {
    if (prefix < 96) return 255;
    prefix -= 96;
  }
  return prefix > (count << 4) || !isClear(prefix) ? 255 : prefix;
}

function hasColon(p: usize, length: u32): bool {
  for (let i: u32 = 0; i < length; i++) if (load<u8>(p + i) == 0x3a) return true;
  return false;
}

// No bit behind the prefix is set.
function isClear(prefix: u32): bool {
  const open = (count << 4) - prefix;
  return below(low, open) == 0 && (open <= 64 || below(high, open - 64) == 0);
}

// The lowest bits, `bits` of them.
// @ts-ignore: decorator
@inline function below(value: u64, bits: u32): u64 {
  return bits == 0 ? 0 : bits >= 64 ? value : value & (((<u64>1) << <u64>bits) - 1);
}

export function canonicalCidr(slot: usize, by: usize): void {
  const p = bring(slot, by);
  const prefix = parseNetwork(p, lengthOf(slot));
  if (prefix == 255) {
    settle(slot, p, 0);
    return;
  }
  const slash = put(p);
  store<u8>(slash, 0x2f);
  settle(slot, p, <u32>(putDecimal(slash + 1, prefix) - p));
}

// ---- rules; what they read is canonical

export function ipIn(ip: usize, network: usize): bool {
  if (!parse(textOf(ip), lengthOf(ip))) return false;
  return holds(count, high, low, network);
}

// At least one of the networks.
export function ipInAny(ip: usize, networks: usize): bool {
  if (!parse(textOf(ip), lengthOf(ip))) return false;
  const groups = count;
  const upper = high;
  const lower = low;
  const members = textOf(networks);
  for (let i: u32 = 0, n = lengthOf(networks); i < n; i++) {
    if (holds(groups, upper, lower, members + (i << 3))) return true;
  }
  return false;
}

// Of one version, and equal as far as the prefix goes.
function holds(groups: u32, upper: u64, lower: u64, network: usize): bool {
  const prefix = parseNetwork(textOf(network), lengthOf(network));
  if (prefix == 255 || groups != count) return false;
  const open = (groups << 4) - prefix;
  const isLow = open >= 64 || (lower ^ low) >> <u64>open == 0;
  return isLow && (open >= 128 || (open <= 64 ? upper == high : (upper ^ high) >> <u64>(open - 64) == 0));
}

export function ipVersion(ip: usize, room: usize): usize {
  store<i64>(room, hasColon(textOf(ip), lengthOf(ip)) ? 6 : 4);
  return room;
}
