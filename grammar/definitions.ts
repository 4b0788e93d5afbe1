/** `const` and `fn`, names for expressions, and `prove`. */
import type { ParserMethod } from "chevrotain";
import type { BodyRule } from "./declarations.ts";
import type { ExpressionRules } from "./expressions.ts";
import type { Grammar } from "./machine.ts";
import { nameOf, rawOf } from "./nodes.ts";
import type { RuleRules } from "./rules.ts";
import * as t from "./tokens.ts";
import type { FieldTree } from "./tree.ts";
import type { TypeRules } from "./types.ts";

export function defineDefinitions(
  grammar: Grammar,
  types: TypeRules,
  { expression }: ExpressionRules,
): readonly BodyRule[] {
  const { tools: $ } = grammar;
  const constant: BodyRule = $.RULE("const", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.const);
    const name = nameOf($.CONSUME(t.Name));
    $.CONSUME(t.Equal);
    const value = $.SUBRULE(expression);
    return { kind: "const", name, value, start, end: value.end };
  });
  const parameter: ParserMethod<[], FieldTree> = $.RULE("parameter", () => {
    const name = nameOf($.CONSUME(t.Name));
    $.CONSUME(t.Colon);
    const type = $.SUBRULE(types.type);
    return { kind: "field", name, type, start: name.start, end: type.end };
  });
  const fn: BodyRule = $.RULE("function", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.fn);
    const name = nameOf($.CONSUME(t.Name));
    const parameters: FieldTree[] = [];
    $.CONSUME(t.LParen);
    $.MANY_SEP({ SEP: t.Comma, DEF: () => void parameters.push($.SUBRULE(parameter)) });
    $.CONSUME(t.RParen);
    $.CONSUME(t.Arrow);
    const result = $.SUBRULE(types.type);
    $.CONSUME(t.Equal);
    const body = $.SUBRULE(expression);
    return { kind: "function", name, parameters, result, body, start, end: body.end };
  });
  return [constant, fn];
}

/** `prove "…" on a, b: permitted implies e` */
export function defineProof(
  grammar: Grammar,
  { expression }: ExpressionRules,
  actions: RuleRules["actions"],
): BodyRule {
  const { tools: $ } = grammar;
  return $.RULE("prove", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.prove);
    const title = rawOf($.CONSUME(t.Text));
    $.CONSUME(t.Keyword.on);
    const on = $.SUBRULE(actions);
    $.CONSUME(t.Colon);
    $.CONSUME(t.Keyword.permitted);
    $.CONSUME(t.Keyword.implies);
    const condition = $.SUBRULE(expression);
    return { kind: "prove", title, actions: on, condition, start, end: condition.end };
  });
}
