/** Where to read on after what could not be read. */
import type { IToken, TokenType } from "chevrotain";
import type { Grammar } from "./machine.ts";
import { endOf } from "./nodes.ts";
import * as t from "./tokens.ts";

const { Keyword } = t;

/** Each word that begins a declaration, and what may follow it at once in one that is worth reading. */
const AFTER_START: ReadonlyMap<TokenType, (next: IToken, afterNext: IToken) => boolean> = new Map([
  [Keyword.policy, isName],
  [Keyword.guard, isName],
  [Keyword.module, isName],
  [Keyword.import, (next) => next.tokenType === t.Text],
  [Keyword.valid, (next) => next.tokenType === t.Timestamp],
  [Keyword.containment, (next) => next.tokenType === Keyword.within],
  [Keyword.enum, isName],
  [Keyword.ordered, (next) => next.tokenType === Keyword.enum],
  [Keyword.record, isName],
  [Keyword.entity, isName],
  [Keyword.subject, isName],
  [Keyword.every, (next) => next.tokenType === Keyword.action],
  [Keyword.action, isName],
  [Keyword.allow, isName],
  [Keyword.hold, isName],
  [Keyword.deny, isName],
  [Keyword.quarantine, isName],
  [Keyword.terminate, isName],
  [Keyword.test, (next) => next.tokenType === t.Text],
  [Keyword.const, isName],
  [Keyword.fn, isName],
  [Keyword.setting, isName],
  [Keyword.shadow, ({ tokenType }) => VERDICTS.has(tokenType)],
  [Keyword.prove, (next) => next.tokenType === t.Text],
  [Keyword.obligation, isName],
  [Keyword.table, isName],
]);

/** What this version lacks, by its first word, and whether what follows is as in such a declaration. */
const REFUSED_START: ReadonlyMap<string, (next: IToken, afterNext: IToken) => boolean> = new Map([
  ["track", isName],
  ["event", isName],
]);

export const VERDICTS: ReadonlySet<TokenType> = new Set([
  Keyword.allow,
  Keyword.hold,
  Keyword.deny,
  Keyword.quarantine,
  Keyword.terminate,
]);

export const CLAUSE_STARTS: ReadonlySet<TokenType> = new Set([
  Keyword.let,
  Keyword.for,
  Keyword.always,
  Keyword.when,
  Keyword.unless,
  Keyword.until,
  Keyword.because,
  Keyword.note,
  Keyword.oblige,
  t.At,
]);

export function isName({ tokenType }: IToken): boolean {
  return tokenType === t.Name || (tokenType.CATEGORIES ?? []).includes(t.Name);
}

/** The construct that begins at this token and that this version lacks, or null. */
export function refusedStart(first: IToken, next: IToken, afterNext: IToken): string | null {
  if (first.tokenType !== t.Name) return null;
  return REFUSED_START.get(first.image)?.(next, afterNext) === true ? first.image : null;
}

function startsDeclaration({ reading }: Grammar, index: number): boolean {
  const { tokens, text } = reading;
  const first = tokens[index];
  const next = tokens[index + 1];
  const afterNext = tokens[index + 2] ?? next;
  if (first === undefined || next === undefined || afterNext === undefined) return false;
  const follows = AFTER_START.get(first.tokenType);
  if (follows === undefined)
    return refusedStart(first, next, afterNext) !== null && isFirstOnLine(text, first);
  return follows(next, afterNext) && afterNext.tokenType !== t.Dot && isFirstOnLine(text, first);
}

const OBLIGATION_FOLLOWS: ReadonlySet<TokenType> = new Set([
  t.LCurly,
  Keyword.before,
  Keyword.after,
  Keyword.advice,
]);

/** Whether a whole beginning of a declaration stands here, so that its first word cannot be a name. */
export function isDeclarationAhead({ tools: $ }: Grammar): boolean {
  const first = $.LA(1).tokenType;
  if (!AFTER_START.has(first)) return false;
  const next = $.LA(2);
  const afterNext = $.LA(3).tokenType;
  if (VERDICTS.has(first)) return isName(next) && afterNext === Keyword.on;
  if (first === Keyword.ordered) return next.tokenType === Keyword.enum && isName($.LA(3));
  if (first === Keyword.every) return next.tokenType === Keyword.action && afterNext === t.LCurly;
  if (first === Keyword.subject) return isName(next) && afterNext === t.Colon;
  if (first === Keyword.import) return next.tokenType === t.Text;
  if (first === Keyword.obligation) return isName(next) && OBLIGATION_FOLLOWS.has(afterNext);
  if (first === Keyword.test) return next.tokenType === t.Text && afterNext === Keyword.on;
  if (first === Keyword.prove) return next.tokenType === t.Text && afterNext === Keyword.on;
  if (first === Keyword.shadow) return VERDICTS.has(next.tokenType) && isName($.LA(3));
  if (first === Keyword.const) return isName(next) && afterNext === t.Equal;
  if (first === Keyword.setting) return isName(next) && afterNext === t.Colon;
  if (first === Keyword.fn) return isName(next) && afterNext === t.LParen;
  return isName(next) && afterNext === t.LCurly;
}

function isFirstOnLine(text: string, { startOffset }: IToken): boolean {
  let at = startOffset - 1;
  while (at >= 0 && (text[at] === " " || text[at] === "\t")) at -= 1;
  return at < 0 || text[at] === "\n";
}

/** Moves to the first start of a declaration behind the token with index `from`, or to the end. */
export function skipToDeclaration(grammar: Grammar, from: number): void {
  const { tokens } = grammar.reading;
  let index = from + 1;
  while (index < tokens.length && !startsDeclaration(grammar, index)) index += 1;
  grammar.tools.importLexerState(index - 1);
}

/**
 * Moves to the end of an expression: as for a clause, but a comma ends it too, and the end of a text's
 * hole.
 */
export function skipExpression(grammar: Grammar): void {
  skipWhile(grammar, (token, depth) => {
    if (depth > 0) return true;
    const { tokenType } = token;
    if (tokenType === t.Comma || tokenType === t.Pipe || tokenType === t.Colon) return false;
    if (tokenType === t.TemplateMiddle || tokenType === t.TemplateTail) return false;
    return !CLAUSE_STARTS.has(tokenType);
  });
}

function skipWhile(
  grammar: Grammar,
  goesOn: (token: IToken, depth: number, isFirst: boolean) => boolean,
): void {
  const { tools, reading } = grammar;
  let depth = 0;
  let isFirst = true;
  for (let index = tools.exportLexerState() + 1; index < reading.tokens.length; index += 1) {
    const token = reading.tokens[index] as IToken;
    const { tokenType } = token;
    const closes = tokenType === t.RParen || tokenType === t.RSquare || tokenType === t.RCurly;
    if ((closes && depth === 0) || !goesOn(token, depth, isFirst) || startsDeclaration(grammar, index)) break;
    if (closes) depth -= 1;
    if (tokenType === t.LParen || tokenType === t.LSquare || tokenType === t.LCurly) depth += 1;
    isFirst = false;
    tools.SKIP_TOKEN();
  }
}

/** How far the last token read reaches. */
export function lastEnd({ tools }: Grammar): number {
  const last = tools.LA(0);
  return Math.max(0, endOf(last));
}
