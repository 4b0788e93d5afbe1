/** Types and the fields that have them. */
import type { ParserMethod } from "chevrotain";
import type { Grammar, Tools } from "./machine.ts";
import { endOf, nameOf, oneOf, rawOf } from "./nodes.ts";
import { isName, lastEnd } from "./recovery.ts";
import * as t from "./tokens.ts";
import type { ExprTree, FieldTree, RawTree } from "./tree.ts";
import type { NamedTypeTree, TypeTree } from "./tree-types.ts";

export interface TypeRules {
  readonly type: ParserMethod<[], TypeTree>;
  readonly field: ParserMethod<[], FieldTree>;
  /** In braces, with or without commas. */
  readonly fields: ParserMethod<[], FieldTree[]>;
}

export function defineTypes(grammar: Grammar): TypeRules {
  const { tools: $ } = grammar;
  const rules: { type?: ParserMethod<[], TypeTree> } = {};
  const named = defineNamed(grammar);
  const collection = defineCollectionType(grammar, () => rules.type as ParserMethod<[], TypeTree>);
  const alternatives = {
    DEF: [{ ALT: (): TypeTree => $.SUBRULE(collection) }, { ALT: (): TypeTree => $.SUBRULE(named) }],
    ERR_MSG: "a type",
    IGNORE_AMBIGUITIES: true,
  };
  rules.type = $.RULE("type", (): TypeTree => $.OR(alternatives));

  const field: ParserMethod<[], FieldTree> = $.RULE("field", () => {
    const name = nameOf($.CONSUME(t.Name));
    $.CONSUME(t.Colon);
    const type = $.SUBRULE(rules.type as ParserMethod<[], TypeTree>);
    const from = $.OPTION(() => {
      $.CONSUME(t.Keyword.from);
      return nameOf($.CONSUME1(t.Name));
    });
    const place = { start: name.start, end: (from ?? type).end };
    return { kind: "field", name, type, ...(from !== undefined && { from }), ...place };
  });
  const fields: ParserMethod<[], FieldTree[]> = $.RULE("fields", () => {
    const read: FieldTree[] = [];
    $.CONSUME(t.LCurly);
    $.MANY(() => {
      read.push($.SUBRULE(field));
      $.OPTION(() => $.CONSUME(t.Comma));
    });
    $.CONSUME(t.RCurly);
    return read;
  });
  return { type: rules.type, field, fields };
}

function defineNamed(grammar: Grammar): ParserMethod<[], TypeTree> {
  const { tools: $ } = grammar;
  const number = defineNumber(grammar);
  const range: ParserMethod<[], NamedTypeTree["range"]> = $.RULE("range", () => {
    const from = $.SUBRULE(number);
    $.CONSUME(t.DotDot);
    return { from, to: $.SUBRULE1(number) };
  });
  return $.RULE("namedType", (): TypeTree => {
    const ref = $.OPTION5({ GATE: () => isRefAhead($), DEF: () => rawOf($.CONSUME(t.Keyword.ref)) });
    const name = nameOf($.CONSUME(t.Name));
    const marks = readMarks($, () => $.OPTION(() => $.CONSUME(t.Question)));
    const id = $.OPTION1(() => rawOf($.CONSUME(t.Keyword.id)));
    const bounds = $.OPTION2(() => $.SUBRULE(range));
    const max = $.OPTION3(() => {
      $.CONSUME(t.Keyword.max);
      return rawOf($.CONSUME(t.Integer));
    });
    const lateMarks = readMarks($, () => $.OPTION4(() => $.CONSUME1(t.Question)));
    return {
      kind: "named",
      name,
      marks: marks + lateMarks,
      ref: ref ?? null,
      id: id ?? null,
      range: bounds ?? null,
      max: max ?? null,
      start: ref?.start ?? name.start,
      end: lastEnd(grammar),
    };
  });
}

/** `ref User`, and not a type of that name with the next field behind it. */
function isRefAhead($: Tools): boolean {
  return isName($.LA(2)) && $.LA(3).tokenType !== t.Colon;
}

/**
 * How many `?` stand here. One may stand behind a type's name or behind its bounds; that more of them mean
 * nothing is for the checker to say, so any number is read.
 */
function readMarks($: Tools, readOne: () => unknown): number {
  let marks = readOne() === undefined ? 0 : 1;
  for (;;) {
    const { tokenType } = $.LA(1);
    if (tokenType === t.Otherwise) marks += 2;
    else if (tokenType === t.Question) marks += 1;
    else return marks;
    $.SKIP_TOKEN();
  }
}

function defineNumber(grammar: Grammar): ParserMethod<[], ExprTree> {
  const { tools: $ } = grammar;
  const digits = oneOf(grammar, "OR", [t.Integer, t.Decimal], "a number");
  return $.RULE("number", (): ExprTree => {
    const sign = $.OPTION(() => $.CONSUME(t.Minus));
    const token = digits();
    const kind = token.tokenType === t.Integer ? "integer" : "decimal";
    const end = endOf(token);
    const value: ExprTree = { kind, text: token.image, start: token.startOffset, end, depth: 1 };
    return sign === undefined ? value : { kind: "negate", of: value, start: sign.startOffset, end, depth: 2 };
  });
}

function defineCollectionType(
  grammar: Grammar,
  type: () => ParserMethod<[], TypeTree>,
): ParserMethod<[], TypeTree> {
  const { tools: $ } = grammar;
  const shapeWord = oneOf(
    grammar,
    "OR",
    [t.Keyword.list, t.Keyword.set, t.Keyword.map],
    "`list`\n`set`\n`map`",
  );
  const bound = (word: typeof t.Keyword.min): RawTree => {
    $.CONSUME(word);
    return rawOf(word === t.Keyword.min ? $.CONSUME1(t.Integer) : $.CONSUME2(t.Integer));
  };
  return $.RULE("collectionType", (): TypeTree => {
    const word = shapeWord();
    $.CONSUME(t.Less);
    const of = $.SUBRULE(type());
    $.CONSUME(t.Greater);
    const marks = readMarks($, () => $.OPTION(() => $.CONSUME(t.Question)));
    const min = $.OPTION1(() => bound(t.Keyword.min));
    const max = $.OPTION2(() => bound(t.Keyword.max));
    const lateMarks = readMarks($, () => $.OPTION3(() => $.CONSUME1(t.Question)));
    return {
      kind: "collection",
      shape: word.tokenType.PATTERN as "list" | "set" | "map",
      of,
      marks: marks + lateMarks,
      min: min ?? null,
      max: max ?? null,
      start: word.startOffset,
      end: lastEnd(grammar),
    };
  });
}
