import {
  CanonicalJsonError,
  canonicalJson,
  JSON_DEPTH_MAX,
  type JsonLimits,
  parseJson,
} from "@polity/runtime/json.ts";

/** The value of a text that is canonical JSON, or what is wrong with it: it ends "…is". Never throws. */
export function readCanonical(
  json: string,
  limits: JsonLimits = {},
): { readonly value: unknown } | { readonly problem: string } {
  const parsed = parseJson(json, limits);
  if (!parsed.ok) return { problem: `no canonical JSON: ${parsed.message} at ${parsed.offset}` };
  return canonicalOf(parsed.value) === json ? parsed : { problem: "JSON, but not in canonical form" };
}

/** Canonical JSON; null for a value that has none. */
export function canonicalOf(value: unknown): string | null {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (error instanceof CanonicalJsonError) return null;
    throw error;
  }
}

/** Whether a text is canonical JSON. What most requests look like is known without taking it apart. */
export function isCanonical(json: string): boolean {
  return valueEnd(json, 0, 1) === json.length || !("problem" in readCanonical(json));
}

/** Behind the value that begins there, if it is canonical; -1 where that takes a closer look. */
function valueEnd(json: string, at: number, depth: number): number {
  const code = json.charCodeAt(at);
  if (code === QUOTE) return textEnd(json, at + 1);
  if (code === BRACE || code === BRACKET)
    return depth > JSON_DEPTH_MAX ? -1 : insideEnd(json, at + 1, depth, code);
  if (json.startsWith("true", at) || json.startsWith("null", at)) return at + 4;
  return json.startsWith("false", at) ? at + 5 : integerEnd(json, at);
}

const [QUOTE, BACKSLASH, COMMA, COLON, BRACE, BRACKET, ZERO, NINE, MINUS] = [...'"\\,:{[09-'].map(
  (character) => character.charCodeAt(0),
) as [number, number, number, number, number, number, number, number, number];

/** Neither escapes nor surrogates. */
function textEnd(json: string, from: number): number {
  for (let at = from; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code < 0x20 || code === BACKSLASH || (code >= 0xd800 && code <= 0xdfff)) return -1;
  }
  return -1;
}

/** So many digits are below 2^53 whatever they are. */
const DIGITS_MAX = 15;

function integerEnd(json: string, from: number): number {
  const first = json.charCodeAt(from) === MINUS ? from + 1 : from;
  let at = first;
  while (json.charCodeAt(at) >= ZERO && json.charCodeAt(at) <= NINE) at += 1;
  if (at === first || at - first > DIGITS_MAX) return -1;
  const isPadded = json.charCodeAt(first) === ZERO && (at - first > 1 || first > from);
  return isPadded ? -1 : at;
}

/** Of an object or array, behind its first character. */
function insideEnd(json: string, from: number, depth: number, kind: number): number {
  const closing = kind + 2;
  if (json.charCodeAt(from) === closing) return from + 1;
  let before: string | null = null;
  for (let at = from; ; at += 1) {
    if (kind === BRACE) {
      const end = json.charCodeAt(at) === QUOTE ? textEnd(json, at + 1) : -1;
      if (end === -1 || json.charCodeAt(end) !== COLON) return -1;
      const key = json.slice(at + 1, end - 1);
      if (before !== null && key <= before) return -1;
      before = key;
      at = end + 1;
    }
    at = valueEnd(json, at, depth + 1);
    if (at === -1) return -1;
    const code = json.charCodeAt(at);
    if (code === closing) return at + 1;
    if (code !== COMMA) return -1;
  }
}
