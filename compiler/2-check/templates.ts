/** `because` and `note`: text with typed holes. */
import type { Template as Node } from "../ast.ts";
import type { Expr, Template } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import { checkValue } from "./expressions/expression.ts";
import { becauseReads, templateTooLong, wrongHole } from "./messages-rules.ts";
import { utf8Bytes } from "./order.ts";
import type { Env, Scope } from "./scope.ts";
import { isSized, showType } from "./types.ts";
import { operandsOf } from "./walk.ts";

const TEXT_BYTES_MAX = 1_024;

export function checkTemplate(
  template: Node,
  clause: "because" | "note",
  scope: Scope,
  env: Env,
): Template | null {
  const parts: Template["parts"][number][] = [];
  let bytes = 0;
  for (const part of template.parts) {
    if (part.kind === "text") {
      bytes += utf8Bytes(part.text);
      parts.push(part);
      continue;
    }
    const expr = checkHole(part.expr, clause, scope, env);
    if (expr !== null) parts.push({ kind: "hole", expr });
  }
  if (bytes > TEXT_BYTES_MAX) scope.report(templateTooLong(template.span, bytes, TEXT_BYTES_MAX));
  return bytes > TEXT_BYTES_MAX || parts.length !== template.parts.length ? null : { parts };
}

function checkHole(
  node: Extract<Node["parts"][number], { kind: "hole" }>["expr"],
  clause: "because" | "note",
  scope: Scope,
  env: Env,
): Expr | null {
  const { expr } = checkValue(node, scope, env);
  if (expr === null) return null;
  if (
    expr.type.kind === "record" ||
    expr.type.kind === "entry" ||
    expr.type.kind === "json" ||
    isSized(expr.type)
  ) {
    scope.report(wrongHole(expr.span, showType(expr.type)));
    return null;
  }
  const secret = clause === "because" ? firstSecret(expr, scope) : null;
  if (secret === null) return expr;
  scope.report(becauseReads(secret.span, secret.what));
  return null;
}

/** What the caller did not send and does not know: facts, time, trust; and loops, to keep reasons simple. */
function firstSecret(
  expr: Expr,
  scope: Scope,
): { readonly span: Expr["span"]; readonly what: string } | null {
  const what = secret(expr);
  if (what !== null) return { span: expr.span, what };
  for (const operand of operandsOf(expr)) {
    const found = firstSecret(operand, scope);
    if (found !== null) return found;
  }
  const overs = expr.kind === "variable" ? (scope.variables.sources.get(expr.id) ?? []) : [];
  for (const over of overs) {
    const found = firstSecret(over, scope);
    if (found !== null) return { span: expr.span, what: found.what };
  }
  return null;
}

function secret(expr: Expr): string | null {
  switch (expr.kind) {
    case "now":
    case "age":
      return "`now`";
    case "trust":
      return "`trust`";
    case "lookup":
    case "rows":
      return "tables";
    case "setting":
      return "settings";
    case "quantifier":
    case "aggregate":
      return `\`${expr.op}\``;
    case "attribute":
      return expr.of.type.kind === "entity" && expr.name !== "id" ? "attributes of entities" : null;
    case "below":
    case "below_any":
      return "who is in which group";
    case "exists":
      return "who exists";
    case "at":
    case "accessor":
    case "literal":
    case "field":
    case "variable":
    case "proved":
    case "resolved":
    case "reference":
    case "presence":
    case "coalesce":
    case "choose":
    case "local":
    case "not":
    case "and":
    case "or":
    case "equal":
    case "order":
    case "arithmetic":
    case "negate":
    case "member":
    case "between":
    case "text_test":
    case "pattern_test":
    case "path_within":
    case "size":
    case "sets":
    case "host_within":
    case "covered":
      return null;
    default:
      return unreachable(expr);
  }
}
