/**
 * Reads what stands between the slashes of a pattern (spec 5.11): characters, classes, groups, choices and
 * repeats. What is not a regular expression in the strict sense is refused by name.
 */
import { ANY_CHARACTER, type CharacterRange, type Pattern } from "../pattern.ts";
import type { Span } from "../source.ts";
import { complement, eitherCase, union } from "./character-sets.ts";
import type { Literal } from "./literals.ts";
import { irregularPattern, malformedPattern, unknownFlag } from "./messages-patterns.ts";
import { type Escaped, readEscape } from "./pattern-escapes.ts";
import { currentOf, fail, type PatternReader, spanFrom, takes } from "./pattern-reader.ts";
import type { Report } from "./report.ts";

/** Reading, and every pass over the result, goes as deep as groups nest. */
const NESTING_MAX = 64;
/** More of anything but the empty text needs more states than an automaton may have. */
const REPEATS_MAX = 2_048;

/** Null where it is malformed: the first thing that is wrong has been reported. */
export function patternOf(literal: Literal, report: Report): Pattern | null {
  const { text, start } = literal;
  const close = closingSlash(text);
  if (close === -1) {
    report(malformedPattern(literal, "this pattern is never closed", "it ends with `/`, on the same line"));
    return null;
  }
  const flags = text.slice(close + 1);
  for (const [index, flag] of [...flags].entries()) {
    const at = start + close + 1 + index;
    if (flag === "i" && flags.indexOf("i") === index) continue;
    report(unknownFlag({ start: at, end: at + 1 }, flag));
    return null;
  }
  const reader: PatternReader = {
    text,
    start,
    end: close,
    at: 1,
    ignoresCase: flags === "i",
    report,
    depth: 0,
    failed: false,
  };
  const pattern = readChoice(reader);
  if (!reader.failed && reader.at < close) {
    fail(reader, malformedPattern(spanFrom(reader, reader.at, 1), "this `)` closes no group", "write `\\)`"));
  }
  return reader.failed ? null : pattern;
}

function closingSlash(text: string): number {
  for (let at = 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "/") return at;
  }
  return -1;
}

function readChoice(reader: PatternReader): Pattern {
  const from = reader.at;
  const options = [readSequence(reader)];
  while (takes(reader, "|")) options.push(readSequence(reader));
  const [only] = options;
  return options.length === 1 && only !== undefined
    ? only
    : { kind: "choice", options, span: spanFrom(reader, from) };
}

