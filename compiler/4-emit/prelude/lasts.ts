// How long an answer lasts if nothing but time passes. Whatever is compared and depends on `now` says here
// when the comparison can turn out otherwise for the first time; what was not compared, can change nothing
// before something that was does. Earlier than necessary is allowed, later is not.
import { now } from "./frame";
import { add, between, subtract } from "./number";
import { age, localAt, localIn } from "./local";

const NEVER: i64 = 9223372036854775807;
let least: i64 = 9223372036854775807;

export function openLasts(): void {
  least = NEVER;
}

// In milliseconds, from 1 on; 0 where no time can change the answer.
export function lasts(): i64 {
  return least == NEVER ? 0 : least;
}

export function note(ms: u64): void {
  const after = <i64>min<u64>(max<u64>(ms, 1), <u64>i64.MAX_VALUE);
  if (after < least) least = after;
}

// `a - b` falls by at most so much in a millisecond, and rises by at most so much. Where it is zero, the
// answer that holds for zero may end at once.
function meet(a: i64, b: i64, falls: i64, rises: i64, ends: bool): void {
  if (a > b) {
    if (falls > 0) note(<u64>(a - b) / <u64>falls);
  } else if (a < b) {
    if (rises > 0) note(<u64>(b - a) / <u64>rises);
  } else if (ends) {
    note(1);
  }
}

export function lastsLess(a: i64, b: i64, falls: i64, rises: i64): bool {
  meet(a, b, falls, rises, falls > 0);
  return a < b;
}

export function lastsAtMost(a: i64, b: i64, falls: i64, rises: i64): bool {
  meet(a, b, falls, rises, rises > 0);
  return a <= b;
}

export function lastsEqual(a: i64, b: i64, falls: i64, rises: i64): bool {
  meet(a, b, falls, rises, true);
  return a == b;
}

// One pair of bounds for both comparisons.
export function lastsBetween(a: i64, from: i64, to: i64, falls: i64, rises: i64): bool {
  meet(a, from, falls, rises, falls > 0);
  meet(a, to, falls, rises, rises > 0);
  return between(a, from, to);
}

// The sum, and how far it is from having none.
export function lastsAdd(a: i64, b: i64, falls: i64, rises: i64): i64 {
  const sum = a + b;
  inside(sum, ((a ^ sum) & (b ^ sum)) < 0, falls, rises);
  return add(a, b);
}

export function lastsSubtract(a: i64, b: i64, falls: i64, rises: i64): i64 {
  const difference = a - b;
  inside(difference, ((a ^ b) & (a ^ difference)) < 0, falls, rises);
  return subtract(a, b);
}

function inside(number: i64, overflows: bool, falls: i64, rises: i64): void {
  if (overflows) {
    note(1);
    return;
  }
  if (rises > 0) note((<u64>i64.MAX_VALUE - <u64>number) / <u64>rises);
  if (falls > 0) note((<u64>number - <u64>i64.MIN_VALUE) / <u64>falls);
}

// An error while `t` is in the future.
export function lastsAge(t: i64, falls: i64, rises: i64): i64 {
  meet(t, now(), falls, rises, rises > 0);
  return age(t);
}

// Whatever else depends on `now`.
export function lastsNow(value: i64): i64 {
  note(1);
  return value;
}

function isTime(t: i64): bool {
  return t >= -62135596800000 && t <= 253402300799999;
}

function rest(a: i64, b: i64): i64 {
  const left = a % b;
  return left < 0 ? left + b : left;
}

// For times that move as `now` does. Parts of a local time stay as they are until a multiple of `unit`.
export function lastsAt(t: i64, offset: i64, unit: i64): i64 {
  const local = localAt(t, offset);
  note(isTime(t) ? unit - rest(local, unit) : 1);
  return local;
}

// Since this instant, in 1985, every zone has been whole quarters of an hour from UTC, and changes at one.
const QUARTERS_SINCE: i64 = 500000000000;
const QUARTER_MS: i64 = 900000;
const SECOND_MS: i64 = 1000;

export function lastsIn(t: i64, zone: usize, unit: i64): i64 {
  const local = localIn(t, zone);
  const steady = t >= QUARTERS_SINCE ? min(unit, QUARTER_MS) : SECOND_MS;
  note(isTime(t) ? steady - rest(t, steady) : 1);
  return local;
}
