/** What expressions are made of: literals, names, calls, collections, quantifiers. */
import type { ParserMethod, TokenType } from "chevrotain";
import type { ExprRule } from "./expressions.ts";
import type { Grammar } from "./machine.ts";
import { endOf, grow, nameOf, oneOf, rawOf } from "./nodes.ts";
import { isName } from "./recovery.ts";
import * as t from "./tokens.ts";
import type { ExprTree, NameTree, QuantifierWord } from "./tree.ts";
import { isIfAhead, refusePrimary } from "./unavailable.ts";

/** Rules that are defined later than those that call them. */
interface Levels {
  expression?: ExprRule;
  operand?: ExprRule;
}

const LITERAL_KINDS = [
  [t.Integer, "integer"],
  [t.Decimal, "decimal"],
  [t.Duration, "duration"],
  [t.Timestamp, "timestamp"],
  [t.Text, "text"],
] as const;

export function definePrimaries(grammar: Grammar, levels: Levels): { postfix: ExprRule; constant: ExprRule } {
  const { tools: $ } = grammar;
  const expression = () => levels.expression as ExprRule;
  const literal = defineLiteral(grammar);
  const reference = defineReference(grammar);
  const collection = defineCollection(grammar, expression);
  const quantifier = defineQuantifier(grammar, expression, () => levels.operand as ExprRule);
  const existence = defineExistence(grammar, expression);

  const choice = defineChoice(grammar, expression);

  const alternatives = [
    { GATE: () => isIfAhead(grammar), ALT: () => $.SUBRULE(choice) },
    { ALT: () => $.SUBRULE(literal) },
    {
      ALT: () => {
        const { startOffset: start } = $.CONSUME(t.LParen);
        const inner = $.SUBRULE1(expression());
        // Parentheses leave no node, but what they hold is underlined with them.
        return { ...inner, start, end: endOf($.CONSUME(t.RParen)) };
      },
    },
    { ALT: () => $.SUBRULE(collection) },
    { ALT: () => $.SUBRULE(quantifier) },
    { GATE: () => $.LA(2).tokenType === t.LParen, ALT: () => $.SUBRULE(existence) },
    { ALT: () => $.SUBRULE(reference) },
  ];
  const primary: ExprRule = $.RULE(
    "primary",
    () =>
      refusePrimary(grammar) ??
      $.OR({ DEF: alternatives, ERR_MSG: "an expression", IGNORE_AMBIGUITIES: true }),
  );
  const postfix = definePostfix(grammar, primary, expression);
  const constant = defineConstant(grammar, literal, reference);
  return { postfix, constant };
}

function defineLiteral(grammar: Grammar): ExprRule {
  const { tools: $ } = grammar;
  const literals = LITERAL_KINDS.map(([type, kind]) => ({
    ALT: (): ExprTree => {
      const token = $.CONSUME(type);
      return { kind, text: token.image, start: token.startOffset, end: endOf(token), depth: 1 };
    },
  }));
  const truths = ([t.Keyword.true, t.Keyword.false] as const).map((type) => ({
    ALT: (): ExprTree => {
      const token = $.CONSUME(type);
      const value = type === t.Keyword.true;
      return { kind: "bool", value, start: token.startOffset, end: endOf(token), depth: 1 };
    },
  }));
  const alternatives = { DEF: [...literals, ...truths], ERR_MSG: "a literal" };
  return $.RULE("literal", () => $.OR(alternatives));
}

/** A name, or an entity by its id: `Team::"treasury"`. */
function defineReference(grammar: Grammar): ExprRule {
  const { tools: $ } = grammar;
  return $.RULE("reference", (): ExprTree => {
    const token = $.CONSUME(t.Name);
    const name = nameOf(token);
    const id = $.OPTION(() => {
      $.CONSUME(t.ColonColon);
      return rawOf($.CONSUME(t.Text));
    });
    if (id === undefined)
      return { kind: "reference", name: name.text, start: name.start, end: name.end, depth: 1 };
    return { kind: "entity", type: name, id, start: name.start, end: id.end, depth: 1 };
  });
}

