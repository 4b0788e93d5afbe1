/** `subset_of`, `overlaps`, `disjoint_from`. */
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import { wrongOperands } from "../messages-types.ts";
import { done, type Env, FAILED, type Outcome, type Scope } from "../scope.ts";
import { BOOL, sameType, showType } from "../types.ts";
import { checkPair } from "./operands.ts";

export function checkSets(
  node: Extract<Node, { kind: "binary" }>,
  op: Extract<Expr, { kind: "sets" }>["op"],
  scope: Scope,
  env: Env,
): Outcome {
  const pair = checkPair(node.left, node.right, scope, env);
  if (pair === null) return FAILED;
  const { left, right } = pair;
  if (left.type.kind !== "set" || !sameType(left.type, right.type)) {
    const found = [showType(left.type), showType(right.type)];
    const isList = left.type.kind === "list" || right.type.kind === "list";
    const hint = isList ? "the members of a list are asked one by one, with `any` and `all`" : null;
    scope.report(wrongOperands(node.span, op, found, "two sets of one type", hint));
    return FAILED;
  }
  const mayErr = left.mayErr || right.mayErr;
  return done({ kind: "sets", op, left, right, type: BOOL, span: node.span, mayErr });
}
