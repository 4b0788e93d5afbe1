/** Warnings about one rule's condition, from that rule alone: relations between rules are for a prover. */
import type { RuleDeclaration } from "../ast.ts";
import type { Expr } from "../checked.ts";
import { NO_ASSUMPTION, rangeOf, truthOf } from "./abstract.ts";
import { isFromFacts } from "./expressions/membership.ts";
import { decidedCondition, denyList, futurePasses, shapedText } from "./messages-warnings.ts";
import { pathText } from "./narrowing.ts";
import type { Scope } from "./scope.ts";
import { shapeOf } from "./text-shapes.ts";
import { operandsOf } from "./walk.ts";

export interface Conditions {
  readonly when: Expr | null;
  readonly unless: Expr | null;
}

export function checkConditions(rule: RuleDeclaration, { when, unless }: Conditions, scope: Scope): void {
  const clauses = [when, unless].filter((clause) => clause !== null);
  for (const clause of clauses) {
    warnDecided(clause, scope);
    warnShapes(clause, scope);
    warnFuture(clause, clauses, scope);
  }
  const grants = rule.verdict === "allow";
  if (when !== null) warnDenyLists(when, grants, scope);
  if (unless !== null) warnDenyLists(unless, !grants, scope);
}

/** The largest part that is decided, but the one side of an `and` or `or` that decides the whole. */
function warnDecided(expr: Expr, scope: Scope): void {
  const truth = truthOf(expr, NO_ASSUMPTION);
  const oneDecides = (expr.kind === "and" && truth === false) || (expr.kind === "or" && truth === true);
  if (truth !== null && !oneDecides) {
    scope.report(decidedCondition(expr.span, truth));
    return;
  }
  for (const operand of operandsOf(expr)) {
    // `flag == true` compares with a constant, which is not a condition.
    const isConstant = operand.kind === "literal" && expr.kind !== "and" && expr.kind !== "or";
    if (!isConstant && !isWithinName(operand, expr)) warnDecided(operand, scope);
  }
}

/** A part of what replaced a name stands where the whole stands: the message would seem to be about that. */
function isWithinName(operand: Expr, { span }: Expr): boolean {
  return operand.span.start === span.start && operand.span.end === span.end;
}

/** `grants`: whether truth here makes the answer more permissive. */
function warnDenyLists(expr: Expr, grants: boolean, scope: Scope): void {
  if (expr.kind === "not") warnDenyLists(expr.of, !grants, scope);
  else if (expr.kind === "and" || expr.kind === "or") {
    warnDenyLists(expr.left, grants, scope);
    warnDenyLists(expr.right, grants, scope);
  } else if (expr.kind === "quantifier" && expr.op !== "count") warnDenyLists(expr.body, grants, scope);
  else if (expr.kind === "equal" && expr.negated === grants) {
    if (expr.right.kind === "literal") warnFreeText(expr.left, expr, scope);
    else if (expr.left.kind === "literal") warnFreeText(expr.right, expr, scope);
  } else if (expr.kind === "member" && expr.negated === grants && expr.within.kind === "literal") {
    warnFreeText(expr.of, expr, scope);
  }
}

/** Facts are not written by who asks, and an entity's id is exact. */
function warnFreeText(text: Expr, test: Expr, scope: Scope): void {
  if (text.type.kind !== "string" || text.type.id || isFromFacts(text, scope)) return;
  if (text.kind === "attribute" && text.of.type.kind === "entity") return;
  const path = pathText(text.kind === "coalesce" ? text.of : text);
  if (path !== null) scope.report(denyList(test.span, path));
}

function warnShapes(expr: Expr, scope: Scope): void {
  const test = testOfPart(expr);
  if (test !== null) {
    const path = pathText(test.of.kind === "coalesce" ? test.of.of : test.of);
    const shape = path === null ? null : shapeOf(path, test.pattern);
    if (path !== null && shape !== null) scope.report(shapedText(expr.span, test.op, path, shape));
  }
  for (const operand of operandsOf(expr)) warnShapes(operand, scope);
}

/** A test of a beginning, an end or any part of a text; `pattern` is the text that it looks for, if any. */
function testOfPart(expr: Expr): { readonly op: string; readonly of: Expr; readonly pattern: string } | null {
  if (expr.kind === "pattern_test") {
    return expr.op === "contains" ? { op: expr.op, of: expr.of, pattern: "" } : null;
  }
  if (expr.kind !== "text_test") return null;
  const pattern = expr.pattern.kind === "literal" ? String(expr.pattern.value) : "";
  if (expr.op !== "like") return { op: expr.op, of: expr.of, pattern };
  const isOpen = pattern.startsWith("*") || /(?:^|[^\\])\*$/.test(pattern);
  return isOpen ? { op: expr.op, of: expr.of, pattern: pattern.replace(/^\*|\*$/g, "") } : null;
}

/** `now - t < d`, unless the rule also says that `t` is not in the future. */
function warnFuture(expr: Expr, clauses: readonly Expr[], scope: Scope): void {
  const test = comparison(expr);
  if (test !== null && (test.op === "<" || test.op === "<=")) {
    const time = sinceOf(test.left);
    if (time !== null && !clauses.some((clause) => excludesFuture(clause, time))) {
      scope.report(futurePasses(expr.span, time));
    }
  }
  for (const operand of operandsOf(expr)) warnFuture(operand, clauses, scope);
}

interface Comparison {
  readonly op: "<" | "<=" | ">" | ">=";
  readonly left: Expr;
  readonly right: Expr;
}

const MIRRORED = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;

/** Written so that a `now`, or what is computed from it, is on the left. */
function comparison(expr: Expr): Comparison | null {
  if (expr.kind !== "order") return null;
  const isOnLeft = expr.left.kind === "now" || sinceOf(expr.left) !== null;
  if (isOnLeft) return expr;
  return { op: MIRRORED[expr.op], left: expr.right, right: expr.left };
}

/** The `t` of `now - t`. */
function sinceOf(expr: Expr): string | null {
  if (expr.kind !== "arithmetic" || expr.meaning !== "gap" || expr.left.kind !== "now") return null;
  return pathText(expr.right);
}

/** Whoever compares `t` with `now` itself, in whatever way, has thought of the future. */
function excludesFuture(expr: Expr, time: string): boolean {
  const test = comparison(expr);
  if (test !== null && test.left.kind === "now" && pathText(test.right) === time) return true;
  if (test !== null && (test.op === ">" || test.op === ">=")) {
    const least = rangeOf(test.right);
    if (sinceOf(test.left) === time && least !== null && least.min >= 0n) return true;
  }
  return operandsOf(expr).some((operand) => excludesFuture(operand, time));
}
