/** `is present`, `is absent`, `??`: the three that take an optional as it is. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import { rowOtherwise } from "../messages-entities.ts";
import { neverAbsent, notAPath } from "../messages-rules.ts";
import { wrongType } from "../messages-types.ts";
import { NOTHING, pathKey } from "../narrowing.ts";
import { done, type Env, FAILED, type Outcome, outcome, type Scope } from "../scope.ts";
import { BOOL, isSized, plain, sameType, showType } from "../types.ts";
import { asReference } from "./refs.ts";

export function checkPresence(node: Extract<Node, { kind: "presence" }>, scope: Scope, env: Env): Outcome {
  const of = optionalPath(node.of, node.present ? "is present" : "is absent", scope, env, null);
  if (of === null) return FAILED;
  const key = new Set([of.key]);
  const expr: Expr = {
    kind: "presence",
    of: of.expr,
    present: node.present,
    type: BOOL,
    span: node.span,
    mayErr: of.expr.mayErr,
  };
  return node.present ? outcome(expr, key, NOTHING) : outcome(expr, NOTHING, key);
}

export function checkCoalesce(
  node: Extract<Node, { kind: "binary" }>,
  scope: Scope,
  env: Env,
  expected: Type | null,
): Outcome {
  const of = optionalPath(node.left, "??", scope, env, expected);
  const within = of === null ? expected : plain(of.expr.type);
  if (of?.expr.kind === "lookup") {
    scope.report(rowOtherwise(node.span));
    return FAILED;
  }
  const { expr: given } = scope.check(node.right, scope, env, within);
  if (of === null || given === null || within === null) return FAILED;
  const otherwise = asReference(given, within);
  if (!sameType(within, otherwise.type)) {
    scope.report(wrongType(node.right.span, showType(within), showType(otherwise.type)));
    return FAILED;
  }
  return done({
    kind: "coalesce",
    of: of.expr,
    otherwise,
    type: union(within, otherwise.type),
    span: node.span,
    mayErr: of.expr.mayErr || otherwise.mayErr,
  });
}

function optionalPath(
  node: Node,
  what: "??" | "is present" | "is absent",
  scope: Scope,
  env: Env,
  expected: Type | null,
): { readonly expr: Expr; readonly key: string } | null {
  const { expr } = scope.checkRaw(node, scope, env, expected);
  if (expr === null) return null;
  if (expr.type.kind !== "optional") {
    scope.report(neverAbsent(node.span, what, showType(expr.type)));
    return null;
  }
  const key = pathKey(expr);
  if (key !== null) return { expr, key };
  // Nothing can be proved of it, but a default can stand in.
  if (expr.kind === "aggregate" && what === "??") return { expr, key: "" };
  scope.report(notAPath(node.span));
  return null;
}

/** Two types that are the same apart from ranges and bounds: the one that holds the values of both. */
export function union(a: Type, b: Type): Type {
  if ((a.kind === "int" || a.kind === "decimal") && b.kind === a.kind) {
    return { kind: a.kind, min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max };
  }
  if (a.kind === "string" && b.kind === "string") {
    return { kind: "string", id: a.id && b.id, bytesMax: Math.max(a.bytesMax, b.bytesMax) };
  }
  if ((a.kind === "path" || a.kind === "json") && b.kind === a.kind) {
    return { kind: a.kind, bytesMax: Math.max(a.bytesMax, b.bytesMax) };
  }
  if (a.kind === "shaped" && b.kind === "shaped") {
    return { ...a, bytesMax: Math.max(a.bytesMax, b.bytesMax) };
  }
  if (isSized(a) && b.kind === a.kind) {
    const [min, max] = [Math.min(a.min, b.min), Math.max(a.max, b.max)];
    return { kind: a.kind, of: union(a.of, b.of), min, max };
  }
  if (a.kind === "optional" && b.kind === "optional") return { kind: a.kind, of: union(a.of, b.of) };
  return a;
}
