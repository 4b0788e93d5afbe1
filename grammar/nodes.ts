/**
 * Small makers of tree nodes out of tokens. During Chevrotain's recording of the grammar they see
 * placeholders.
 */
import type { IToken, TokenType } from "chevrotain";
import type { Grammar } from "./machine.ts";
import type { ExprTree, NameTree, RawTree } from "./tree.ts";

type Or = "OR" | "OR1" | "OR2";

export function endOf(token: IToken): number {
  return token.startOffset + token.image.length;
}

/**
 * Reads one token out of several; while the grammar is recorded, Chevrotain answers with less than a token.
 */
export function oneOf(grammar: Grammar, or: Or, types: readonly TokenType[], expected: string): () => IToken {
  const { tools: $ } = grammar;
  const alternatives = { DEF: types.map((type) => ({ ALT: () => $.CONSUME(type) })), ERR_MSG: expected };
  return () => {
    const token = $[or](alternatives);
    return $.RECORDING_PHASE ? $.LA(1) : token;
  };
}

export function nameOf(token: IToken): NameTree {
  const { image, startOffset: start } = token;
  const text = image[0] === "`" ? image.slice(1, -1) : image;
  return { kind: "name", text, start, end: endOf(token) };
}

export function rawOf(token: IToken): RawTree {
  return { kind: "raw", text: token.image, start: token.startOffset, end: endOf(token) };
}

export function missing(start: number, end: number): ExprTree {
  return { kind: "missing", start, end: Math.max(start, end), depth: 1 };
}

/** Recursive passes go as deep as a tree is high, and a chain of operators is as high as it is long. */
const HEIGHT_MAX = 1100;
/**
 * What an overgrown tree is cut to: it swallows all that would be put around it, so that one message is
 * given.
 */
const CUT = 0;

export function cut(grammar: Grammar, start: number, end: number, limit: number): ExprTree {
  grammar.reading.sink.add("chain-too-long", start, end, String(limit));
  return { kind: "missing", start, end: Math.max(start, end), depth: CUT };
}

/**
 * Puts a node around its parts, or cuts where the tree would grow too high. `make` gets the node's place
 * and depth.
 */
export function grow(
  grammar: Grammar,
  start: number,
  end: number,
  parts: readonly ExprTree[],
  make: (place: Place) => ExprTree,
): ExprTree {
  // While the grammar is recorded the parts are placeholders.
  if (grammar.tools.RECORDING_PHASE) return missing(0, 0);
  let height = 0;
  for (const { depth } of parts) {
    if (depth === CUT) return { kind: "missing", start, end, depth: CUT };
    if (depth > height) height = depth;
  }
  if (height >= HEIGHT_MAX) return cut(grammar, start, end, HEIGHT_MAX);
  return make({ start, end, depth: height + 1 });
}

export interface Place {
  readonly start: number;
  readonly end: number;
  readonly depth: number;
}
