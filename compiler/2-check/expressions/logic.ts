/** `and or not`: bools in, bools out, and what they prove. */
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import { wrongOperands } from "../messages-types.ts";
import { bothFacts, eitherFacts } from "../narrowing.ts";
import { type Env, type Outcome, outcome, type Scope } from "../scope.ts";
import { BOOL, showType } from "../types.ts";

type BinaryNode = Extract<Node, { kind: "binary" }>;

/** The right side is evaluated only where the left is true, so it may rely on what that proves. */
export function checkAnd(node: BinaryNode, scope: Scope, env: Env): Outcome {
  const left = bool(node.left, "and", scope, env);
  const inner = { ...env, proved: bothFacts(env.proved, left.whenTrue) };
  const right = bool(node.right, "and", scope, inner);
  return outcome(
    connect("and", node, left.expr, right.expr),
    bothFacts(left.whenTrue, right.whenTrue),
    eitherFacts(left.whenFalse, right.whenFalse),
  );
}

export function checkOr(node: BinaryNode, scope: Scope, env: Env): Outcome {
  const left = bool(node.left, "or", scope, env);
  const inner = { ...env, proved: bothFacts(env.proved, left.whenFalse) };
  const right = bool(node.right, "or", scope, inner);
  return outcome(
    connect("or", node, left.expr, right.expr),
    eitherFacts(left.whenTrue, right.whenTrue),
    bothFacts(left.whenFalse, right.whenFalse),
  );
}

export function checkNot(node: Extract<Node, { kind: "not" }>, scope: Scope, env: Env): Outcome {
  const { expr, whenTrue, whenFalse } = bool(node.of, "not", scope, env);
  const negated: Expr | null =
    expr === null ? null : { kind: "not", of: expr, type: BOOL, span: node.span, mayErr: expr.mayErr };
  return outcome(negated, whenFalse, whenTrue);
}

function connect(kind: "and" | "or", node: Node, left: Expr | null, right: Expr | null): Expr | null {
  if (left === null || right === null) return null;
  return { kind, left, right, type: BOOL, span: node.span, mayErr: left.mayErr || right.mayErr };
}

function bool(node: Node, op: string, scope: Scope, env: Env): Outcome {
  const result = scope.check(node, scope, env, BOOL);
  if (result.expr === null || result.expr.type.kind === "bool") return result;
  scope.report(wrongOperands(node.span, op, [showType(result.expr.type)], "`bool`"));
  return outcome(null, result.whenTrue, result.whenFalse);
}
