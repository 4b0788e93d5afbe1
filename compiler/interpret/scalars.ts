/**
 * Numbers and times as they are written in requests and facts: the value, exactly, or undefined where the
 * writing is none. Ranges are judged elsewhere.
 */
import { DECIMAL_SCALE, INT_MAX } from "@polity/runtime/layout.ts";

/** Longer numbers are outside of every range, and not worth the time that their conversion takes. */
const DIGITS_MAX = 30;
const BEYOND = INT_MAX + 1n;

const MS = { second: 1_000n, minute: 60_000n, hour: 3_600_000n, day: 86_400_000n } as const;

/**
 * A safe integer number, an integer of any size as text, or a BigInt. There is no minus zero (spec 4.1.3).
 */
export function readInt(raw: unknown): bigint | undefined {
  if (typeof raw === "bigint") return raw;
  if (typeof raw === "number") {
    return Number.isSafeInteger(raw) && !Object.is(raw, -0) ? BigInt(raw) : undefined;
  }
  if (typeof raw !== "string" || !/^(?:0|-?[1-9][0-9]*)$/.test(raw)) return undefined;
  return digits(raw);
}

/** Scaled by 10^4, from text or from a number whose shortest text has that form (spec 4.1.3). */
export function readDecimal(raw: unknown): bigint | undefined {
  if (typeof raw === "number") {
    // Beyond 2^53 a number no longer says which integer was meant: such amounts arrive as text.
    const isExact = Math.abs(raw) <= Number.MAX_SAFE_INTEGER && !Object.is(raw, -0);
    return isExact ? readDecimal(String(raw)) : undefined;
  }
  if (typeof raw !== "string") return undefined;
  const match = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]{1,4}))?$/.exec(raw);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = ""] = match;
  const value = digits(whole) * DECIMAL_SCALE + digits(fraction.padEnd(4, "0"));
  if (sign === "") return value;
  return value === 0n ? undefined : -value;
}

/** Milliseconds since 1970, from RFC 3339 text with `Z` and at most three fractional digits (spec 4.1.5). */
export function readTimestamp(raw: unknown): bigint | undefined {
  if (typeof raw !== "string") return undefined;
  const pattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3}))?Z$/;
  const match = pattern.exec(raw);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const clock = BigInt(hour) * MS.hour + BigInt(minute) * MS.minute + BigInt(second) * MS.second;
  return daysSince1970(year, month, day) * MS.day + clock + digits((match[7] ?? "").padEnd(3, "0"));
}

/** Milliseconds, from `1d2h3m4s5ms`: each unit at most once, in this order, at least one of them. */
export function readDuration(raw: unknown): bigint | undefined {
  if (typeof raw !== "string") return undefined;
  const match = /^(-?)(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(raw);
  if (match === null) return undefined;
  const [, sign = "", d = "", h = "", m = "", s = "", ms = ""] = match;
  const value =
    digits(d) * MS.day + digits(h) * MS.hour + digits(m) * MS.minute + digits(s) * MS.second + digits(ms);
  if (sign === "") return value;
  return value === 0n ? undefined : -value;
}

/** An integer of digits with or without a sign; no digits are 0. */
function digits(text: string): bigint {
  const significant = text.replace(/^0+/, "");
  if (significant.length <= DIGITS_MAX) return BigInt(significant);
  return significant.startsWith("-") ? -BEYOND - 1n : BEYOND;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** In the Gregorian calendar carried back; `year` from 0. */
export function daysSince1970(year: number, month: number, day: number): bigint {
  let days = 365 * (year - 1970) + leapYearsBefore(year) - leapYearsBefore(1970) + day - 1;
  for (let earlier = 1; earlier < month; earlier += 1) days += daysIn(year, earlier);
  return BigInt(days);
}

/** Leap years from the year 0 on. */
function leapYearsBefore(year: number): number {
  const upTo = (step: number) => Math.ceil(year / step);
  return upTo(4) - upTo(100) + upTo(400);
}
