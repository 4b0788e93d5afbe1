/** Where the reading of one pattern stands. */
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import type { Report } from "./report.ts";

export interface PatternReader {
  /** The literal, slashes included; `start` is where it stands in the source. */
  readonly text: string;
  readonly start: number;
  /** Of the closing slash, in the literal. */
  readonly end: number;
  readonly ignoresCase: boolean;
  readonly report: Report;
  at: number;
  depth: number;
  failed: boolean;
}

/** The character at hand, which may take two units; empty at the end. */
export function currentOf({ text, at, end }: PatternReader): string {
  return at >= end ? "" : String.fromCodePoint(text.codePointAt(at) ?? 0);
}

/** Moves behind the sign where it comes next. */
export function takes(reader: PatternReader, sign: string): boolean {
  const isThere = currentOf(reader) === sign;
  if (isThere) reader.at += sign.length;
  return isThere;
}

export function spanFrom({ start, at }: PatternReader, from: number, length = at - from): Span {
  return { start: start + from, end: start + from + length };
}

/** Reports once, and moves to the end: nothing that follows is sure. */
export function fail(reader: PatternReader, diagnostic: Diagnostic): void {
  if (!reader.failed) reader.report(diagnostic);
  reader.failed = true;
  reader.at = reader.end;
}
