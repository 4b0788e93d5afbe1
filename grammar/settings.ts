/** Declarations of what the facts say beside entities. */
import type { BodyRule } from "./declarations.ts";
import type { ExpressionRules } from "./expressions.ts";
import type { Grammar } from "./machine.ts";
import { nameOf, rawOf } from "./nodes.ts";
import { lastEnd } from "./recovery.ts";
import * as t from "./tokens.ts";
import type { NameTree } from "./tree.ts";
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

/** `table grant { agent: Agent, rows: int } key agent max 64 per agent` */
export function defineTable(grammar: Grammar, { fields }: TypeRules): BodyRule {
  const { tools: $ } = grammar;
  return $.RULE("tableDeclaration", () => {
    const { startOffset: start } = $.CONSUME(t.Keyword.table);
    const name = nameOf($.CONSUME(t.Name));
    const read = $.SUBRULE(fields);
    const key: NameTree[] = [];
    const per: NameTree[] = [];
    $.CONSUME(t.Keyword.key);
    $.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => void key.push(nameOf($.CONSUME1(t.Name))) });
    const max = $.OPTION(() => {
      $.CONSUME(t.Keyword.max);
      const most = rawOf($.CONSUME(t.Integer));
      $.CONSUME(t.Keyword.per);
      $.AT_LEAST_ONE_SEP1({ SEP: t.Comma, DEF: () => void per.push(nameOf($.CONSUME2(t.Name))) });
      return most;
    });
    return { kind: "table", name, fields: read, key, max: max ?? null, per, start, end: lastEnd(grammar) };
  });
}
