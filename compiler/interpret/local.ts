/** Local times, read off the calendar day by day: nothing here is clever (spec 5.13.1, 5.13.3). */
import { TIMESTAMP_MAX, TIMESTAMP_MIN } from "@polity/runtime/layout.ts";
import type { LocalPart, Place } from "../checked.ts";
import type { RuleDay, Zone, ZoneRule } from "../zones.ts";
import { type Evaluated, RANGE } from "./failure.ts";

const DAY_SECONDS = 86_400;

export function localPart(time: bigint, place: Place, part: LocalPart): Evaluated {
  if (time < TIMESTAMP_MIN || time > TIMESTAMP_MAX) return RANGE;
  const utc = Math.floor(Number(time) / 1000);
  const local = utc + (place.kind === "offset" ? place.seconds : offsetAt(place.zone, utc));
  const day = Math.floor(local / DAY_SECONDS);
  const second = local - day * DAY_SECONDS;
  const date = dateOf(day);
  switch (part) {
    case "year":
    case "month":
    case "day":
      return BigInt(date[part]);
    case "hour":
      return BigInt(Math.floor(second / 3600));
    case "minute":
      return BigInt(Math.floor(second / 60) % 60);
    case "second":
      return BigInt(second % 60);
    case "weekday":
      return BigInt(weekdayOf(day) === 0 ? 7 : weekdayOf(day));
  }
}

/** The last transition that has happened, or what the zone does for ever after. */
function offsetAt({ initial, transitions, rule }: Zone, utc: number): number {
  let offset = initial;
  let isLast = true;
  for (const transition of transitions) {
    if (transition.at > utc) {
      isLast = false;
      break;
    }
    offset = transition.offset;
  }
  return isLast && rule !== null ? offsetByRule(rule, utc) : offset;
}

/** The latest change of this year or the one before that has happened. */
function offsetByRule(rule: ZoneRule, utc: number): number {
  const { year } = dateOf(Math.floor(utc / DAY_SECONDS));
  let latest = Number.NEGATIVE_INFINITY;
  let offset = rule.standard;
  for (const candidate of [year - 1, year, year + 1]) {
    const start = momentOf(rule.start, candidate) - rule.standard;
    const end = momentOf(rule.end, candidate) - rule.daylight;
    for (const [at, next] of [
      [start, rule.daylight],
      [end, rule.standard],
    ] as const) {
      if (at <= utc && at > latest) [latest, offset] = [at, next];
    }
  }
  return offset;
}

/** Seconds since 1970 of the wall clock. */
function momentOf({ month, week, weekday, seconds }: RuleDay, year: number): number {
  const fitting: number[] = [];
  for (let day = 1; day <= daysIn(year, month); day += 1) {
    const number = dayNumber(year, month, day);
    if (weekdayOf(number) === weekday) fitting.push(number);
  }
  const day = fitting[week - 1] ?? fitting.at(-1) ?? 0;
  return day * DAY_SECONDS + seconds;
}

/** Sunday is 0; day 0 is a Thursday. */
function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

const YEAR_DAYS = 365;

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Days before the year, counted from 1970-01-01. */
function daysBefore(year: number): number {
  const past = year - 1;
  const leaps = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  return past * YEAR_DAYS + leaps - 719_162;
}

function dayNumber(year: number, month: number, day: number): number {
  let days = daysBefore(year);
  for (let earlier = 1; earlier < month; earlier += 1) days += daysIn(year, earlier);
  return days + day - 1;
}

function dateOf(number: number): { readonly year: number; readonly month: number; readonly day: number } {
  let year = Math.floor(number / 366) + 1970;
  if (number < 0) year = Math.floor(number / YEAR_DAYS) + 1969;
  while (daysBefore(year + 1) <= number) year += 1;
  let month = 1;
  let rest = number - daysBefore(year);
  while (rest >= daysIn(year, month)) {
    rest -= daysIn(year, month);
    month += 1;
  }
  return { year, month, day: rest + 1 };
}
