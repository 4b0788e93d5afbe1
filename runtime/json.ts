/**
 * JSON for what is signed or judged: a strict reader (RFC 8259, and of two readings always a refusal) and a
 * canonical writer (RFC 8785, integers within ±(2^53−1) only).
 */

export interface JsonLimits {
  /** Arrays and objects inside each other; the outermost counts as 1. */
  readonly depthMax?: number;
  /** UTF-16 code units of the text. */
  readonly sizeMax?: number;
}

export type JsonResult =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly message: string;
      /** In UTF-16 code units from the start of the text. */
      readonly offset: number;
    };

export const JSON_DEPTH_MAX = 64;
const JSON_SIZE_MAX = 512 * 1024 * 1024;

/** Where the reader stands; `problem` is the first one met and ends everything. */
interface Cursor {
  readonly text: string;
  readonly depthMax: number;
  at: number;
  problem: { readonly message: string; readonly offset: number } | null;
}

/**
 * Reads one JSON text. Refused, beyond RFC 8259: duplicate keys, `-0`, integers beyond ±(2^53−1), numbers
 * beyond the range of a double, lone surrogates (written or escaped), a byte order mark, too deep or too
 * long. `__proto__` is a key like any other. Never throws.
 */
export function parseJson(text: string, limits: JsonLimits = {}): JsonResult {
  const sizeMax = limits.sizeMax ?? JSON_SIZE_MAX;
  if (text.length > sizeMax)
    return { ok: false, message: `longer than ${sizeMax} characters`, offset: sizeMax };
  const cursor: Cursor = { text, depthMax: limits.depthMax ?? JSON_DEPTH_MAX, at: 0, problem: null };
  skipSpace(cursor);
  const value = readValue(cursor, 1);
  skipSpace(cursor);
  if (cursor.problem === null && cursor.at < text.length) fail(cursor, "text after the value");
  return cursor.problem === null ? { ok: true, value } : { ok: false, ...cursor.problem };
}

function fail(cursor: Cursor, message: string, offset = cursor.at): undefined {
  cursor.problem ??= { message, offset };
  cursor.at = cursor.text.length;
  return undefined;
}

function skipSpace(cursor: Cursor): void {
  const { text } = cursor;
  for (; cursor.at < text.length; cursor.at += 1) {
    const unit = text.charCodeAt(cursor.at);
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
  }
}

function readValue(cursor: Cursor, depth: number): unknown {
  switch (cursor.text[cursor.at]) {
    case "{":
      return depth > cursor.depthMax ? fail(cursor, "nested too deep") : readObject(cursor, depth);
    case "[":
      return depth > cursor.depthMax ? fail(cursor, "nested too deep") : readArray(cursor, depth);
    case '"':
      return readText(cursor);
    case "t":
      return readWord(cursor, "true", true);
    case "f":
      return readWord(cursor, "false", false);
    case "n":
      return readWord(cursor, "null", null);
    default:
      return readNumber(cursor);
  }
}

function readWord(cursor: Cursor, word: string, value: boolean | null): unknown {
  if (!cursor.text.startsWith(word, cursor.at)) return fail(cursor, "a JSON value is expected");
  cursor.at += word.length;
  return value;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

function readNumber(cursor: Cursor): unknown {
  NUMBER.lastIndex = cursor.at;
  const written = NUMBER.exec(cursor.text)?.[0];
  if (written === undefined) return fail(cursor, "a JSON value is expected");
  const value = Number(written);
  const start = cursor.at;
  cursor.at += written.length;
  if (Object.is(value, -0)) return fail(cursor, "-0 is not a number here", start);
  if (!Number.isFinite(value)) return fail(cursor, "number out of range", start);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return fail(cursor, "integer beyond 2^53-1: write it as text", start);
  }
  return value;
}

const ESCAPES = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

function readText(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at;
  let value = "";
  let from = start + 1;
  for (let at = from; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) {
      value += text.slice(from, at);
      cursor.at = at + 1;
      if (!value.isWellFormed()) fail(cursor, "lone surrogate", start);
      return value;
    }
    if (unit < 0x20) {
      fail(cursor, "control character in text", at);
      return "";
    }
    if (unit !== 0x5c) continue;
    const escaped = text[at + 1] ?? "";
    const simple = ESCAPES.get(escaped);
    const code = simple === undefined && escaped === "u" ? text.slice(at + 2, at + 6) : "";
    if (simple === undefined && !/^[0-9a-fA-F]{4}$/.test(code)) {
      fail(cursor, "unknown escape", at);
      return "";
    }
    value += text.slice(from, at) + (simple ?? String.fromCharCode(Number.parseInt(code, 16)));
    at += simple === undefined ? 5 : 1;
    from = at + 1;
  }
  fail(cursor, "text without an end", start);
  return "";
}

