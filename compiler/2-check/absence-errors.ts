/**
 * Errors that leaving out a path makes disappear. A rule that errs denies; so if an error depends on the
 * path, by its operands or by whether it is reached at all, leaving the path out could turn that denial into
 * what the other rules say.
 */
import type { RuleDeclaration } from "../ast.ts";
import type { Argument, Expr } from "../checked.ts";
import type { AbsentPath, Clauses } from "./absence.ts";
import type { Silence } from "./absent-ok.ts";
import { type Direction, type Drop, direction } from "./direction.ts";
import { absenceHidesError } from "./messages-rules.ts";
import { pathKey } from "./narrowing.ts";
import type { Scope } from "./scope.ts";
import { operandsOf } from "./walk.ts";
import { useOf } from "./witness.ts";

type Report = (erring: Expr) => void;

/**
 * The answer of an expression with which a rule of `deny` or stronger surely fires, or null. Where an error
 * is skipped because of just that answer, nothing is loosened: the error would have denied, and now the rule
 * does.
 */
type Firing = boolean | null;

export function reportLostErrors(
  { verdict }: RuleDeclaration,
  { when, unless, obliges, witness }: Clauses,
  path: AbsentPath,
  drop: Drop,
  silence: Silence,
  scope: Scope,
): void {
  const report = (erring: Expr): void => {
    if (silence.covers(path.origin)) return;
    scope.report(absenceHidesError(firstErring(erring).span, path.origin ?? path.text));
  };
  const denies = verdict !== "allow" && verdict !== "hold";
  if (when !== null) lost(when, denies && unless === null ? true : null, drop, report);
  const change = when === null ? "same" : direction(when, drop);
  for (const { args } of obliges) {
    for (const arg of args) {
      // Another member may be the first one: then the argument speaks of that.
      const isMoved = change !== "same" && witness !== null && useOf(witness.id, arg.value) !== null;
      lostInArgument(arg, isMoved ? "any" : change, unless, drop, report);
    }
  }
  if (unless === null) return;
  lost(unless, denies && change === "same" ? false : null, drop, report);
  // `unless` is looked at only where `when` held.
  if (unless.mayErr && isReachedLess(change, true)) report(unless);
}

/** Arguments are looked at where the rule fires, and one outside what is declared is an error of its own. */
function lostInArgument(
  { value, fits }: Argument,
  change: Direction,
  unless: Expr | null,
  drop: Drop,
  report: Report,
): void {
  const isSkipped =
    isReachedLess(change, true) || (unless !== null && isReachedLess(direction(unless, drop), false));
  lost(value, null, drop, report);
  if (value.mayErr && isSkipped) report(value);
  if (!fits && (isSkipped || direction(value, drop) !== "same")) report(value);
}

function lost(expr: Expr, firing: Firing, drop: Drop, report: Report): void {
  if (!expr.mayErr) return;
  // The default is looked at only where the path is absent: its errors can appear, never disappear.
  if (expr.kind === "coalesce" && pathKey(expr.of) === drop.path) return;
  if (expr.kind === "choose") {
    lostInChoice(expr, firing, drop, report);
    return;
  }
  const within = firingWithin(expr, firing);
  for (const operand of operandsOf(expr)) lost(operand, within, drop, report);
  if (canErrItself(expr) && operandsOf(expr).some((part) => direction(part, drop) !== "same")) report(expr);
  if (expr.kind === "and" || expr.kind === "or") {
    const isAnd = expr.kind === "and";
    const isReached = isReachedLess(direction(expr.left, drop), isAnd);
    if (expr.right.mayErr && isReached && firing !== !isAnd) report(expr.right);
  }
  if (expr.kind === "quantifier" && expr.body.mayErr) {
    const isAll = expr.op === "all";
    const isReached = expr.op !== "count" && isReachedLess(direction(expr.body, drop), isAll);
    const stopsEarlier = isReached && firing !== !isAll;
    if (stopsEarlier || direction(expr.over, drop) !== "same") report(expr.body);
  }
  if (expr.kind === "aggregate" && expr.body.mayErr && direction(expr.over, drop) !== "same")
    report(expr.body);
}

/** A part is looked at only where the condition leads to it. */
function lostInChoice(
  expr: Extract<Expr, { kind: "choose" }>,
  firing: Firing,
  drop: Drop,
  report: Report,
): void {
  const { condition, value, otherwise } = expr;
  lost(condition, null, drop, report);
  lost(value, firing, drop, report);
  lost(otherwise, firing, drop, report);
  const change = direction(condition, drop);
  if (value.mayErr && isReachedLess(change, true)) report(value);
  if (otherwise.mayErr && isReachedLess(change, false)) report(otherwise);
}

/** One true side makes an `or` true, one false side an `and` false; with the other answers it takes both. */
function firingWithin(expr: Expr, firing: Firing): Firing {
  if (firing === null) return null;
  if (expr.kind === "not") return !firing;
  if (expr.kind === "or") return firing ? true : null;
  return expr.kind === "and" && !firing ? false : null;
}

/** What is looked at only while a test is `truth` may be looked at less often when the test changes so. */
function isReachedLess(change: Direction, truth: boolean): boolean {
  return change === "any" || change === (truth ? "lower" : "higher");
}

function canErrItself(expr: Expr): boolean {
  if (expr.kind === "age") return true;
  if (expr.kind === "local") return expr.mayLeave;
  if (expr.kind === "negate" || expr.kind === "aggregate") return expr.mayOverflow;
  return expr.kind === "arithmetic" && (expr.mayOverflow || expr.mayDivideByZero);
}

/** The smallest part to underline: the first one that errs itself. */
function firstErring(expr: Expr): Expr {
  for (const operand of operandsOf(expr)) if (operand.mayErr) return firstErring(operand);
  return expr;
}