function readSequence(reader: PatternReader): Pattern {
  const from = reader.at;
  const parts: Pattern[] = [];
  while (reader.at < reader.end && currentOf(reader) !== "|" && currentOf(reader) !== ")") {
    parts.push(readRepeat(reader, readAtom(reader)));
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined
    ? only
    : { kind: "sequence", parts, span: spanFrom(reader, from) };
}

// ---- repeats

const REPEAT = /\*|\+|\?|\{(\d+)(?:(,)(\d*))?\}/y;

function readRepeat(reader: PatternReader, of: Pattern): Pattern {
  if (reader.failed) return of;
  REPEAT.lastIndex = reader.at;
  const match = REPEAT.exec(reader.text);
  if (match === null || match.index + match[0].length > reader.end) return of;
  const from = reader.at;
  reader.at += match[0].length;
  const [min, max] = boundsOf(match);
  const bound = spanFrom(reader, from);
  if (Math.max(min, max ?? 0) > REPEATS_MAX) {
    fail(reader, malformedPattern(bound, "a part is repeated at most 2,048 times"));
  } else if (max !== null && min > max) {
    fail(reader, malformedPattern(bound, "the first bound is larger than the second"));
  } else refuseSecondRepeat(reader);
  return { kind: "repeat", of, min, max, span: { start: of.span.start, end: reader.start + reader.at } };
}

function boundsOf([sign, first, comma, second]: RegExpExecArray): readonly [number, number | null] {
  if (sign === "?") return [0, 1];
  if (first === undefined) return [sign === "+" ? 1 : 0, null];
  if (comma === undefined) return [Number(first), Number(first)];
  return [Number(first), second === "" || second === undefined ? null : Number(second)];
}

/** In other engines a second sign says which of several matches to take; here there is only yes or no. */
function refuseSecondRepeat(reader: PatternReader): void {
  const next = currentOf(reader);
  const span = spanFrom(reader, reader.at, 1);
  if (next === "?" || next === "+") {
    const what = next === "?" ? "a lazy repeat" : "a possessive repeat";
    fail(reader, irregularPattern(span, `${what} has no meaning here`, "leave it out: a test is yes or no"));
  } else if (next === "*" || next === "{") {
    fail(reader, malformedPattern(span, "a repeat cannot be repeated", "put the part into a group: `(…)`"));
  }
}

// ---- atoms

function readAtom(reader: PatternReader): Pattern {
  const from = reader.at;
  const char = currentOf(reader);
  if (char === "(") return readGroup(reader);
  if (char === "[") return readClass(reader);
  if (char === "\\") return oneOf(reader, from, setOf(readEscape(reader)));
  reader.at += char.length;
  const span = spanFrom(reader, from);
  if (char === "^" || char === "$") {
    const hint =
      "`matches` covers the whole text and `contains` any part of it; `matches /a.*/` begins with `a`";
    fail(reader, irregularPattern(span, `\`${char}\` is not needed here`, hint));
  } else if ("*+?".includes(char)) {
    fail(reader, malformedPattern(span, `\`${char}\` has nothing to repeat`, `write \`\\${char}\``));
  } else if ("{}]".includes(char)) {
    fail(reader, malformedPattern(span, `\`${char}\` stands alone`, `for the sign write \`\\${char}\``));
  }
  return oneOf(reader, from, char === "." ? ANY_CHARACTER : setOf({ kind: "one", point: pointOf(char) }));
}

function oneOf(reader: PatternReader, from: number, set: readonly CharacterRange[]): Pattern {
  const ranges = reader.ignoresCase ? eitherCase(set) : set;
  return { kind: "character", ranges, span: spanFrom(reader, from) };
}

function setOf(escaped: Escaped): readonly CharacterRange[] {
  return escaped.kind === "set" ? escaped.ranges : [{ from: escaped.point, to: escaped.point }];
}

function pointOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

const NOT_HERE: readonly (readonly [sign: RegExp, what: string, hint: string])[] = [
  [/\(\?<?[=!]/y, "patterns do not look around", "join two tests with `and` and `not`"],
  [/\(\?P?<\w*>?/y, "groups have no names here", "write `(…)`: nothing refers to a group"],
  [/\(\?>/y, "groups are not atomic here", "write `(…)`: a test is yes or no"],
  [/\(\?[a-z-]*[:)]/y, "flags stand behind the pattern", "write `/…/i`"],
];

function readGroup(reader: PatternReader): Pattern {
  const from = reader.at;
  const isPlain = reader.text.startsWith("(?:", from);
  for (const [sign, what, hint] of isPlain ? [] : NOT_HERE) {
    sign.lastIndex = from;
    const length = sign.exec(reader.text)?.[0].length;
    if (length !== undefined) fail(reader, irregularPattern(spanFrom(reader, from, length), what, hint));
  }
  if (reader.depth >= NESTING_MAX) {
    fail(reader, malformedPattern(spanFrom(reader, from, 1), `groups nest at most ${NESTING_MAX} deep`));
  }
  if (reader.failed) return { kind: "sequence", parts: [], span: spanFrom(reader, from) };
  reader.at += isPlain ? 3 : 1;
  reader.depth += 1;
  const inner = readChoice(reader);
  reader.depth -= 1;
  if (!reader.failed && !takes(reader, ")")) {
    fail(reader, malformedPattern(spanFrom(reader, from, 1), "this group is never closed", "add `)`"));
  }
  return { ...inner, span: spanFrom(reader, from) };
}

// ---- classes

function readClass(reader: PatternReader): Pattern {
  const from = reader.at;
  reader.at += 1;
  const isNegated = takes(reader, "^");
  const first = reader.at;
  const ranges: CharacterRange[] = [];
  while (!reader.failed && reader.at < reader.end && currentOf(reader) !== "]") {
    ranges.push(...readRange(reader));
  }
  const isEmpty = reader.at === first;
  if (!reader.failed && !takes(reader, "]")) {
    fail(reader, malformedPattern(spanFrom(reader, from, 1), "this class is never closed", "add `]`"));
  } else if (!reader.failed && isEmpty) {
    const hint = isNegated ? "every character is `.`" : "name the characters that it stands for";
    fail(reader, malformedPattern(spanFrom(reader, from), "this class is empty", hint));
  }
  const set = reader.ignoresCase ? eitherCase(union(ranges)) : union(ranges);
  return { kind: "character", ranges: isNegated ? complement(set) : set, span: spanFrom(reader, from) };
}

function readRange(reader: PatternReader): readonly CharacterRange[] {
  const from = reader.at;
  const low = readMember(reader);
  const next = reader.text[reader.at + 1];
  if (reader.failed || currentOf(reader) !== "-" || next === "]" || reader.at + 1 >= reader.end) {
    return setOf(low);
  }
  reader.at += 1;
  const high = readMember(reader);
  if (reader.failed) return [];
  const span: Span = spanFrom(reader, from);
  if (low.kind === "set" || high.kind === "set") {
    fail(reader, malformedPattern(span, "a range has a character at both ends", "for the sign write `\\-`"));
    return [];
  }
  if (low.point > high.point) {
    fail(reader, malformedPattern(span, "this range runs backwards"));
    return [];
  }
  // No character lies between the halves of the planes, so a range across them is two.
  const ends = { from: low.point, to: high.point };
  return complement(complement([ends]));
}

function readMember(reader: PatternReader): Escaped {
  const char = currentOf(reader);
  if (char === "\\") return readEscape(reader);
  if (char === "[") {
    const hint = "for the sign write `\\[`; classes such as `[:alpha:]` are written out";
    fail(reader, malformedPattern(spanFrom(reader, reader.at, 1), "`[` within a class", hint));
  }
  reader.at += char.length;
  return { kind: "one", point: pointOf(char) };
}
