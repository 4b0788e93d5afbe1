/**
 * The values of literals. What the grammar has reported as malformed becomes null here without a word; what
 * is well formed but out of bounds is reported here.
 */
import type { RawTree } from "@polity/grammar/tree.ts";
import type { Span } from "../source.ts";
import { badDuration, badTimestamp, numberOutOfRange } from "./messages-source.ts";
import type { Report } from "./report.ts";

const I64_MAX = 2n ** 63n - 1n;
const I64_MIN = -(2n ** 63n);
const DURATION_MAX_MS = 10n ** 15n;
/** More digits are out of every range, and need not be converted to know it. */
const DIGITS_MAX = 40;
/** The grammar has reported a longer number as malformed. */
const LENGTH_MAX = 100;

export interface Literal extends Span {
  readonly text: string;
}

/** A whole number; `sign` is that of a minus before it. */
export function intOf({ text, start, end }: Literal, sign: 1n | -1n, report: Report): bigint | null {
  if (text.length > LENGTH_MAX || !/^(?:0|[1-9]\d*(?:_\d+)*)$/.test(text)) return null;
  return bounded(text.replaceAll("_", ""), sign, "int", { start, end }, report);
}

/** Scaled by 10^4. */
export function decimalOf({ text, start, end }: Literal, sign: 1n | -1n, report: Report): bigint | null {
  const match = text.length > LENGTH_MAX ? null : /^((?:0|[1-9]\d*(?:_\d+)*))\.(\d{1,4})$/.exec(text);
  if (match === null) return null;
  const [, whole = "", fraction = ""] = match;
  const digits = whole.replaceAll("_", "") + fraction.padEnd(4, "0");
  return bounded(digits, sign, "decimal", { start, end }, report);
}

function bounded(
  digits: string,
  sign: 1n | -1n,
  type: "int" | "decimal",
  span: Span,
  report: Report,
): bigint | null {
  const value = digits.length > DIGITS_MAX ? null : BigInt(digits) * sign;
  if (value !== null && value >= I64_MIN && value <= I64_MAX) return value;
  report(numberOutOfRange(span, type));
  return null;
}

const UNITS: readonly (readonly [string, bigint])[] = [
  ["d", 86_400_000n],
  ["h", 3_600_000n],
  ["m", 60_000n],
  ["s", 1000n],
  ["ms", 1n],
];

/** In milliseconds. Each unit stands at most once, the largest first. */
export function durationOf({ text, start, end }: Literal, sign: 1n | -1n, report: Report): bigint | null {
  let total = 0n;
  let unit = -1;
  for (const [, digits = "", name] of text.matchAll(/([\d_]+)(ms|[dhms])/g)) {
    const next = UNITS.findIndex(([word]) => word === name);
    if (next <= unit || digits.length > DIGITS_MAX) {
      report(badDuration({ start, end }, text));
      return null;
    }
    unit = next;
    total += BigInt(digits.replaceAll("_", "")) * (UNITS[next]?.[1] ?? 0n);
  }
  if (total <= DURATION_MAX_MS) return total * sign;
  report(badDuration({ start, end }, text));
  return null;
}

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3}))?Z$/;

/** Milliseconds since 1970. Years 1 to 9999 of the Gregorian calendar; there is no second 60. */
export function timestampOf({ text, start, end }: Literal, report: Report): bigint | null {
  const match = TIMESTAMP.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const ms = Number((match[7] ?? "0").padEnd(3, "0"));
  const isDate = year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
  if (!isDate || hour > 23 || minute > 59 || second > 59) {
    report(badTimestamp({ start, end }, text));
    return null;
  }
  return (
    BigInt(((daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000n + BigInt(ms)
  );
}

const MONTH_DAYS: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function daysIn(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : (MONTH_DAYS[month - 1] ?? 0);
}

function daysSince1970(year: number, month: number, day: number): number {
  const before = year - 1;
  let days = before * 365 + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  for (let earlier = 1; earlier < month; earlier += 1) days += daysIn(year, earlier);
  // 1970-01-01 is 719,162 days after 0001-01-01.
  return days + day - 1 - 719_162;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  // A star that a pattern takes as it is: the backslash stays, for `like` to see.
  ["*", "\\*"],
]);

/** The text between a literal's quotes. */
export function textOf({ text }: RawTree | Literal): string {
  const isClosed = text.length > 1 && text[text.length - 1] === text[0];
  return unescaped(text.slice(1, isClosed ? -1 : undefined));
}

/**
 * Escapes replaced by what they stand for; malformed ones, reported by the grammar, by something harmless.
 */
export function unescaped(text: string): string {
  return text.replace(/\\(?:u\{([0-9A-Fa-f]{1,6})\}|([\s\S]?))/g, (_escape, hex?: string, char?: string) => {
    if (hex === undefined) return ESCAPES.get(char ?? "") ?? char ?? "";
    const code = Number.parseInt(hex, 16);
    return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? "" : String.fromCodePoint(code);
  });
}