function defineCollection(grammar: Grammar, expression: () => ExprRule): ExprRule {
  const { tools: $ } = grammar;
  const elements: ParserMethod<[], ExprTree[]> = $.RULE("elements", () => {
    const read: ExprTree[] = [];
    read.push($.SUBRULE(expression()));
    $.MANY({
      GATE: () => !isClosing($.LA(2).tokenType),
      DEF: () => {
        $.CONSUME(t.Comma);
        read.push($.SUBRULE1(expression()));
      },
    });
    $.OPTION(() => $.CONSUME1(t.Comma));
    return read;
  });
  const shapes = [
    { shape: "set", open: t.LCurly, close: t.RCurly },
    { shape: "list", open: t.LSquare, close: t.RSquare },
  ] as const;
  return $.RULE("collection", () => {
    const alternatives = shapes.map(({ shape, open, close }, index) => ({
      ALT: (): ExprTree => {
        const { startOffset: start } = $.CONSUME(open);
        const read =
          index === 0 ? $.OPTION1(() => $.SUBRULE1(elements)) : $.OPTION2(() => $.SUBRULE2(elements));
        const end = endOf($.CONSUME(close));
        const parts = read ?? [];
        return grow(grammar, start, end, parts, (place) => ({
          kind: "collection",
          shape,
          elements: parts,
          ...place,
        }));
      },
    }));
    return $.OR({ DEF: alternatives, ERR_MSG: "a set or a list" });
  });
}

function isClosing(type: TokenType): boolean {
  return type === t.RCurly || type === t.RSquare || type === t.RParen;
}

function defineQuantifier(grammar: Grammar, expression: () => ExprRule, operand: () => ExprRule): ExprRule {
  const { tools: $ } = grammar;
  const { any, all, count, sum, min, max } = t.Keyword;
  const words = [any, all, count, sum, min, max];
  const quantifierWord = oneOf(grammar, "OR", words, words.map(({ LABEL }) => LABEL).join("\n"));
  return $.RULE("quantifier", () => {
    const word = quantifierWord();
    $.CONSUME(t.LParen);
    const variable = nameOf($.CONSUME(t.Name));
    $.CONSUME(t.Keyword.in);
    const over = $.SUBRULE(operand());
    $.CONSUME(t.Colon);
    const body = $.SUBRULE1(expression());
    const end = endOf($.CONSUME(t.RParen));
    const op = word.tokenType.PATTERN as QuantifierWord;
    return grow(grammar, word.startOffset, end, [over, body], (place) => ({
      kind: "quantifier",
      op,
      variable,
      over,
      body,
      ...place,
    }));
  });
}

/** `exists(user)` */
function defineExistence(grammar: Grammar, expression: () => ExprRule): ExprRule {
  const { tools: $ } = grammar;
  return $.RULE("existence", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.exists);
    $.CONSUME(t.LParen);
    const of = $.SUBRULE(expression());
    const end = endOf($.CONSUME(t.RParen));
    return grow(grammar, start, end, [of], (place) => ({ kind: "exists", of, ...place }));
  });
}

/** The last part reaches as far to the right as it can. */
function defineChoice(grammar: Grammar, expression: () => ExprRule): ExprRule {
  const { tools: $, reading } = grammar;
  return $.RULE("choice", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.if);
    reading.ifs += 1;
    const condition = $.SUBRULE(expression());
    $.CONSUME(t.Keyword.then);
    const value = $.SUBRULE1(expression());
    $.CONSUME(t.Keyword.else);
    const otherwise = $.SUBRULE2(expression());
    reading.ifs -= 1;
    const parts = [condition, value, otherwise];
    return grow(grammar, start, otherwise.end, parts, (place) => ({
      kind: "if",
      condition,
      value,
      otherwise,
      ...place,
    }));
  });
}

