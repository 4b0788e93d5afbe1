// Local times. Days are counted from 1970-01-01; the calendar is that of Howard Hinnant's paper
// "chrono-Compatible Low-Level Date Algorithms": years begin in March, so that a leap day is the last.
import { now } from "./frame";
import { fail } from "./memory";
import { ERROR_RANGE } from "./codes";
import { subtract } from "./number";

const TIME_MIN: i64 = -62135596800000;
const TIME_MAX: i64 = 253402300799999;
const DAY_MS: i64 = 86400000;
const DAY_SECONDS: i64 = 86400;

export function age(t: i64): i64 {
  if (t > now()) {
    fail(ERROR_RANGE);
    return 0;
  }
  return subtract(now(), t);
}

// Divisors are positive.
function floorDivide(a: i64, b: i64): i64 {
  const quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}

// @ts-ignore: decorator
@inline function floorRest(a: i64, b: i64): i64 {
  const rest = a % b;
  return rest < 0 ? rest + b : rest;
}

function isTime(t: i64): bool {
  if (t >= TIME_MIN && t <= TIME_MAX) return true;
  fail(ERROR_RANGE);
  return false;
}

// The milliseconds of the wall clock; `offset` is in seconds.
export function localAt(t: i64, offset: i64): i64 {
  return isTime(t) ? t + offset * 1000 : 0;
}

export function localIn(t: i64, zone: usize): i64 {
  return isTime(t) ? t + offsetIn(zone, floorDivide(t, 1000)) * 1000 : 0;
}

// A zone: the number of transitions, the offset before them, whether a rule follows them, its standard and
// daylight offset, the days on which it changes (month, week, weekday, seconds), times, offsets.
const RULE: usize = 16;
const TIMES: usize = 104;

function offsetIn(zone: usize, at: i64): i64 {
  const count = <u32>load<u64>(zone);
  const times = zone + TIMES;
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<i64>(times + (<usize>middle << 3)) <= at) low = middle + 1;
    else high = middle;
  }
  if (low == count && load<u64>(zone + RULE) != 0) return offsetByRule(zone, at);
  return low == 0 ? load<i64>(zone, 8) : load<i64>(times + (<usize>(count + low - 1) << 3));
}

// No rule changes near the turn of a year, so the year of either clock is the right one.
function offsetByRule(zone: usize, at: i64): i64 {
  const standard = load<i64>(zone + RULE, 8);
  const daylight = load<i64>(zone + RULE, 16);
  const year = yearOf(floorDivide(at + standard, DAY_SECONDS));
  const start = changeOf(zone + RULE + 24, year) - standard;
  const end = changeOf(zone + RULE + 56, year) - daylight;
  const isDaylight = start < end ? at >= start && at < end : at < end || at >= start;
  return isDaylight ? daylight : standard;
}

function changeOf(p: usize, year: i64): i64 {
  const month = load<i64>(p);
  const first = daysTo(year, month, 1);
  // Day 0 is a Thursday, and Sunday is 0.
  const skip = floorRest(load<i64>(p, 16) - first - 4, 7);
  let day = first + skip + (load<i64>(p, 8) - 1) * 7;
  const next = month == 12 ? daysTo(year + 1, 1, 1) : daysTo(year, month + 1, 1);
  if (day >= next) day -= 7;
  return day * DAY_SECONDS + load<i64>(p, 24);
}

function daysTo(year: i64, month: i64, day: i64): i64 {
  const y = month <= 2 ? year - 1 : year;
  const era = floorDivide(y, 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468;
}

// ---- from the day back to its date

function eraOf(day: i64): i64 {
  return floorDivide(day + 719468, 146097);
}

function yearOfEra(day: i64): i64 {
  const d = floorRest(day + 719468, 146097);
  return (d - d / 1460 + d / 36524 - d / 146096) / 365;
}

// From 1 March.
function dayOfYear(day: i64): i64 {
  const y = yearOfEra(day);
  return floorRest(day + 719468, 146097) - (365 * y + y / 4 - y / 100);
}

function monthOf(day: i64): i64 {
  const m = (5 * dayOfYear(day) + 2) / 153;
  return m < 10 ? m + 3 : m - 9;
}

function yearOf(day: i64): i64 {
  return eraOf(day) * 400 + yearOfEra(day) + (monthOf(day) <= 2 ? 1 : 0);
}

export function localYear(local: i64): i64 {
  return yearOf(floorDivide(local, DAY_MS));
}

export function localMonth(local: i64): i64 {
  return monthOf(floorDivide(local, DAY_MS));
}

export function localDay(local: i64): i64 {
  const day = dayOfYear(floorDivide(local, DAY_MS));
  return day - (153 * ((5 * day + 2) / 153) + 2) / 5 + 1;
}

export function localHour(local: i64): i64 {
  return floorRest(local, DAY_MS) / 3600000;
}

export function localMinute(local: i64): i64 {
  return (floorRest(local, DAY_MS) / 60000) % 60;
}

export function localSecond(local: i64): i64 {
  return (floorRest(local, DAY_MS) / 1000) % 60;
}

// Monday is 1, Sunday 7.
export function localWeekday(local: i64): i64 {
  return floorRest(floorDivide(local, DAY_MS) + 3, 7) + 1;
}
