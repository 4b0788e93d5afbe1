/** Declarations of what the facts say beside entities. */
import type { BodyRule } from "./declarations.ts";
import type { ExpressionRules } from "./expressions.ts";
import type { Grammar } from "./machine.ts";
import { nameOf } from "./nodes.ts";
import * as t from "./tokens.ts";
import type { TypeRules } from "./types.ts";

/** `setting limit: decimal 0..1_000 = 100` */
export function defineSetting(grammar: Grammar, types: TypeRules, { expression }: ExpressionRules): BodyRule {
  const { tools: $ } = grammar;
  return $.RULE("settingDeclaration", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.setting);
    const name = nameOf($.CONSUME(t.Name));
    $.CONSUME(t.Colon);
    const type = $.SUBRULE(types.type);
    $.CONSUME(t.Equal);
    const value = $.SUBRULE(expression);
    return { kind: "setting", name, type, value, start, end: value.end };
  });
}
