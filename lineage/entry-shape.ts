/**
 * Shapes of values in entries: each knows how its value is written as canonical JSON, how it is read back,
 * and what the documentation says about it, so that these three cannot disagree.
 */
import { canonicalText } from "@polity/runtime/json.ts";
import { TIMESTAMP_MAX, TIMESTAMP_MIN } from "@polity/runtime/layout.ts";
import { readTimestamp, timestampText } from "@polity/runtime/scalars.ts";
import { utf8Length } from "@polity/runtime/text-order.ts";

export interface Shape<T> {
  /** For people: `text, 1 to 256 bytes`. */
  readonly says: string;
  /** What is inside of it: `approver.id`, `[].rule`. */
  readonly inside: readonly ShapeRow[];
  /** Canonical JSON. Throws a FieldError for whatever has no place in an entry. */
  readonly write: (value: T) => string;
  /**
   * Parsed JSON with the names and times of memory, else unchecked: whoever reads writes it again, which
   * refuses what is no such value, and compares. Throws a FieldError for what cannot even be taken apart.
   */
  readonly read: (json: unknown) => T;
  /** As a member: it may be missing, and then it is not written. */
  readonly isOptional?: true;
}

export interface ShapeRow {
  readonly path: string;
  readonly says: string;
}

/** Ends a reading or writing at the first thing that does not fit. */
export class FieldError extends Error {
  /** Names and places from the outermost to the innermost, as they are on the wire. */
  readonly parts: (string | number)[] = [];
}

/** `members[0].rules[3]` */
export function pathText(parts: readonly (string | number)[]): string {
  let path = "";
  for (const part of parts) {
    if (typeof part === "number") path += `[${part}]`;
    else path += path === "" ? part : `.${part}`;
  }
  return path;
}

/** Whether a value could stand where the shape is. */
export function fits<T>(shape: Shape<T>, value: unknown): value is T {
  try {
    shape.write(value as T);
    return true;
  } catch {
    return false;
  }
}

export function within(error: unknown, part: string | number): unknown {
  if (error instanceof FieldError) error.parts.unshift(part);
  return error;
}

function refuse(problem: string | null): void {
  if (problem !== null) throw new FieldError(problem);
}

// ---- what is one value

/** A shape whose value is the same in memory and in JSON. `problemOf` says what is wrong, or null. */
function plain<T>(
  says: string,
  problemOf: (value: unknown) => string | null,
  write: (value: T) => string,
): Shape<T> {
  return {
    says,
    inside: [],
    write(value) {
      refuse(problemOf(value));
      return write(value);
    },
    read: (json) => json as T,
  };
}

/** Any text of 1 to so many UTF-8 bytes. */
export function text(says: string, bytesMax: number): Shape<string> {
  return plain(says, (value) => textProblem(value, bytesMax), canonicalText);
}

function textProblem(value: unknown, bytesMax: number): string | null {
  if (typeof value !== "string") return "not text";
  if (!value.isWellFormed()) return "has a lone surrogate";
  if (value === "") return "empty";
  // Most texts are short enough whatever they say; what is long in code units is longer in bytes.
  if (value.length * 3 <= bytesMax) return null;
  const isLong = value.length > bytesMax || utf8Length(value) > bytesMax;
  return isLong ? `more than ${bytesMax} bytes` : null;
}

/** A name is printed in tables and messages, where control characters could pretend to be something else. */
export function nameText(bytesMax: number): Shape<string> {
  return plain(
    "name",
    (value) => {
      const problem = textProblem(value, bytesMax);
      return problem === null && /\p{Cc}/u.test(value as string) ? "has a control character" : problem;
    },
    canonicalText,
  );
}

/** Text of a form whose characters need no escapes; `wanted` is the form in words. */
export function pattern(says: string, wanted: string, form: RegExp): Shape<string> {
  return plain(
    says,
    (value) => (typeof value === "string" && form.test(value) ? null : `not ${wanted}`),
    (value) => `"${value}"`,
  );
}

/** Text that something else judges. */
export function judgedText(says: string, problemOf: (value: string) => string | null): Shape<string> {
  return plain(
    says,
    (value) => {
      if (typeof value !== "string") return "not text";
      return value.isWellFormed() ? problemOf(value) : "has a lone surrogate";
    },
    canonicalText,
  );
}

/** One of a few words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Shape<Word> {
  const says = words.map((word) => `\`${word}\``).join(", ");
  const known: ReadonlySet<unknown> = new Set(words);
  return plain(
    says,
    (value) => (known.has(value) ? null : `none of ${words.join(", ")}`),
    (value) => `"${value}"`,
  );
}

/** An integer, both ends included. */
export function integer(min: number, max: number, says = `integer, ${min} to ${max}`): Shape<number> {
  return plain(
    says,
    (value) => {
      if (typeof value !== "number" || !Number.isSafeInteger(value) || Object.is(value, -0)) {
        return "not an integer";
      }
      return value < min || value > max ? `not in ${min}..${max}` : null;
    },
    String,
  );
}

