/**
 * Numbers and times exactly, from the forms that requests and facts give them, and back to text. No floating
 * point arithmetic here can round: where a number would not be exact, a BigInt takes its place.
 */
import { TIMESTAMP_MAX, TIMESTAMP_MIN } from "./layout.ts";

/** A safe integer, or a BigInt where that would not be exact. */
export type Exact = number | bigint;

/** From where to where a number may lie. */
export interface Range {
  /** As doubles that compare right with every safe integer. */
  readonly min: number;
  readonly max: number;
  readonly exactMin: bigint;
  readonly exactMax: bigint;
}

/** Stands for every number that no range includes, so that nobody converts a megabyte of digits. */
const BEYOND = 2n ** 64n;
const DIGITS_MAX = 24;

const SAFE_SCALED = 1e15;

/** A safe integer, an integer as text, or a BigInt; undefined for all else, `-0` included. */
export function readInt(value: unknown): Exact | undefined {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && !isMinusZero(value) ? value : undefined;
  }
  if (typeof value === "bigint") return value;
  if (typeof value !== "string" || !/^(?:0|-?[1-9][0-9]*)$/.test(value)) return undefined;
  return exactDigits(value);
}

function exactDigits(digits: string): Exact {
  if (digits.length <= 15) return Number(digits);
  if (digits.length <= DIGITS_MAX) return BigInt(digits);
  return digits.startsWith("-") ? -BEYOND : BEYOND;
}

export function isMinusZero(value: number): boolean {
  return value === 0 && 1 / value < 0;
}

/** Scaled by 10^4: from text, or from a number whose shortest text has at most 4 fractional digits. */
export function readDecimal(value: unknown): Exact | undefined {
  if (typeof value === "string") return decimalOfText(value);
  if (typeof value !== "number" || isMinusZero(value)) return undefined;
  // Beyond 2^53 a number no longer says which integer was meant: such amounts arrive as text.
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return undefined;
  const scaled = Math.round(value * 10_000);
  // Up to 15 digits every decimal has a double of its own: the shortest text is the one that divides back.
  if (scaled >= -SAFE_SCALED && scaled <= SAFE_SCALED) return scaled / 10_000 === value ? scaled : undefined;
  return decimalOfText(String(value));
}

function decimalOfText(text: string): Exact | undefined {
  const { length } = text;
  const start = text.charCodeAt(0) === 0x2d ? 1 : 0;
  let point = -1;
  let digits = 0;
  for (let at = start; at < length; at += 1) {
    const unit = text.charCodeAt(at) - 0x30;
    if (unit >= 0 && unit <= 9) digits = digits * 10 + unit;
    else if (unit === -2 && point < 0) point = at;
    else return undefined;
  }
  const whole = (point < 0 ? length : point) - start;
  const fraction = point < 0 ? 0 : length - point - 1;
  if (whole < 1 || (point >= 0 && fraction < 1) || fraction > 4) return undefined;
  if (whole > 1 && text.charCodeAt(start) === 0x30) return undefined;
  if (start === 1 && digits === 0) return undefined;
  if (whole <= 11) {
    for (let at = fraction; at < 4; at += 1) digits *= 10;
    return start === 1 ? -digits : digits;
  }
  if (whole > DIGITS_MAX) return start === 1 ? -BEYOND : BEYOND;
  const scaled = text.slice(0, start + whole) + (point < 0 ? "" : text.slice(point + 1)).padEnd(4, "0");
  return BigInt(scaled);
}

const MS_PER_DAY = 86_400_000;

/** Milliseconds since 1970: RFC 3339 (section 5.6) with `T`, `Z` and at most 3 fractional digits. */
export function readTimestamp(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3}))?Z$/.exec(value);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const clock = ((hour * 60 + minute) * 60 + second) * 1000 + Number((match[7] ?? "").padEnd(3, "0"));
  return daysSince1970(year, month, day) * MS_PER_DAY + clock;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Years begin in March here, so that the leap day is the last day of its year. */
function daysSince1970(year: number, month: number, day: number): number {
  const march = month > 2 ? year : year - 1;
  const months = (month + 9) % 12;
  const leaps = Math.floor(march / 4) - Math.floor(march / 100) + Math.floor(march / 400);
  return march * 365 + leaps + Math.floor((months * 153 + 2) / 5) + day - 719_469;
}

/**
 * Milliseconds, from `1d2h3m4s5ms`: each unit once at most, in this order, at least one. A sum beyond 2^53
 * may be rounded: it is far outside of the range of durations.
 */
export function readDuration(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const match = /^(-?)(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(value);
  if (match === null) return undefined;
  const part = (at: number, ms: number) => Number(match[at] ?? 0) * ms;
  const ms = part(2, MS_PER_DAY) + part(3, 3_600_000) + part(4, 60_000) + part(5, 1000) + part(6, 1);
  if (match[1] === "") return ms;
  return ms === 0 ? undefined : -ms;
}

// ---- to text

/** The shortest text of a decimal scaled by 10^4. */
export function decimalText(scaled: bigint): string {
  const sign = scaled < 0n ? "-" : "";
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(5, "0");
  const fraction = digits.slice(-4).replace(/0+$/, "");
  return sign + digits.slice(0, -4) + (fraction === "" ? "" : `.${fraction}`);
}

/**
 * RFC 3339 with `Z`, milliseconds only where they are not zero; the bare number outside of years 1 to 9999.
 */
export function timestampText(ms: bigint): string {
  if (ms < TIMESTAMP_MIN || ms > TIMESTAMP_MAX) return `${ms}ms`;
  const total = Number(ms);
  const days = Math.floor(total / MS_PER_DAY);
  const clock = total - days * MS_PER_DAY;
  // Days since 0000-03-01, in eras of 400 years (146,097 days).
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const inYears = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - inYears;
  const months = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * months + 2) / 5) + 1;
  const month = months < 10 ? months + 3 : months - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  const second = Math.floor(clock / 1000);
  const [hours, minutes] = [Math.floor(second / 3600), Math.floor(second / 60) % 60];
  const time = `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(second % 60, 2)}`;
  return `${date}T${time}${clock % 1000 === 0 ? "" : `.${pad(clock % 1000, 3)}`}Z`;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

/** For people: `1d2h`, `-15m`, `0s`. */
export function durationText(ms: bigint): string {
  if (ms === 0n) return "0s";
  let rest = ms < 0n ? -ms : ms;
  let text = ms < 0n ? "-" : "";
  for (const [unit, size] of UNITS) {
    if (rest >= size) text += `${rest / size}${unit}`;
    rest %= size;
  }
  return text;
}

const UNITS = [
  ["d", 86_400_000n],
  ["h", 3_600_000n],
  ["m", 60_000n],
  ["s", 1000n],
  ["ms", 1n],
] as const;

/** A number of milliseconds or a scaled decimal as 64 bits; `value` is a safe integer. */
export function putNumber(words: Int32Array, at: number, value: number): void {
  words[at >> 2] = value | 0;
  words[(at >> 2) + 1] = Math.floor(value / 0x1_0000_0000);
}
