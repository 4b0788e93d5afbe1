/** What a backslash makes of what follows it in a pattern. */
import type { CharacterRange } from "../pattern.ts";
import { complement, DIGITS, SPACES, WORD } from "./character-sets.ts";
import { irregularPattern, malformedPattern } from "./messages-patterns.ts";
import { fail, type PatternReader, spanFrom } from "./pattern-reader.ts";

export type Escaped =
  | { readonly kind: "one"; readonly point: number }
  | { readonly kind: "set"; readonly ranges: readonly CharacterRange[] };

const SETS: ReadonlyMap<string, readonly CharacterRange[]> = new Map([
  ["d", DIGITS],
  ["w", WORD],
  ["s", SPACES],
  ["D", complement(DIGITS)],
  ["W", complement(WORD)],
  ["S", complement(SPACES)],
]);

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ["t", 0x09],
  ["n", 0x0a],
  ["v", 0x0b],
  ["f", 0x0c],
  ["r", 0x0d],
]);

const NUMBERED = /\\(?:x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,6})\})/y;

const NONE: Escaped = { kind: "one", point: 0 };

/** At a backslash. */
export function readEscape(reader: PatternReader): Escaped {
  const from = reader.at;
  const char = from + 1 < reader.end ? (reader.text[from + 1] ?? "") : "";
  const ranges = SETS.get(char);
  const control = CONTROLS.get(char);
  reader.at += 1 + char.length;
  if (ranges !== undefined) return { kind: "set", ranges };
  if (control !== undefined) return { kind: "one", point: control };
  if (char === "x" || char === "u") return readNumbered(reader, from);
  if (/^[!-/:-@[-`{-~]$/.test(char)) return { kind: "one", point: char.charCodeAt(0) };
  refuseEscape(reader, from, char);
  return NONE;
}

function readNumbered(reader: PatternReader, from: number): Escaped {
  NUMBERED.lastIndex = from;
  const match = NUMBERED.exec(reader.text);
  const point = match === null ? -1 : Number.parseInt(match[1] ?? match[2] ?? "", 16);
  reader.at = from + (match?.[0].length ?? 2);
  if (point >= 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)) return { kind: "one", point };
  const message = point < 0 ? "this escape is not complete" : "this is not a character";
  fail(reader, malformedPattern(spanFrom(reader, from), message, "characters are `\\x41` or `\\u{1F600}`"));
  return NONE;
}

function refuseEscape(reader: PatternReader, from: number, char: string): void {
  const span = spanFrom(reader, from);
  if (/^[\dk]$/.test(char)) {
    const hint = char === "0" ? "the character is `\\x00`" : "compare the two parts as fields of their own";
    fail(reader, irregularPattern(span, "patterns do not refer back to groups", hint));
  } else if (/^[bBAzZG]$/.test(char)) {
    const hint = "write the characters that may stand there, as in `(.*[^a-z])?word`";
    fail(reader, irregularPattern(span, `\`\\${char}\` looks at what stands beside it`, hint));
  } else if (char === "p" || char === "P") {
    const hint = "name the ranges: tables of Unicode differ from year to year";
    fail(reader, irregularPattern(span, "patterns know no properties of Unicode", hint));
  } else {
    fail(reader, malformedPattern(span, "this escape has no meaning", "a backslash is `\\\\`"));
  }
}
