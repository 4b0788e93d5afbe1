/**
 * Reads a source into tokens. Whatever it meets, it goes on: slips become the token that was meant, with a
 * problem.
 */
import type { TokenType } from "chevrotain";
import { findForbidden, isDigitAt, isLetterAt, isSpaceAt, isWordAt } from "./characters.ts";
import { endTemplateEarly, scanAfterHole, scanNumber, scanText } from "./literals.ts";
import { PROBLEMS_MAX, type ProblemSink } from "./problem.ts";
import { emit, endsOperand, type Scan, startScan } from "./scan.ts";
import * as t from "./tokens.ts";

export function lex(text: string, sink: ProblemSink): Scan {
  const scan = startScan(text, 0, sink);
  const forbidden = findForbidden(text, PROBLEMS_MAX);
  for (const { at, code } of forbidden) {
    const hex = code.toString(16);
    sink.add("invisible-character", at, at + (code > 0xffff ? 2 : 1), hex);
  }
  scanTokens(scan, new Set(forbidden.map(({ at }) => at)));
  return scan;
}

function scanTokens(scan: Scan, forbidden: ReadonlySet<number>): void {
  const { text, sink } = scan;
  while (scan.at < text.length && !scan.stopped) {
    const at = scan.at;
    if (isSpaceAt(text, at)) {
      if (scan.holes.length > 0 && text[at] === "\n") endTemplateEarly(scan);
      scan.at += 1;
    } else if (isLetterAt(text, at)) scanWord(scan);
    else if (isDigitAt(text, at)) scanNumber(scan);
    else if (text[at] === '"') scanText(scan);
    else if (text.startsWith("//", at)) scanComment(scan);
    else if (!scanBrace(scan) && !scanSlip(scan) && !scanSign(scan)) {
      const end = at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
      scan.at = end;
      if (!forbidden.has(at)) sink.add("unknown-character", at, end, text.slice(at, end));
    }
    if (sink.isFull()) scan.stopped = true;
  }
  if (scan.holes.length > 0) endTemplateEarly(scan);
}

function scanWord(scan: Scan): void {
  const { text } = scan;
  const start = scan.at;
  let end = start + 1;
  while (isWordAt(text, end)) end += 1;
  scan.at = end;
  const image = text.slice(start, end);
  emit(scan, t.KEYWORDS.get(image) ?? t.Name, start, image);
}

function scanComment(scan: Scan): void {
  const { text } = scan;
  const start = scan.at;
  const lineEnd = text.indexOf("\n", start);
  scan.at = lineEnd === -1 ? text.length : lineEnd;
  const isDoc = text[start + 2] === "/" && text[start + 3] !== "/";
  if (isDoc) scan.docs.push({ start, end: scan.at });
}

/** Braces also open and close the holes of texts. */
function scanBrace(scan: Scan): boolean {
  const char = scan.text[scan.at];
  const open = scan.holes.length - 1;
  if (open < 0 || (char !== "{" && char !== "}")) return false;
  const depth = scan.holes[open] ?? 0;
  if (char === "}" && depth === 0) {
    scanAfterHole(scan);
    return true;
  }
  scan.holes[open] = depth + (char === "{" ? 1 : -1);
  return false;
}

/** The signs that begin with each character, longest first. */
const SIGNS_BY_FIRST: ReadonlyMap<string, readonly (readonly [string, TokenType])[]> = (() => {
  const byFirst = new Map<string, (readonly [string, TokenType])[]>();
  for (const type of t.SIGNS) {
    const text = type.PATTERN as string;
    const first = text[0] ?? "";
    byFirst.set(first, [...(byFirst.get(first) ?? []), [text, type]]);
  }
  return byFirst;
})();

function scanSign(scan: Scan): boolean {
  const start = scan.at;
  if (scan.text[start] === "/" && scanPattern(scan)) return true;
  for (const [sign, type] of SIGNS_BY_FIRST.get(scan.text[start] ?? "") ?? []) {
    if (!scan.text.startsWith(sign, start)) continue;
    scan.at = start + sign.length;
    emit(scan, type, start, sign);
    return true;
  }
  return false;
}

/** A slash divides, except after the words that take a pattern where they stand behind an operand. */
function scanPattern(scan: Scan): boolean {
  if (scan.last !== t.Keyword.matches && scan.last !== t.Keyword.contains) return false;
  const before = scan.tokens[scan.tokens.length - 2]?.tokenType;
  if (before === undefined || !endsOperand(before)) return false;
  const start = scan.at;
  const end = quoteEnd(scan.text, start);
  if (end === -1) {
    // One that is never closed takes the rest of its line; whoever reads the pattern reports it.
    while (scan.at < scan.text.length && scan.text[scan.at] !== "\n") scan.at += 1;
  } else {
    scan.at = end;
    while (isLetterAt(scan.text, scan.at)) scan.at += 1;
  }
  emit(scan, t.Pattern, start, scan.text.slice(start, scan.at));
  return true;
}

/** Behind the next sign like the one at `start` on its line, escaped ones apart; -1 where there is none. */
function quoteEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length && text[at] !== "\n"; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === text[start]) return at + 1;
  }
  return -1;
}

/** What other languages write: [slip, what is meant, its token]. Longest first; a null drops the slip. */
const SLIPS: readonly (readonly [string, string, TokenType | null])[] = [
  ["===", "==", t.EqualEqual],
  ["!==", "!=", t.NotEqual],
  ["<>", "!=", t.NotEqual],
  ["&&", "and", t.Keyword.and],
  ["!", "not", t.Keyword.not],
  [";", "", null],
];

function scanSlip(scan: Scan): boolean {
  const { text, sink } = scan;
  const start = scan.at;
  const char = text[start] ?? "";
  if (char === "`") return scanQuotedName(scan);
  if (char === "'") {
    const end = quoteEnd(text, start);
    scan.at = end === -1 ? start + 1 : end;
    sink.add("slip", start, scan.at, text.slice(start, scan.at), ['"…"']);
    if (end !== -1) emit(scan, t.Text, start, text.slice(start, end));
    return true;
  }
  if (text.startsWith("/*", start)) {
    const end = text.indexOf("*/", start + 2);
    scan.at = end === -1 ? text.length : end + 2;
    sink.add("block-comment", start, start + 2, "/*");
    return true;
  }
  // Outside of braces there are no tables, so this is not the border of two rows.
  const slips = scan.prefixes.length === 0 ? [...SLIPS, ["||", "or", t.Keyword.or] as const] : SLIPS;
  for (const [slip, meant, type] of "=!<&;|".includes(char) ? slips : []) {
    if (!text.startsWith(slip, start) || (slip === "!" && text[start + 1] === "=")) continue;
    scan.at = start + slip.length;
    sink.add("slip", start, scan.at, slip, [meant]);
    if (type !== null) emit(scan, type, start, slip);
    return true;
  }
  return false;
}

function scanQuotedName(scan: Scan): boolean {
  const start = scan.at;
  let end = start + 1;
  if (!isLetterAt(scan.text, end)) return false;
  while (isWordAt(scan.text, end)) end += 1;
  if (scan.text[end] !== "`") return false;
  scan.at = end + 1;
  emit(scan, t.Name, start, scan.text.slice(start, scan.at));
  return true;
}
