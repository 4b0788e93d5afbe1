/** Arithmetic: a plain machine instruction where the checker proved it safe, else a checked library call. */
import type { Expr } from "../checked.ts";
import type { IrExpr } from "../ir.ts";
import { call, lowerValue } from "./expressions.ts";
import type { Scope } from "./scope.ts";

const CHECKED = { "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "remainder" } as const;

export function lowerArithmetic(expr: Extract<Expr, { kind: "arithmetic" | "negate" }>, scope: Scope): IrExpr {
  if (expr.kind === "negate") {
    const of = lowerValue(expr.of, scope);
    return expr.mayOverflow ? call("negate", of) : { kind: "minus", of };
  }
  const left = lowerValue(expr.left, scope);
  const right = lowerValue(expr.right, scope);
  if (expr.meaning === "decimal" && expr.op === "*") return call("multiplyDecimal", left, right);
  if (expr.meaning === "decimal" && expr.op === "/") return call("divideDecimal", left, right);
  const checked = expr.mayOverflow || expr.mayDivideByZero;
  return checked ? call(CHECKED[expr.op], left, right) : { kind: "operator", op: expr.op, left, right };
}