function definePostfix(grammar: Grammar, primary: ExprRule, expression: () => ExprRule): ExprRule {
  const { tools: $ } = grammar;
  const callArguments: ParserMethod<[], { args: ExprTree[]; end: number }> = $.RULE("arguments", () => {
    const args: ExprTree[] = [];
    $.CONSUME(t.LParen);
    $.MANY_SEP({ SEP: t.Comma, DEF: () => void args.push($.SUBRULE(expression())) });
    return { args, end: endOf($.CONSUME(t.RParen)) };
  });
  const keys: ParserMethod<[], { args: ExprTree[]; end: number }> = $.RULE("keys", () => {
    const args: ExprTree[] = [];
    $.CONSUME(t.LSquare);
    $.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => void args.push($.SUBRULE(expression())) });
    return { args, end: endOf($.CONSUME(t.RSquare)) };
  });
  return $.RULE("postfix", () => {
    let of = $.SUBRULE(primary);
    const applied = $.OPTION1({
      GATE: () => of.kind === "reference" && isName($.LA(0)),
      DEF: () => $.SUBRULE2(callArguments),
    });
    if (applied !== undefined) of = applyFunction(grammar, of, applied.args, applied.end);
    const step = () => {
      $.CONSUME(t.Dot);
      const name = nameOf($.CONSUME(t.Name));
      const call = $.OPTION(() => $.SUBRULE1(callArguments));
      of = call === undefined ? select(grammar, of, name) : apply(grammar, of, name, call.args, call.end);
    };
    const read = () => {
      const { args, end } = $.SUBRULE(keys);
      const inner = of;
      const parts = [inner].concat(args);
      of = grow(grammar, of.start, end, parts, (place) => ({ kind: "index", of: inner, args, ...place }));
    };
    $.MANY(() => $.OR({ DEF: [{ ALT: step }, { ALT: read }], ERR_MSG: "`.`\n`[`" }));
    return of;
  });
}

/** `f(a, b)`; what stands before the parenthesis is the name of a function. */
function applyFunction(grammar: Grammar, of: ExprTree, args: readonly ExprTree[], end: number): ExprTree {
  const { start } = of;
  const text = of.kind === "reference" ? of.name : "";
  const name: NameTree = { kind: "name", text, start, end: of.end };
  return grow(grammar, start, end, args, (place) => ({ kind: "apply", name, args, ...place }));
}

function select(grammar: Grammar, of: ExprTree, name: NameTree): ExprTree {
  return grow(grammar, of.start, name.end, [of], (place) => ({ kind: "select", of, name, ...place }));
}

function apply(
  grammar: Grammar,
  of: ExprTree,
  method: NameTree,
  args: readonly ExprTree[],
  end: number,
): ExprTree {
  const parts = [of].concat(args);
  return grow(grammar, of.start, end, parts, (place) => ({ kind: "call", of, method, args, ...place }));
}

function defineConstant(grammar: Grammar, literal: ExprRule, reference: ExprRule): ExprRule {
  const { tools: $ } = grammar;
  const alternatives = [
    {
      ALT: () => {
        const { startOffset: start } = $.CONSUME(t.Minus);
        const of = $.SUBRULE(literal);
        return grow(grammar, start, of.end, [of], (place) => ({ kind: "negate", of, ...place }));
      },
    },
    { ALT: () => $.SUBRULE1(literal) },
    {
      ALT: () => {
        const of = $.SUBRULE(reference);
        const member = $.OPTION(() => {
          $.CONSUME(t.Dot);
          return nameOf($.CONSUME(t.Name));
        });
        return member === undefined ? of : select(grammar, of, member);
      },
    },
  ];
  return $.RULE("constant", () => $.OR({ DEF: alternatives, ERR_MSG: "a value" }));
}
