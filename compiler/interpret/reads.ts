/** What an expression reads. */
import type { Expr } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";

export interface Read {
  /** As it is written: `now`, `trust`, `amount`, `agent.owner.limit`. */
  readonly path: string;
  readonly read: Expr;
}

/** The longest paths that start at a field, `now` or `trust`, from left to right; not those of variables. */
export function readsOf(expr: Expr): readonly Read[] {
  const path = pathOf(expr);
  if (path !== undefined) return [{ path, read: expr }];
  return childrenOf(expr).flatMap(readsOf);
}

function pathOf(expr: Expr): string | undefined {
  if (expr.kind === "field" || expr.kind === "setting") return expr.name;
  if (expr.kind === "now" || expr.kind === "trust") return expr.kind;
  if (expr.kind === "proved" || expr.kind === "resolved" || expr.kind === "reference") {
    return pathOf(expr.of);
  }
  if (expr.kind !== "attribute") return undefined;
  const of = pathOf(expr.of);
  return of === undefined ? undefined : `${of}.${expr.name}`;
}

/** In the order of evaluation. */
function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "literal":
    case "field":
    case "now":
    case "trust":
    case "setting":
    case "variable":
      return [];
    case "attribute":
    case "proved":
    case "presence":
    case "exists":
    case "resolved":
    case "reference":
    case "not":
    case "negate":
    case "age":
    case "local":
    case "size":
    case "accessor":
    case "pattern_test":
      return [expr.of];
    case "lookup":
      return expr.keys;
    case "rows":
      return expr.prefix;
    case "coalesce":
      return [expr.of, expr.otherwise];
    case "choose":
      return [expr.condition, expr.value, expr.otherwise];
    case "and":
    case "or":
    case "equal":
    case "order":
    case "arithmetic":
    case "sets":
      return [expr.left, expr.right];
    case "at":
      return [expr.of, expr.key];
    case "member":
      return [expr.of, expr.within];
    case "between":
      return [expr.of, expr.from, expr.to];
    case "below":
      return [expr.of, expr.group];
    case "below_any":
      return [expr.of, expr.groups];
    case "text_test":
      return [expr.of, expr.pattern];
    case "path_within":
    case "host_within":
      return [expr.of, expr.base];
    case "covered":
      return [expr.of, expr.by];
    case "quantifier":
    case "aggregate":
      return [expr.over, expr.body];
    default:
      return unreachable(expr);
  }
}
