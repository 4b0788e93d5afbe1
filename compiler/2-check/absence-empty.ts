/**
 * Tests that an empty collection passes. `all` over nothing is true, so whoever sends nothing would be
 * granted what was meant for those whose every member is good; `not any` says the same, and so does a
 * `count` or a `sum` that 0 satisfies, `subset_of`, `disjoint_from` and `not (… overlaps …)`. In a
 * restricting rule `any` finds something bad, and nothing is not bad: that is no such test unless it stands
 * under a `not` or `unless`.
 */
import type { RuleDeclaration } from "../ast.ts";
import type { Expr } from "../checked.ts";
import type { Clauses } from "./absence.ts";
import { originOf, type Silence } from "./absent-ok.ts";
import { truthOf } from "./abstract.ts";
import { emptyGrants } from "./messages-rules.ts";
import type { Scope } from "./scope.ts";
import { isSized } from "./types.ts";
import { operandsOf } from "./walk.ts";

type Quantifier = Extract<Expr, { kind: "quantifier" | "aggregate" }>;

/** Where truth grants, where it restricts (and whether under a negation), and where it may do either. */
interface Position {
  readonly grants: boolean;
  readonly restricts: boolean;
  readonly isNegated: boolean;
}

interface Checking {
  readonly silence: Silence;
  readonly scope: Scope;
}

export function checkEmpty(
  { verdict }: RuleDeclaration,
  { when, unless }: Clauses,
  silence: Silence,
  scope: Scope,
): void {
  const grants = verdict === "allow";
  const checking = { silence, scope };
  const position = { grants, restricts: !grants, isNegated: false };
  if (when !== null) visit(when, position, checking);
  if (unless !== null) visit(unless, flipped(position), checking);
}

function flipped({ grants, restricts }: Position): Position {
  return { grants: restricts, restricts: grants, isNegated: true };
}

const BOTH: Position = { grants: true, restricts: true, isNegated: true };

function visit(expr: Expr, position: Position, checking: Checking): void {
  if (expr.type.kind !== "bool") return;
  if (expr.kind === "not") {
    visit(expr.of, flipped(position), checking);
  } else if (expr.kind === "and" || expr.kind === "or") {
    visit(expr.left, position, checking);
    visit(expr.right, position, checking);
  } else if (expr.kind === "choose") {
    visit(expr.condition, BOTH, checking);
    visit(expr.value, position, checking);
    visit(expr.otherwise, position, checking);
  } else if (expr.kind === "quantifier") {
    if (isHazard(expr.op === "all", position)) report(expr.over, expr, checking);
    visit(expr.body, position, checking);
  } else if (expr.kind === "sets") {
    for (const { side, truth } of emptied(expr)) {
      if (isHazard(truth, position)) report(side, expr, checking);
    }
  } else {
    for (const operand of operandsOf(expr)) visitWithin(operand, checking);
    for (const count of countsIn(expr)) {
      const truth = truthOf(expr, { absent: null, empty: count.over });
      if (isHazard(truth, position)) report(count.over, expr, checking);
      visit(count.body, bodyPosition(count, expr, position), checking);
    }
  }
}

/** Truth values that a test compares, or that choose between what it compares. */
function visitWithin(expr: Expr, checking: Checking): void {
  if (expr.type.kind === "bool") visit(expr, BOTH, checking);
  else if (expr.kind !== "quantifier" && expr.kind !== "aggregate") {
    for (const operand of operandsOf(expr)) visitWithin(operand, checking);
  }
}

/**
 * `truth` is the test's answer for the empty collection; null where that depends, which counts as the worse.
 */
function isHazard(truth: boolean | null, { grants, restricts, isNegated }: Position): boolean {
  return (grants && truth !== false) || (restricts && isNegated && truth !== true);
}

interface Emptied {
  readonly side: Expr;
  /** What the test says where this side is empty. */
  readonly truth: boolean;
}

/** The sides that decide by being empty; a set on the right of `subset_of` is what is asked for. */
function emptied({ op, left, right }: Extract<Expr, { kind: "sets" }>): readonly Emptied[] {
  const truth = op !== "overlaps";
  return op === "subset_of"
    ? [{ side: left, truth }]
    : [
        { side: left, truth },
        { side: right, truth },
      ];
}

function report(over: Expr, test: Expr, { silence, scope }: Checking): void {
  if (isSized(over.type) && over.type.min > 0) return;
  // `/` has no segments: whoever leaves them out names another path, and that is judged.
  if (over.kind === "attribute" && over.of.type.kind === "path") return;
  const origin = originOf(over.kind === "coalesce" ? over.of : over, scope);
  if (!silence.covers(origin)) scope.report(emptyGrants(test.span, origin));
}

/** Those that this test compares, not those inside of other tests. */
function countsIn(expr: Expr): readonly Quantifier[] {
  const counts: Quantifier[] = [];
  for (const operand of operandsOf(expr)) {
    if (operand.type.kind === "bool") continue;
    if (operand.kind === "quantifier" || operand.kind === "aggregate") counts.push(operand);
    if (operand.kind !== "quantifier") counts.push(...countsIn(operand));
  }
  return counts;
}

/** A body that holds more often makes a count larger: good for `count > n`, bad for `count < n`. */
function bodyPosition(count: Quantifier, test: Expr, position: Position): Position {
  if (test.kind !== "order") return BOTH;
  const isUp = test.op === ">" || test.op === ">=";
  if (test.left === count) return isUp ? position : flipped(position);
  if (test.right === count) return isUp ? flipped(position) : position;
  return BOTH;
}
