/** Where the numbers of an expression lie, for what intervals can prove about it. */
import { DURATION_MAX, TIMESTAMP_MAX, TIMESTAMP_MIN, type Type } from "@polity/runtime/layout.ts";
import type { Expr } from "../checked.ts";
import { arithmeticBounds, hull, type Interval, negateBounds, point } from "./intervals.ts";
import { pathKey } from "./narrowing.ts";

/**
 * The values that the expression can have where the path `absent` is absent (null: nothing is assumed), or
 * null where it is no number. The types of `int` and `decimal` carry their interval; times need this walk.
 */
export function rangeOf(expr: Expr, absent: string | null = null): Interval | null {
  const within = typeRange(expr.type);
  if (within === null) return null;
  switch (expr.kind) {
    case "literal":
      return typeof expr.value === "bigint" ? point(expr.value) : within;
    case "arithmetic": {
      const left = rangeOf(expr.left, absent);
      const right = rangeOf(expr.right, absent);
      if (left === null || right === null) return within;
      return arithmeticBounds(expr.op, expr.meaning, left, right).result ?? within;
    }
    case "negate": {
      const of = rangeOf(expr.of, absent);
      return of === null ? within : (negateBounds(of).result ?? within);
    }
    case "coalesce": {
      const otherwise = rangeOf(expr.otherwise, absent) ?? within;
      if (absent !== null && pathKey(expr.of) === absent) return otherwise;
      const of = expr.of.type.kind === "optional" ? typeRange(expr.of.type.of) : null;
      return of === null ? within : hull(of, otherwise);
    }
    default:
      return within;
  }
}

/** As values of a field have it: a timestamp of the request lies in years 1 to 9999. */
function typeRange(type: Type): Interval | null {
  if (type.kind === "int" || type.kind === "decimal") return type;
  if (type.kind === "timestamp") return { min: TIMESTAMP_MIN, max: TIMESTAMP_MAX };
  return type.kind === "duration" ? { min: -DURATION_MAX, max: DURATION_MAX } : null;
}
