/** Two sides that tell each other their type. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import { type Env, isInScope, type Scope } from "../scope.ts";

export interface Pair {
  readonly left: Expr;
  readonly right: Expr;
}

/**
 * Checks both sides, the one with the surer type first, and each with the other's type as expectation:
 * `eu == zone`, `20 < dose * 2` and `"/a" == file` mean what their mirror images do.
 */
export function checkPair(
  left: Node,
  right: Node,
  scope: Scope,
  env: Env,
  expected: Type | null = null,
): Pair | null {
  const isRightFirst = doubt(right, scope, env) < doubt(left, scope, env);
  const [first, second] = isRightFirst ? [right, left] : [left, right];
  const a = scope.check(first, scope, env, expected).expr;
  // Without the first one's type, a bare word would only cause a second message about the same mistake.
  if (a === null && doubt(second, scope, env) === 2) return null;
  const b = scope.check(second, scope, env, a?.type ?? expected).expr;
  if (a === null || b === null) return null;
  return isRightFirst ? { left: b, right: a } : { left: a, right: b };
}

/** How much a type depends on the surroundings: 0 not, 1 a literal that can be converted, 2 entirely. */
export function doubt(node: Node, scope: Scope, env: Env): number {
  if (node.kind === "name") {
    const binding = scope.bindings.get(node.name);
    if (binding?.kind === "const" || binding?.kind === "let") return binding.doubt;
    return isInScope(node.name, scope, env) ? 0 : 2;
  }
  if (node.kind === "int" || node.kind === "text") return 1;
  if (node.kind === "negate") return doubt(node.of, scope, env);
  if (node.kind === "collection") {
    let most = node.elements.length === 0 ? 2 : 0;
    for (const element of node.elements) most = Math.max(most, doubt(element, scope, env));
    return most;
  }
  if (node.kind === "if") return Math.min(doubt(node.value, scope, env), doubt(node.otherwise, scope, env));
  if (node.kind !== "binary") return 0;
  if (node.op === "??") return doubt(node.left, scope, env);
  if (!"+-*/%".includes(node.op)) return 0;
  return Math.min(doubt(node.left, scope, env), doubt(node.right, scope, env));
}
