/** The state of one reading of a source, and what is added to it token by token. */
import type { IToken, TokenType } from "chevrotain";
import type { ProblemSink } from "./problem.ts";
import * as t from "./tokens.ts";

/** What is kept of each takes memory, and no source that a person wrote comes near. */
const TOKENS_MAX = 4_000_000;

/** Brackets, prefix operators and type brackets within one another. */
const NESTING_MAX = 64;

export interface Scan {
  readonly text: string;
  readonly sink: ProblemSink;
  readonly tokens: IToken[];
  /** The `///` lines. */
  readonly docs: { readonly start: number; readonly end: number }[];
  at: number;
  /** Set where reading on would be dangerous or pointless. */
  stopped: boolean;
  /** Open brackets of each hole of a text that is being read; empty outside of holes. */
  readonly holes: number[];
  /** How many prefix operators stand before each open bracket. */
  readonly prefixes: number[];
  level: number;
  run: number;
  typeRun: number;
  /** The type of the last token; `Comma`, which nothing depends on, before the first. */
  last: TokenType;
}

export function startScan(text: string, from: number, sink: ProblemSink): Scan {
  return {
    text,
    sink,
    tokens: [],
    docs: [],
    at: from,
    stopped: false,
    holes: [],
    prefixes: [],
    level: 0,
    run: 0,
    typeRun: 0,
    last: t.Comma,
  };
}

const OPENING: ReadonlySet<TokenType> = new Set([t.LParen, t.LSquare, t.LCurly, t.TemplateHead]);
const CLOSING: ReadonlySet<TokenType> = new Set([t.RParen, t.RSquare, t.RCurly, t.TemplateTail]);
const OPERAND_ENDS: ReadonlySet<TokenType> = new Set([
  t.Name,
  ...t.LITERALS,
  t.RParen,
  t.RSquare,
  t.RCurly,
  t.Keyword.true,
  t.Keyword.false,
  t.Keyword.present,
  t.Keyword.absent,
]);

/** Words that are names wherever they follow an operand's place, but for those that begin a condition. */
const BEFORE_OPERAND: ReadonlySet<TokenType> = new Set([t.Keyword.when, t.Keyword.unless]);

/** Whether an operand can end so; a keyword that stands for a name is one. */
export function endsOperand(type: TokenType): boolean {
  return OPERAND_ENDS.has(type) || ((type.CATEGORIES ?? []).includes(t.Name) && !BEFORE_OPERAND.has(type));
}

/** Words that name a construct only before a parenthesis. */
const BEFORE_PARENTHESIS: ReadonlySet<TokenType> = new Set([
  t.Keyword.any,
  t.Keyword.all,
  t.Keyword.count,
  t.Keyword.sum,
]);

const COLLECTIONS: ReadonlySet<TokenType> = new Set([t.Keyword.list, t.Keyword.set, t.Keyword.map]);

/** Bounds of a type before a number, aggregates before a parenthesis. */
const MIN_MAX: ReadonlySet<TokenType> = new Set([t.Keyword.min, t.Keyword.max]);

/** Adds the token `[start, scan.at)`. */
export function emit(scan: Scan, type: TokenType, start: number, image: string): void {
  adjustBefore(scan, type);
  const adjusted = adjust(scan.last, type);
  scan.tokens.push({
    image,
    startOffset: start,
    tokenTypeIdx: adjusted.tokenTypeIdx ?? 0,
    tokenType: adjusted,
  });
  countNesting(scan, adjusted, start);
  if (scan.tokens.length > TOKENS_MAX) {
    scan.sink.add("file-too-large", start, scan.at, "more than 4,000,000 words and signs");
    scan.stopped = true;
  }
  scan.last = adjusted;
}

/** After a dot stands a name, whatever the word means elsewhere. */
function adjust(last: TokenType, type: TokenType): TokenType {
  return last === t.Dot && t.KEYWORDS.get(type.PATTERN as string) === type ? t.Name : type;
}

/** Before a colon too; and `any` is a name unless a parenthesis follows. */
function adjustBefore(scan: Scan, next: TokenType): void {
  const last = scan.last;
  const isName =
    next === t.Colon || next === t.ColonColon
      ? t.KEYWORDS.get(last.PATTERN as string) === last
      : next !== t.LParen && (BEFORE_PARENTHESIS.has(last) || (next !== t.Integer && MIN_MAX.has(last)));
  if (!isName || isAfterFor(scan)) return;
  const token = scan.tokens[scan.tokens.length - 1];
  if (token === undefined) return;
  token.tokenType = t.Name;
  token.tokenTypeIdx = t.Name.tokenTypeIdx ?? 0;
  scan.last = t.Name;
}

/** `for any c in …` */
function isAfterFor({ tokens, last }: Scan): boolean {
  return last === t.Keyword.any && tokens[tokens.length - 2]?.tokenType === t.Keyword.for;
}

/** Recursion in this parser and in every later pass is as deep as this counts. */
function countNesting(scan: Scan, type: TokenType, start: number): void {
  if (OPENING.has(type)) {
    scan.prefixes.push(scan.run);
    scan.run = 0;
    scan.level += 1;
  } else if (CLOSING.has(type)) {
    scan.level = Math.max(0, scan.level - scan.run - 1 - (scan.prefixes.pop() ?? 0));
    scan.run = 0;
  } else if ((type === t.Keyword.not || type === t.Minus) && !OPERAND_ENDS.has(scan.last)) {
    scan.run += 1;
    scan.level += 1;
  } else {
    scan.level -= scan.run;
    scan.run = 0;
  }
  const opensType = type === t.Less && COLLECTIONS.has(scan.last);
  const continuesType = COLLECTIONS.has(type) && scan.last === t.Less;
  scan.typeRun = opensType ? scan.typeRun + 1 : continuesType ? scan.typeRun : 0;
  if (scan.level > NESTING_MAX || scan.typeRun > NESTING_MAX) {
    scan.sink.add("nested-too-deep", start, start + 1, String(NESTING_MAX));
    scan.stopped = true;
  }
}
