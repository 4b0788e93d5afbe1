/**
 * "Absence never grants": no request becomes more permissive by leaving something out, apart from what
 * `@absent_ok` lists.
 *
 * A rule is safe for a path if, when the path turns absent, an allow can only stop firing, a restricting
 * rule can only start, and no error disappears (an erring rule denies, so its error restricts). The first
 * two are checked here with directions, the third in `absence-errors.ts`, empty collections in
 * `absence-empty.ts`. Rules that are each safe make a safe answer, since the verdict is monotone in every
 * rule.
 *
 * Only optional fields and attributes need care: leaving out anything else is refused at the door.
 */
import type { RuleDeclaration } from "../ast.ts";
import type { Approval, Expr, Oblige, Witness } from "../checked.ts";
import { checkEmpty } from "./absence-empty.ts";
import { reportLostErrors } from "./absence-errors.ts";
import { checkRecordEquality } from "./absence-records.ts";
import { originOf, type Silence } from "./absent-ok.ts";
import { type Direction, type Drop, direction, flip, newDrop } from "./direction.ts";
import { existenceLoosens } from "./messages-entities.ts";
import { absenceEscapes, absenceGrants, approversByAbsence } from "./messages-rules.ts";
import { existenceKey, pathKey, pathText } from "./narrowing.ts";
import type { Scope } from "./scope.ts";
import { operandsOf } from "./walk.ts";

export interface Clauses {
  readonly when: Expr | null;
  readonly unless: Expr | null;
  readonly approval: Approval | null;
  readonly obliges: readonly Oblige[];
  readonly witness: Witness | null;
}

/** A path that may be absent and that the rule asks about. */
export interface AbsentPath {
  readonly key: string;
  readonly text: string;
  /**
   * As `@absent_ok` names it; null where it cannot (an attribute of an entity that the rule itself names).
   */
  readonly origin: string | null;
  /** Not whether a value is there, but whether the entity that it names is. */
  readonly isExistence: boolean;
}

export function checkAbsence(rule: RuleDeclaration, clauses: Clauses, silence: Silence, scope: Scope): void {
  const { when, unless, approval } = clauses;
  const wanted: Direction = rule.verdict === "allow" ? "lower" : "higher";
  for (const path of pathsOf(clauses, scope)) {
    const drop = newDrop(path.key);
    const report = (test: Expr): void => {
      if (silence.covers(path.origin)) return;
      const name = path.origin ?? path.text;
      if (path.isExistence) scope.report(existenceLoosens(test.span, name));
      else if (rule.verdict === "allow") scope.report(absenceGrants(test.span, name));
      else scope.report(absenceEscapes(test.span, name, rule.verdict));
    };
    if (when !== null) reportWrong(when, wanted, drop, report);
    if (unless !== null) reportWrong(unless, flip(wanted), drop, report);
    reportLostErrors(rule, clauses, path, drop, silence, scope);
    if (approval !== null) reportApprovers(approval.group, path, drop, silence, scope);
  }
  for (const clause of [when, unless]) if (clause !== null) checkRecordEquality(clause, silence, scope);
  checkEmpty(rule, clauses, silence, scope);
}

/** Each path once, in the order in which the rule first asks about it. */
function pathsOf({ when, unless, approval, obliges }: Clauses, scope: Scope): readonly AbsentPath[] {
  const paths = new Map<string, AbsentPath>();
  const visit = (expr: Expr): void => {
    if (expr.kind === "presence" || expr.kind === "coalesce" || expr.kind === "exists") {
      const isExistence = expr.kind === "exists";
      const key = isExistence ? existenceKey(expr.of) : pathKey(expr.of);
      if (key !== null && !paths.has(key)) {
        const origin = originOf(expr.of, scope);
        paths.set(key, { key, text: pathText(expr.of) ?? key, origin, isExistence });
      }
    }
    for (const operand of operandsOf(expr)) visit(operand);
  };
  for (const part of [when, unless, approval?.group ?? null]) if (part !== null) visit(part);
  for (const { args } of obliges) for (const { value } of args) visit(value);
  return [...paths.values()];
}

/** Goes down to the smallest tests that can change the wrong way. */
function reportWrong(expr: Expr, wanted: Direction, drop: Drop, report: (test: Expr) => void): void {
  const found = direction(expr, drop);
  if (found === "same" || found === wanted) return;
  if (expr.kind === "and" || expr.kind === "or") {
    reportWrong(expr.left, wanted, drop, report);
    reportWrong(expr.right, wanted, drop, report);
  } else if (expr.kind === "not") {
    reportWrong(expr.of, flip(wanted), drop, report);
  } else if (expr.kind === "quantifier" && expr.op !== "count" && direction(expr.over, drop) === "same") {
    reportWrong(expr.body, wanted, drop, report);
  } else if (expr.kind === "choose") {
    if (direction(expr.condition, drop) !== "same") report(expr.condition);
    reportWrong(expr.value, wanted, drop, report);
    reportWrong(expr.otherwise, wanted, drop, report);
  } else report(expr);
}

/** Who may approve is no test with a direction: another group is never the safer one. */
function reportApprovers(group: Expr, path: AbsentPath, drop: Drop, silence: Silence, scope: Scope): void {
  const isReplaced = group.kind === "coalesce" && pathKey(group.of) === path.key;
  const isChosen = group.kind === "choose" && direction(group.condition, drop) !== "same";
  if ((isReplaced || isChosen) && !silence.covers(path.origin)) {
    scope.report(approversByAbsence(group.span, path.origin ?? path.text));
  }
  for (const operand of operandsOf(group)) reportApprovers(operand, path, drop, silence, scope);
}
