/**
 * Numbers, times and texts. A malformed one is reported here and still becomes a token, so that nothing
 * follows from it.
 */
import type { TokenType } from "chevrotain";
import { emit, type Scan } from "./scan.ts";
import * as t from "./tokens.ts";

/** Nothing longer is a number; the forms below would need a deep stack to find that out. */
const LENGTH_MAX = 100;

const TIMESTAMP_LIKE = /\d{4}-\d\d-\d\d[Tt][\d:]*(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d)?/y;
const NUMBER_LIKE = /\d[\dA-Za-z_]*(?:\.\d[\dA-Za-z_]*)?/y;
const TIMESTAMP = whole(t.Timestamp);
const INTEGER = whole(t.Integer);
const DECIMAL = whole(t.Decimal);
const LONG_FRACTION = /^[\d_]+\.\d{5,}$/;
const DURATION = whole(t.Duration);

function whole(type: TokenType): RegExp {
  return new RegExp(`^(?:${(type.PATTERN as RegExp).source})$`);
}

export function scanNumber(scan: Scan): void {
  const start = scan.at;
  const moment = matchAt(TIMESTAMP_LIKE, scan.text, start);
  const image = moment ?? matchAt(NUMBER_LIKE, scan.text, start) ?? "";
  scan.at = start + image.length;
  if (image.length > LENGTH_MAX) {
    scan.sink.add("bad-number", start, scan.at, image);
    emit(scan, t.Integer, start, image);
  } else if (moment !== null) {
    if (!TIMESTAMP.test(image)) scan.sink.add("bad-timestamp", start, scan.at, image);
    emit(scan, t.Timestamp, start, image);
  } else if (DURATION.test(image)) emit(scan, t.Duration, start, image);
  else {
    const type = image.includes(".") ? t.Decimal : t.Integer;
    checkNumber(scan, type === t.Decimal ? DECIMAL : INTEGER, start, image);
    emit(scan, type, start, image);
  }
}

function checkNumber(scan: Scan, form: RegExp, start: number, image: string): void {
  if (form.test(image)) return;
  const kind = LONG_FRACTION.test(image) ? "too-many-digits" : "bad-number";
  scan.sink.add(kind, start, scan.at, image);
}

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/** A text from its opening quote on; after `because` and `note` with holes. */
export function scanText(scan: Scan): void {
  const start = scan.at;
  scan.at += 1;
  const isTemplate =
    scan.holes.length === 0 && (scan.last === t.Keyword.because || scan.last === t.Keyword.note);
  if (isTemplate) scanPiece(scan, start, t.Template, t.TemplateHead);
  else {
    skipText(scan, start, false);
    emit(scan, t.Text, start, scan.text.slice(start, scan.at));
  }
}

/** The piece of a template after a hole, from its closing brace on. */
export function scanAfterHole(scan: Scan): void {
  const start = scan.at;
  scan.at += 1;
  scan.holes.pop();
  scanPiece(scan, start, t.TemplateTail, t.TemplateMiddle);
}

/**
 * A line ended within a hole: the text ends here, so that the rest of the source is not taken for a part of
 * it.
 */
export function endTemplateEarly(scan: Scan): void {
  scan.holes.pop();
  const end = scan.at;
  scan.sink.add("unterminated-text", Math.max(0, end - 1), end, "");
  emit(scan, t.TemplateTail, end, "");
}

function scanPiece(scan: Scan, start: number, closed: TokenType, open: TokenType): void {
  const atHole = skipText(scan, start, true);
  // A middle closes one hole and opens the next, which leaves the nesting as it is.
  emit(scan, atHole ? open : closed, start, scan.text.slice(start, scan.at));
  if (atHole) scan.holes.push(0);
}

/** Moves behind the text's end; true where that is the brace of a hole. */
function skipText(scan: Scan, start: number, isTemplate: boolean): boolean {
  const { text } = scan;
  while (scan.at < text.length) {
    const char = text[scan.at];
    if (char === "\n" || (char === "\r" && text[scan.at + 1] === "\n")) break;
    if (char === "\\") skipEscape(scan, isTemplate);
    else {
      scan.at += 1;
      if (char === '"') return false;
      if (char === "{" && isTemplate) return true;
    }
  }
  scan.sink.add("unterminated-text", start, scan.at, text.slice(start, start + 1));
  return false;
}

const CODE_POINT = /\\u\{([0-9A-Fa-f]{1,6})\}/y;
const CODE_POINT_LIKE = /\\u(?:\{[^}"\n]{0,8}\}?)?/y;

function skipEscape(scan: Scan, isTemplate: boolean): void {
  const start = scan.at;
  const next = scan.text[start + 1] ?? "\n";
  if ('"\\ntr*'.includes(next) || (isTemplate && next === "{")) {
    scan.at += 2;
    return;
  }
  const hex = next === "u" ? matchAt(CODE_POINT, scan.text, start) : null;
  const code = hex === null ? -1 : Number.parseInt(hex.slice(3, -1), 16);
  const isScalar = code >= 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  const like = next === "u" ? matchAt(CODE_POINT_LIKE, scan.text, start) : null;
  const shortest = next === "\n" || next === "\r" ? 1 : 2;
  scan.at = Math.min(scan.text.length, start + Math.max(shortest, (hex ?? like ?? "").length));
  if (!isScalar) scan.sink.add("bad-escape", start, scan.at, scan.text.slice(start, scan.at));
}
