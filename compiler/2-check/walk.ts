/** The parts of a checked expression, in the order in which they are evaluated. */
import type { Expr } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";

export function operandsOf(expr: Expr): readonly Expr[] {
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