function readArray(cursor: Cursor, depth: number): unknown {
  const values: unknown[] = [];
  cursor.at += 1;
  skipSpace(cursor);
  if (cursor.text[cursor.at] === "]") {
    cursor.at += 1;
    return values;
  }
  while (cursor.problem === null) {
    values.push(readValue(cursor, depth + 1));
    skipSpace(cursor);
    const next = cursor.text[cursor.at];
    if (next !== "," && next !== "]") return fail(cursor, "`,` or `]` is expected");
    cursor.at += 1;
    if (next === "]") break;
    skipSpace(cursor);
  }
  return values;
}

function readObject(cursor: Cursor, depth: number): unknown {
  const value: Record<string, unknown> = {};
  cursor.at += 1;
  skipSpace(cursor);
  if (cursor.text[cursor.at] === "}") {
    cursor.at += 1;
    return value;
  }
  while (cursor.problem === null) {
    const start = cursor.at;
    if (cursor.text[start] !== '"') return fail(cursor, "a key is expected");
    const key = readText(cursor);
    if (Object.hasOwn(value, key)) return fail(cursor, `duplicate key ${JSON.stringify(key)}`, start);
    skipSpace(cursor);
    if (cursor.text[cursor.at] !== ":") return fail(cursor, "`:` is expected");
    cursor.at += 1;
    skipSpace(cursor);
    setOwn(value, key, readValue(cursor, depth + 1));
    skipSpace(cursor);
    const next = cursor.text[cursor.at];
    if (next !== "," && next !== "}") return fail(cursor, "`,` or `}` is expected");
    cursor.at += 1;
    if (next === "}") break;
    skipSpace(cursor);
  }
  return value;
}

/** Assigning to `__proto__` would change the prototype instead of making a property. */
function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

// ---- canonical form

/** A value that has no canonical JSON; only a programming error or a hostile value leads here. */
export class CanonicalJsonError extends Error {}

/**
 * Which numbers have a canonical form: integers only, or also fractions, which RFC 8785 writes as ECMAScript
 * does.
 */
type Numbers = "integers" | "fractions";

/**
 * RFC 8785: keys by UTF-16 code units, no white space. Takes null, booleans, integers within ±(2^53−1) (and
 * fractions, where asked for), well-formed text, arrays and plain objects, nested at most 64 deep; throws a
 * CanonicalJsonError for all else.
 */
export function canonicalJson(value: unknown, numbers: Numbers = "integers"): string {
  return writeValue(value, numbers, 1);
}

function writeValue(value: unknown, numbers: Numbers, depth: number): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    const isFraction = numbers === "fractions" && Number.isFinite(value) && !Number.isInteger(value);
    if (isFraction || (Number.isSafeInteger(value) && !Object.is(value, -0))) return String(value);
    throw new CanonicalJsonError(`number ${value} has no canonical form here`);
  }
  if (typeof value === "string") return canonicalText(value);
  if (typeof value !== "object") throw new CanonicalJsonError(`${typeof value} is not JSON`);
  if (depth > JSON_DEPTH_MAX) throw new CanonicalJsonError("nested too deep");
  if (Array.isArray(value)) {
    const members: string[] = [];
    for (let at = 0; at < value.length; at += 1) members.push(writeValue(value[at], numbers, depth + 1));
    return `[${members.join(",")}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    throw new CanonicalJsonError("an object with a prototype of its own is not JSON");
  }
  const members: string[] = [];
  // The default order of sort is by UTF-16 code units, which is what RFC 8785 asks for.
  for (const key of Object.keys(value).sort()) {
    const member: unknown = (value as Record<string, unknown>)[key];
    members.push(`${canonicalText(key)}:${writeValue(member, numbers, depth + 1)}`);
  }
  return `{${members.join(",")}}`;
}

/** `JSON.stringify` escapes well-formed text exactly as RFC 8785, section 3.2.2.2, says. */
export function canonicalText(text: string): string {
  if (!text.isWellFormed()) throw new CanonicalJsonError("lone surrogate");
  return JSON.stringify(text);
}
