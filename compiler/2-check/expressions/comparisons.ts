/** `== != < <= > >=`. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import { documentCompared } from "../messages-collections.ts";
import { wrongOperands } from "../messages-types.ts";
import { done, type Env, FAILED, type Outcome, type Scope } from "../scope.ts";
import { BOOL, isOrdered, sameType, showType } from "../types.ts";
import type { World } from "../world.ts";
import { checkPair } from "./operands.ts";
import { asReference } from "./refs.ts";

type BinaryNode = Extract<Node, { kind: "binary" }>;

export function checkEquality(node: BinaryNode, negated: boolean, scope: Scope, env: Env): Outcome {
  const pair = checkPair(node.left, node.right, scope, env);
  if (pair === null) return FAILED;
  const left = asReference(pair.left, pair.right.type);
  const right = asReference(pair.right, pair.left.type);
  if (!sameType(left.type, right.type)) {
    const found = [showType(left.type), showType(right.type)];
    const hint = left.type.kind === "entity" && right.type.kind === "entity" ? "is `in` meant?" : null;
    scope.report(wrongOperands(node.span, node.op, found, "two values of one type", hint));
    return FAILED;
  }
  if (left.type.kind === "json") {
    scope.report(documentCompared(node.span));
    return FAILED;
  }
  const mayErr = left.mayErr || right.mayErr;
  return done({ kind: "equal", negated, left, right, type: BOOL, span: node.span, mayErr });
}

/** Times, numbers, and the members of an ordered enum. */
export function hasOrder(type: Type, world: World): boolean {
  return isOrdered(type) || (type.kind === "enum" && world.ordered.has(type.name));
}

export function orderHint(type: Type): string | null {
  if (type.kind !== "enum") return null;
  return `the members of \`${type.name}\` have no order: declare an \`ordered enum\`, or use \`in {…}\``;
}

export function checkOrder(node: BinaryNode, op: "<" | "<=" | ">" | ">=", scope: Scope, env: Env): Outcome {
  const pair = checkPair(node.left, node.right, scope, env);
  if (pair === null) return FAILED;
  const { left, right } = pair;
  if (!sameType(left.type, right.type) || !hasOrder(left.type, scope.world)) {
    const found = [showType(left.type), showType(right.type)];
    const takes = "two values of one type: `int`, `decimal`, `timestamp`, `duration` or an ordered enum";
    scope.report(wrongOperands(node.span, op, found, takes, orderHint(left.type)));
    return FAILED;
  }
  const mayErr = left.mayErr || right.mayErr;
  return done({ kind: "order", op, left, right, type: BOOL, span: node.span, mayErr });
}
