/**
 * Errors that leaving out a path makes disappear. A rule that errs denies; so if an error depends on the path,
 * by its operands or by whether it is reached at all, leaving the path out could turn that denial into what the
 * other rules say.
 */
import type { Expr } from "../checked.ts";
import type { AbsentPath, Clauses } from "./absence.ts";
import type { Silence } from "./absent-ok.ts";
import { type Direction, type Drop, direction } from "./direction.ts";
import { absenceHidesError } from "./messages-rules.ts";
import { pathKey } from "./narrowing.ts";
import type { Scope } from "./scope.ts";
import { operandsOf } from "./walk.ts";

type Report = (erring: Expr) => void;

export function reportLostErrors(
  { when, unless }: Clauses,
  path: AbsentPath,
  drop: Drop,
  silence: Silence,
  scope: Scope,
): void {
  const report = (erring: Expr): void => {
    if (silence.covers(path.origin)) return;
    scope.report(absenceHidesError(firstErring(erring).span, path.origin ?? path.text));
  };
  if (when !== null) lost(when, drop, report);
  if (unless === null) return;
  lost(unless, drop, report);
  // `unless` is looked at only where `when` held.
  if (unless.mayErr && when !== null && isReachedLess(direction(when, drop), true)) report(unless);
}

function lost(expr: Expr, drop: Drop, report: Report): void {
  if (!expr.mayErr) return;
  if (expr.kind === "coalesce" && pathKey(expr.of) === drop.path) {
    // The default is looked at only where the path is absent: its errors can appear, never disappear.
    return;
  }
  for (const operand of operandsOf(expr)) lost(operand, drop, report);
  if (canErrItself(expr) && operandsOf(expr).some((part) => direction(part, drop) !== "same")) report(expr);
  if (expr.kind === "and" || expr.kind === "or") {
    const isReached = isReachedLess(direction(expr.left, drop), expr.kind === "and");
    if (expr.right.mayErr && isReached) report(expr.right);
  }
  if (expr.kind === "quantifier" && expr.body.mayErr) {
    const stopsEarlier = expr.op !== "count" && isReachedLess(direction(expr.body, drop), expr.op === "all");
    if (stopsEarlier || direction(expr.over, drop) !== "same") report(expr.body);
  }
}

/** What is looked at only while a test is `truth` may be looked at less often when the test changes so. */
function isReachedLess(change: Direction, truth: boolean): boolean {
  return change === "any" || change === (truth ? "lower" : "higher");
}

function canErrItself(expr: Expr): boolean {
  if (expr.kind === "negate") return expr.mayOverflow;
  return expr.kind === "arithmetic" && (expr.mayOverflow || expr.mayDivideByZero);
}

/** The smallest part to underline: the first one that errs itself. */
function firstErring(expr: Expr): Expr {
  for (const operand of operandsOf(expr)) if (operand.mayErr) return firstErring(operand);
  return expr;
}