/** 2^53−1, the largest integer that every reader of JSON reads alike. */
export const COUNT_MAX = Number.MAX_SAFE_INTEGER;

export const count: Shape<number> = integer(0, COUNT_MAX, "integer, 0 to 2^53-1");

export const version: Shape<1> = plain<1>("`1`", (value) => (value === 1 ? null : "not 1"), String);

export const bool: Shape<boolean> = plain(
  "`true`, `false`",
  (value) => (typeof value === "boolean" ? null : "neither true nor false"),
  String,
);

const TIME_MIN = Number(TIMESTAMP_MIN);
const TIME_MAX = Number(TIMESTAMP_MAX);

/** Entries say few times again and again: validity, freshness, now. Writing one takes a microsecond. */
const KNOWN_TIMES = 61;
const knownTimes: { readonly ms: number; readonly written: string }[] = [];

/** Milliseconds since 1970 in memory. */
export const time: Shape<number> = {
  says: "time",
  inside: [],
  write(value) {
    if (!Number.isSafeInteger(value) || Object.is(value, -0))
      throw new FieldError("not a time in milliseconds");
    if (value < TIME_MIN || value > TIME_MAX) throw new FieldError("not in the years 1 to 9999");
    const place = value % KNOWN_TIMES;
    const known = knownTimes[place];
    if (known !== undefined && known.ms === value) return known.written;
    const written = `"${timestampText(BigInt(value))}"`;
    if (place >= 0) knownTimes[place] = { ms: value, written };
    return written;
  },
  read(json) {
    const known = readTimes.find(({ text }) => text === json);
    if (known !== undefined) return known.ms;
    const ms = readTimestamp(json);
    if (ms === undefined) throw new FieldError("not a time (RFC 3339 with Z)");
    readTimes[nextRead] = { text: json as string, ms };
    nextRead = (nextRead + 1) % READ_TIMES;
    return ms;
  },
};

/** The last ones that were read: of five times in an entry, four or five are those of the entry before. */
const READ_TIMES = 8;
const readTimes: { readonly text: string; readonly ms: number }[] = [];
let nextRead = 0;

// ---- what is made of others

export function nullable<T>(of: Shape<T>): Shape<T | null> {
  return {
    says: `${of.says}; or \`null\``,
    inside: of.inside,
    write: (value) => (value === null ? "null" : of.write(value)),
    read: (json) => (json === null ? null : of.read(json)),
  };
}

export function optional<T>(of: Shape<T>): Shape<T | undefined> {
  return {
    says: `${of.says}; or left out`,
    inside: of.inside,
    write(value) {
      if (value === undefined) throw new FieldError("undefined; leave it out");
      return of.write(value);
    },
    read: of.read,
    isOptional: true,
  };
}

interface ListRules<T> {
  readonly min?: number;
  readonly max: number;
  /** Negative where the first comes before the second: then members ascend and none comes twice. */
  readonly order?: (a: T, b: T) => number;
  /** What is wrong with the list as a whole, or null. */
  readonly check?: (values: readonly T[]) => string | null;
}

export function list<T>(of: Shape<T>, { min = 0, max, order, check }: ListRules<T>): Shape<readonly T[]> {
  const size = min === 0 ? `at most ${max}` : `${min} to ${max}`;
  const says = `list, ${size}${order === undefined ? "" : ", ascending"}`;
  const member = of.inside.length === 0 ? [{ path: "[]", says: of.says }] : [];
  const inside = of.inside.map((row) => ({ ...row, path: `[].${row.path}` }));

  function refuseList(values: unknown): void {
    if (!Array.isArray(values)) throw new FieldError("not a list");
    if (values.length > max) throw new FieldError(`more than ${max}`);
    if (values.length < min) throw new FieldError(`fewer than ${min}`);
  }

  function refuseMembers(values: readonly T[]): void {
    for (let at = 1; order !== undefined && at < values.length; at += 1) {
      if (order(values[at - 1]!, values[at]!) < 0) continue;
      throw within(new FieldError("not in order, or twice"), at);
    }
    if (check !== undefined) refuse(check(values));
  }

  return {
    says,
    inside: [...member, ...inside],
    write(values) {
      refuseList(values);
      const { length } = values;
      if (length === 0) return "[]";
      let written = "";
      let at = 0;
      try {
        for (; at < length; at += 1) written += (at === 0 ? "[" : ",") + of.write(values[at]!);
      } catch (error) {
        throw within(error, at);
      }
      refuseMembers(values);
      return `${written}]`;
    },
    read(json) {
      refuseList(json);
      const values: T[] = [];
      for (const [at, value] of (json as readonly unknown[]).entries()) {
        try {
          values.push(of.read(value));
        } catch (error) {
          throw within(error, at);
        }
      }
      return values;
    },
  };
}
