/** Expressions above their primaries: one rule for each level of precedence, loosest first. */
import type { IToken, ParserMethod, TokenType } from "chevrotain";
import type { Grammar } from "./machine.ts";
import { cut, endOf, grow, oneOf } from "./nodes.ts";
import { definePrimaries } from "./primaries.ts";
import * as t from "./tokens.ts";
import type { BinaryWord, ExprTree } from "./tree.ts";
import { refuseInfix } from "./unavailable.ts";

const CHAIN_MAX = 1000;
/** Chains to the right: every operand is a level of nesting. */
const OTHERWISE_MAX = 64;

export type ExprRule = ParserMethod<[], ExprTree>;

export interface ExpressionRules {
  readonly expression: ExprRule;
  readonly postfix: ExprRule;
  /** What stands on one side of a comparison. */
  readonly operand: ExprRule;
  /** A number, time, text, name or entity, perhaps with a sign: what needs no evaluation. */
  readonly constant: ExprRule;
}

export function defineExpressions(grammar: Grammar): ExpressionRules {
  const { tools: $ } = grammar;
  const levels: { expression?: ExprRule; operand?: ExprRule } = {};
  const { postfix, constant } = definePrimaries(grammar, levels);

  const negation: ExprRule = $.RULE("negation", () => {
    const signs: IToken[] = [];
    $.MANY(() => {
      signs.push($.CONSUME(t.Minus));
    });
    return prefixed(grammar, "negate", signs, $.SUBRULE(postfix));
  });
  const product = defineChain(grammar, "product", negation, [t.Star, t.Slash, t.Percent]);
  const sum = defineChain(grammar, "sum", product, [t.Plus, t.Minus]);
  const operand: ExprRule = $.RULE("operand", () => {
    const operands = [$.SUBRULE(sum)];
    $.MANY(() => {
      $.CONSUME(t.Otherwise);
      operands.push($.SUBRULE1(sum));
    });
    return operands.length === 1 ? (operands[0] as ExprTree) : otherwise(grammar, operands);
  });
  const comparison = defineComparison(grammar, operand);
  const inversion: ExprRule = $.RULE("inversion", () => {
    const words: IToken[] = [];
    $.MANY(() => {
      words.push($.CONSUME(t.Keyword.not));
    });
    return prefixed(grammar, "not", words, $.SUBRULE(comparison));
  });
  const conjunction = defineChain(grammar, "conjunction", inversion, [t.Keyword.and]);
  const expression = defineChain(grammar, "expression", conjunction, [t.Keyword.or]);
  levels.operand = operand;
  levels.expression = expression;
  return { expression, postfix, operand, constant };
}

/** A level whose operators group to the left: `a - b - c` is `(a - b) - c`. */
function defineChain(
  grammar: Grammar,
  name: string,
  operand: ExprRule,
  operators: readonly TokenType[],
): ExprRule {
  const { tools: $ } = grammar;
  const [only] = operators;
  const operator =
    operators.length === 1 && only ? () => $.CONSUME(only) : oneOf(grammar, "OR", operators, "an operator");
  return $.RULE(name, () => {
    let left = $.SUBRULE(operand);
    let operands = 1;
    $.MANY(() => {
      const op = meantBy(operator());
      const right = $.SUBRULE1(operand);
      operands += 1;
      left =
        operands === CHAIN_MAX + 1
          ? cut(grammar, left.start, right.end, CHAIN_MAX)
          : binary(grammar, op, left, right);
    });
    return left;
  });
}

/** The operator that a token stands for, also where it is a slip such as `&&`. */
function meantBy({ tokenType }: IToken): BinaryWord {
  return tokenType.PATTERN as BinaryWord;
}

function binary(grammar: Grammar, op: BinaryWord, left: ExprTree, right: ExprTree): ExprTree {
  return grow(grammar, left.start, right.end, [left, right], (place) => ({
    kind: "binary",
    op,
    left,
    right,
    ...place,
  }));
}

function otherwise(grammar: Grammar, operands: readonly ExprTree[]): ExprTree {
  let right = operands[operands.length - 1] as ExprTree;
  if (operands.length > OTHERWISE_MAX) {
    return cut(grammar, operands[0]?.start ?? 0, right.end, OTHERWISE_MAX);
  }
  for (let at = operands.length - 2; at >= 0; at -= 1) {
    right = binary(grammar, "??", operands[at] as ExprTree, right);
  }
  return right;
}

function prefixed(
  grammar: Grammar,
  kind: "not" | "negate",
  signs: readonly IToken[],
  of: ExprTree,
): ExprTree {
  let result = of;
  for (let at = signs.length - 1; at >= 0; at -= 1) {
    const inner = result;
    const start = signs[at]?.startOffset ?? 0;
    result = grow(grammar, start, of.end, [inner], (place) => ({ kind, of: inner, ...place }));
  }
  return result;
}

