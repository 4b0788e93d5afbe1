/**
 * What the language has and this version lacks. Each construct is known by its shape, reported once by its
 * name and passed over. Nothing here is part of the recorded grammar: while Chevrotain records it, every
 * token is the end.
 */
import type { IToken, TokenType } from "chevrotain";
import type { ExprRule } from "./expressions.ts";
import type { Grammar } from "./machine.ts";
import { endOf, missing } from "./nodes.ts";
import {
  CLAUSE_STARTS,
  isDeclarationAhead,
  isName,
  lastEnd,
  refusedStart,
  skipExpression,
  skipToDeclaration,
} from "./recovery.ts";
import * as t from "./tokens.ts";
import type { ExprTree } from "./tree.ts";

/** What is refused may be named elsewhere. */
function refuse({ reading }: Grammar, what: string, token: IToken, last: IToken = token): void {
  reading.sink.add("unavailable", token.startOffset, endOf(last), what);
  reading.incomplete = true;
}

export function refuseDeclaration(grammar: Grammar): boolean {
  const { tools: $ } = grammar;
  const first = $.LA(1);
  const what = refusedStart(first, $.LA(2), $.LA(3));
  if (what === null) return false;
  refuse(grammar, what, first);
  skipToDeclaration(grammar, $.exportLexerState() + 2);
  return true;
}

// ---- expressions

/** `left = right`, as a gap. */
export function refuseInfix(grammar: Grammar, left: ExprTree, operand: ExprRule): ExprTree {
  const { tools: $ } = grammar;
  let result = left;
  for (;;) {
    const word = $.LA(1);
    if (word.tokenType !== t.Equal) return result;
    grammar.reading.sink.add("slip", word.startOffset, endOf(word), "=", ["=="]);
    $.SKIP_TOKEN();
    $.SUBRULE4(operand);
    result = missing(left.start, lastEnd(grammar));
  }
}

/** What an expression could begin with that is not an operator. */
const OPERAND_STARTS: ReadonlySet<TokenType> = new Set([
  t.Name,
  ...t.LITERALS,
  t.LParen,
  t.LSquare,
  t.LCurly,
  t.Keyword.not,
  t.Keyword.true,
  t.Keyword.false,
]);

export function refusePrimary(grammar: Grammar): ExprTree | null {
  const { tools: $, reading } = grammar;
  const first = $.LA(1);
  const { tokenType, startOffset: start } = first;
  if (isClauseAhead(grammar, tokenType) || isDeclarationAhead(grammar)) {
    // The expression was forgotten; what follows is read as what it is.
    reading.sink.add("unexpected", start, endOf(first), first.image, ["an expression"]);
    return missing(start, start);
  }
  if (!isIfAhead(grammar) || reading.ifs < IFS_MAX) return null;
  reading.sink.add("nested-too-deep", start, endOf(first), String(IFS_MAX));
  skipExpression(grammar);
  return missing(start, lastEnd(grammar));
}

/** Each is a level of nesting, and no bracket shows it. */
const IFS_MAX = 64;

/** The word, and not a field of that name. */
export function isIfAhead(grammar: Grammar): boolean {
  return grammar.tools.LA(1).tokenType === t.Keyword.if && isOperandAhead(grammar);
}

/** Two words in a row are never an expression, so the first one begins a clause. */
function isClauseAhead(grammar: Grammar, first: TokenType): boolean {
  if (first === t.Keyword.because || first === t.Keyword.note) {
    return t.TEMPLATES.includes(grammar.tools.LA(2).tokenType);
  }
  if (first === t.Keyword.let)
    return isName(grammar.tools.LA(2)) && grammar.tools.LA(3).tokenType === t.Equal;
  if (first === t.Keyword.oblige) return isName(grammar.tools.LA(2));
  return (first === t.Keyword.when || first === t.Keyword.unless) && isOperandAhead(grammar);
}

/** Whether the token after the next could begin an operand. */
function isOperandAhead({ tools: $ }: Grammar): boolean {
  const next = $.LA(2);
  return OPERAND_STARTS.has(next.tokenType) || (isName(next) && !CLAUSE_STARTS.has(next.tokenType));
}
