/** References: what may name an entity that is not there, and `exists`, which finds out. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import { notARef, unprovedRef } from "../messages-entities.ts";
import { notAPath } from "../messages-rules.ts";
import { existenceKey, NOTHING, pathText } from "../narrowing.ts";
import { type Env, FAILED, type Outcome, outcome, type Scope } from "../scope.ts";
import { BOOL, showType } from "../types.ts";

export function checkExists(node: Extract<Node, { kind: "exists" }>, scope: Scope, env: Env): Outcome {
  const { expr: of } = scope.check(node.of, scope, env, null);
  if (of === null) return FAILED;
  if (of.type.kind !== "ref") {
    scope.report(notARef(node.of.span, showType(of.type)));
    return FAILED;
  }
  const key = existenceKey(of);
  if (key === null) {
    scope.report(notAPath(node.of.span));
    return FAILED;
  }
  const expr: Expr = { kind: "exists", of, type: BOOL, span: node.span, mayErr: of.mayErr };
  return outcome(expr, new Set([key]), NOTHING);
}

/** A reference that is known to exist as the entity it names; null after a report, anything else as it is. */
export function asEntity(of: Expr, scope: Scope, env: Env): Expr | null {
  if (of.type.kind !== "ref") return of;
  const key = existenceKey(of);
  if (key !== null && env.proved.has(key)) return resolved(of);
  scope.report(unprovedRef(of.span, pathText(of), of.type.name));
  return null;
}

/** For a test in which an entity that does not exist is equal to no other. */
export function resolved(of: Expr): Expr {
  return { kind: "resolved", of, type: { ...entityNamed(of.type) }, span: of.span, mayErr: of.mayErr };
}

function entityNamed(type: Type): Type {
  return type.kind === "ref" ? { kind: "entity", name: type.name } : type;
}

/** An entity beside a reference to one of its type: as a reference too, since ids are compared. */
export function asReference(of: Expr, wanted: Type): Expr {
  if (of.type.kind !== "entity" || wanted.kind !== "ref" || of.type.name !== wanted.name) return of;
  const { span, mayErr } = of;
  return { kind: "reference", of, type: { kind: "ref", name: of.type.name }, span, mayErr };
}
