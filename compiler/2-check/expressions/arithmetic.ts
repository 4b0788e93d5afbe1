/** `+ - * / %` and unary `-`: the meaning by the types of both sides, the rest by intervals. */
import { INT_MAX, INT_MIN, type Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import type { ArithmeticOperator, Expr } from "../../checked.ts";
import { rangeOf } from "../abstract.ts";
import {
  type ArithmeticBounds,
  arithmeticBounds,
  type Interval,
  type Meaning,
  negateBounds,
} from "../intervals.ts";
import { certainError, wrongOperands } from "../messages-types.ts";
import { done, type Env, FAILED, type Outcome, type Scope } from "../scope.ts";
import { DURATION, INT, showType, TIMESTAMP } from "../types.ts";
import { literal, numberLiteral } from "./literals.ts";
import { checkPair } from "./operands.ts";

type BinaryNode = Extract<Node, { kind: "binary" }>;

/** Kinds of both sides and the operator to the meaning; what is not here has none. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ...["+", "-", "*", "/", "%"].flatMap((op): [string, Meaning][] => [
    [`int ${op} int`, "int"],
    [`decimal ${op} decimal`, "decimal"],
  ]),
  ["duration + duration", "duration"],
  ["duration - duration", "duration"],
  ["duration % duration", "duration"],
  ["timestamp + duration", "shift"],
  ["timestamp - duration", "shift"],
  ["duration + timestamp", "shift"],
  ["timestamp - timestamp", "gap"],
  ["duration * int", "scale"],
  ["int * duration", "scale"],
  ["duration / int", "scale"],
  ["duration / duration", "ratio"],
]);

const ALL: Interval = { min: INT_MIN, max: INT_MAX };

export function checkArithmetic(
  node: BinaryNode,
  op: ArithmeticOperator,
  scope: Scope,
  env: Env,
  expected: Type | null,
): Outcome {
  const pair = checkPair(node.left, node.right, scope, env, expected?.kind === "decimal" ? expected : null);
  if (pair === null) return FAILED;
  const { left, right } = pair;
  const meaning = MEANINGS.get(`${left.type.kind} ${op} ${right.type.kind}`);
  if (meaning === undefined) {
    const found = [showType(left.type), showType(right.type)];
    scope.report(wrongOperands(node.span, op, found, takes(op), mixHint(left.type, right.type)));
    return FAILED;
  }
  const bounds = arithmeticBounds(op, meaning, rangeOf(left) ?? ALL, rangeOf(right) ?? ALL);
  if (bounds.result === null) {
    scope.report(certainError(node.span, bounds.mayDivideByZero ? "divide" : "overflow"));
    return FAILED;
  }
  const type = resultType(meaning, bounds.result);
  if (left.kind === "literal" && right.kind === "literal") return done(folded(bounds, type, node));
  return done({
    kind: "arithmetic",
    op,
    meaning,
    left,
    right,
    mayOverflow: bounds.mayOverflow,
    mayDivideByZero: bounds.mayDivideByZero,
    type,
    span: node.span,
    mayErr: left.mayErr || right.mayErr || bounds.mayOverflow || bounds.mayDivideByZero,
  });
}

/** Two points have one result, and intervals of it are exact. */
function folded(bounds: ArithmeticBounds, type: Type, node: Node): Expr {
  return literal(bounds.result?.min, type, node.span);
}

function resultType(meaning: Meaning, { min, max }: Interval): Type {
  switch (meaning) {
    case "int":
    case "ratio":
      return { kind: "int", min, max };
    case "decimal":
      return { kind: "decimal", min, max };
    case "shift":
      return TIMESTAMP;
    case "duration":
    case "gap":
    case "scale":
      return DURATION;
  }
}

function takes(op: ArithmeticOperator): string {
  switch (op) {
    case "+":
      return "two numbers of one type, two durations, or a timestamp and a duration";
    case "-":
      return "two numbers of one type, two durations, two timestamps, or a timestamp and a duration";
    case "*":
      return "two numbers of one type, or a duration and an `int`";
    case "/":
      return "two numbers of one type, two durations, or a duration and an `int`";
    case "%":
      return "two numbers of one type, or two durations";
  }
}

function mixHint(left: Type, right: Type): string | null {
  const kinds = [left.kind, right.kind];
  if (kinds.includes("int") && kinds.includes("decimal")) {
    return "an `int` is never converted, apart from literals: declare both as `decimal`";
  }
  return kinds.includes("string") ? "text is never computed" : null;
}

export function checkNegate(
  node: Extract<Node, { kind: "negate" }>,
  scope: Scope,
  env: Env,
  expected: Type | null,
): Outcome {
  if (node.of.kind === "int" || node.of.kind === "decimal") {
    return numberLiteral(node.of, -node.of.value, node.span, scope, expected);
  }
  const { expr: of } = scope.check(node.of, scope, env, expected);
  if (of === null) return FAILED;
  const { kind } = of.type;
  if (kind !== "int" && kind !== "decimal" && kind !== "duration") {
    const found = [showType(of.type)];
    scope.report(wrongOperands(node.span, "-", found, "`int`, `decimal` or `duration`"));
    return FAILED;
  }
  const { result, mayOverflow } = negateBounds(rangeOf(of) ?? ALL);
  if (result === null) {
    scope.report(certainError(node.span, "overflow"));
    return FAILED;
  }
  const type: Type = kind === "duration" ? DURATION : { ...INT, kind, ...result };
  if (of.kind === "literal") return done(literal(result.min, type, node.span));
  return done({ kind: "negate", of, mayOverflow, type, span: node.span, mayErr: of.mayErr || mayOverflow });
}