const COMPARISONS: readonly TokenType[] = [
  t.EqualEqual,
  t.NotEqual,
  t.Less,
  t.LessEqual,
  t.Greater,
  t.GreaterEqual,
  t.Keyword.like,
  t.Keyword.subset_of,
  t.Keyword.overlaps,
  t.Keyword.disjoint_from,
];

function defineComparison(grammar: Grammar, operand: ExprRule): ExprRule {
  const { tools: $ } = grammar;
  const membership = defineMembership(grammar, operand);
  const sought = defineSought(grammar, operand);
  const operator = oneOf(grammar, "OR1", COMPARISONS, "an operator");
  const presence = oneOf(grammar, "OR2", [t.Keyword.present, t.Keyword.absent], "`present`\n`absent`");

  return $.RULE("comparison", () => {
    let left = $.SUBRULE(operand);
    const alternatives = [
      {
        ALT: () => {
          const op = meantBy(operator());
          left = binary(grammar, op, left, $.SUBRULE1(operand));
        },
      },
      ...([t.Keyword.matches, t.Keyword.contains] as const).map((type) => ({
        ALT: () => {
          const op = meantBy($.CONSUME(type));
          left = binary(
            grammar,
            op,
            left,
            type === t.Keyword.matches ? $.SUBRULE(sought) : $.SUBRULE1(sought),
          );
        },
      })),
      {
        ALT: () => {
          $.CONSUME(t.Keyword.in);
          left = binary(grammar, "in", left, $.SUBRULE(membership));
        },
      },
      {
        ALT: () => {
          $.CONSUME(t.Keyword.not);
          $.CONSUME1(t.Keyword.in);
          left = binary(grammar, "not in", left, $.SUBRULE1(membership));
        },
      },
      {
        ALT: () => {
          $.CONSUME(t.Keyword.is);
          const word = presence();
          const of = left;
          const present = word.tokenType === t.Keyword.present;
          left = grow(grammar, of.start, endOf(word), [of], (place) => ({
            kind: "presence",
            of,
            present,
            ...place,
          }));
        },
      },
    ];
    const rest = () => $.OR({ DEF: alternatives, ERR_MSG: "a comparison" });
    const once = () => {
      $.OPTION(rest);
      left = refuseInfix(grammar, left, operand);
    };
    once();
    if (comparesAgain(grammar)) left = refuseChain(grammar, left, once);
    return left;
  });
}

/** What a text is to be or to contain: a pattern, or a text. */
function defineSought(grammar: Grammar, operand: ExprRule): ExprRule {
  const { tools: $ } = grammar;
  const alternatives = [
    {
      ALT: (): ExprTree => {
        const token = $.CONSUME(t.Pattern);
        const { image: text, startOffset: start } = token;
        return { kind: "pattern", text, start, end: endOf(token), depth: 1 };
      },
    },
    { ALT: () => $.SUBRULE(operand) },
  ];
  return $.RULE("sought", () => $.OR({ DEF: alternatives, ERR_MSG: "a text or a pattern" }));
}

function defineMembership(grammar: Grammar, operand: ExprRule): ExprRule {
  const { tools: $ } = grammar;
  return $.RULE("membership", () => {
    const from = $.SUBRULE(operand);
    const to = $.OPTION(() => {
      $.CONSUME(t.DotDot);
      return $.SUBRULE1(operand);
    });
    if (to === undefined) return from;
    return grow(grammar, from.start, to.end, [from, to], (place) => ({ kind: "range", from, to, ...place }));
  });
}

const COMPARING: ReadonlySet<TokenType> = new Set([
  ...COMPARISONS,
  t.Keyword.matches,
  t.Keyword.contains,
  t.Keyword.in,
  t.Keyword.is,
]);

function comparesAgain({ tools }: Grammar): boolean {
  const { tokenType } = tools.LA(1);
  return COMPARING.has(tokenType) || (tokenType === t.Keyword.not && tools.LA(2).tokenType === t.Keyword.in);
}

/** `a < b < c` means nothing here: it is read to its end and reported once, at the second comparison. */
function refuseChain(grammar: Grammar, left: ExprTree, once: () => void): ExprTree {
  const second = grammar.tools.LA(1);
  grammar.reading.sink.add("comparison-chain", second.startOffset, endOf(second), second.image);
  while (comparesAgain(grammar)) once();
  return { kind: "missing", start: left.start, end: grammar.tools.LA(0).startOffset, depth: 1 };
}
