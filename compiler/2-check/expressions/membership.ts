/** `in` by its right side, `like`, and the rules for patterns. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import { neverBelow, patternFromRequest, wrongOperands, wrongType } from "../messages-types.ts";
import { done, type Env, FAILED, type Outcome, type Scope } from "../scope.ts";
import { BOOL, canBeBelow, isCollection, sameType, showType } from "../types.ts";
import { hasOrder, orderHint } from "./comparisons.ts";
import { checkPair, doubt } from "./operands.ts";
import { asEntity, asReference, resolved } from "./refs.ts";

type BinaryNode = Extract<Node, { kind: "binary" }>;

const TAKES =
  "a value and a set or list of such values, a range `a..b`, or an entity and an entity or a set of them";

export function checkIn(node: BinaryNode, negated: boolean, scope: Scope, env: Env): Outcome {
  if (node.right.kind === "range") return checkBetween(node, node.right, negated, scope, env);
  const sides = checkSides(node.left, node.right, scope, env);
  if (sides === null) return FAILED;
  const { left, right } = sides;
  const typed = { negated, type: BOOL, span: node.span, mayErr: left.mayErr || right.mayErr };
  if (isNamed(left.type) && isNamed(right.type)) {
    if (!canBelong(left.type.name, right.type.name, node, scope)) return FAILED;
    const [of, group] = [asEntity(left, scope, env), asEntity(right, scope, env)];
    return of === null || group === null ? FAILED : done({ kind: "below", of, group, ...typed });
  }
  if (isCollection(right.type) && right.type.of.kind === "entity" && isNamed(left.type)) {
    if (!canBelong(left.type.name, right.type.of.name, node, scope)) return FAILED;
    const of = asEntity(left, scope, env);
    return of === null ? FAILED : done({ kind: "below_any", of, groups: right, ...typed });
  }
  if (isCollection(right.type)) {
    const of = asMember(left, right.type.of);
    if (sameType(of.type, right.type.of)) return done({ kind: "member", of, within: right, ...typed });
  }
  const found = [showType(left.type), showType(right.type)];
  // Where the right side alone is wrong, the left one needs no attention.
  const isRightWrong = !isCollection(right.type) && !isNamed(right.type);
  scope.report(wrongOperands(isRightWrong ? right.span : node.span, node.op, found, TAKES));
  return FAILED;
}

function isNamed(type: Type): type is Extract<Type, { kind: "entity" | "ref" }> {
  return type.kind === "entity" || type.kind === "ref";
}

/** Exact membership compares ids: references are found among entities, and entities among references. */
export function asMember(of: Expr, member: Type): Expr {
  const isAmongEntities = of.type.kind === "ref" && member.kind === "entity" && of.type.name === member.name;
  return isAmongEntities ? resolved(of) : asReference(of, member);
}

/** The collection's member type helps the left side where that has the less sure type, else the reverse. */
function checkSides(
  left: Node,
  right: Node,
  scope: Scope,
  env: Env,
): { readonly left: Expr; readonly right: Expr } | null {
  const isRightFirst = doubt(right, scope, env) < doubt(left, scope, env);
  if (isRightFirst) {
    const { expr: within } = scope.check(right, scope, env, null);
    if (within === null && doubt(left, scope, env) === 2) return null;
    const { expr: of } = scope.check(left, scope, env, memberType(within));
    return of === null || within === null ? null : { left: of, right: within };
  }
  const { expr: of } = scope.check(left, scope, env, null);
  if (of === null && doubt(right, scope, env) === 2) return null;
  const { expr: within } = scope.check(right, scope, env, of === null ? null : listOf(of.type));
  return of === null || within === null ? null : { left: of, right: within };
}

function memberType(within: Expr | null): Type | null {
  return within !== null && isCollection(within.type) ? within.type.of : null;
}

function listOf(of: Type): Type {
  return { kind: "list", of, min: 0, max: 1 };
}

function canBelong(type: string, group: string, node: BinaryNode, scope: Scope): boolean {
  if (canBeBelow(type, group, scope.world.types.entities)) return true;
  scope.report(neverBelow(node.span, type, group));
  return false;
}

function checkBetween(
  node: BinaryNode,
  range: Extract<Node, { kind: "range" }>,
  negated: boolean,
  scope: Scope,
  env: Env,
): Outcome {
  const isLeftFirst = doubt(node.left, scope, env) === 0;
  let of = isLeftFirst ? scope.check(node.left, scope, env, null).expr : null;
  const ends = checkPair(range.from, range.to, scope, env, of?.type ?? null);
  if (!isLeftFirst) of = scope.check(node.left, scope, env, ends?.left.type ?? null).expr;
  if (ends === null || of === null) return FAILED;
  for (const end of [ends.left, ends.right]) {
    if (hasOrder(of.type, scope.world) && sameType(of.type, end.type)) continue;
    const takes = "three values of one type: `int`, `decimal`, `timestamp`, `duration` or an ordered enum";
    const found = [showType(of.type), showType(end.type)];
    scope.report(wrongOperands(node.span, node.op, found, takes, orderHint(of.type)));
    return FAILED;
  }
  const mayErr = of.mayErr || ends.left.mayErr || ends.right.mayErr;
  const { left: from, right: to } = ends;
  return done({ kind: "between", of, from, to, negated, type: BOOL, span: node.span, mayErr });
}

export function checkLike(node: BinaryNode, scope: Scope, env: Env): Outcome {
  const { expr: of } = scope.check(node.left, scope, env, null);
  const pattern = checkPattern(node.right, "like", scope, env);
  if (of !== null && of.type.kind !== "string") {
    scope.report(wrongOperands(node.left.span, "like", [showType(of.type)], "text on the left"));
    return FAILED;
  }
  if (of === null || pattern === null) return FAILED;
  const mayErr = of.mayErr || pattern.mayErr;
  return done({ kind: "text_test", op: "like", of, pattern, type: BOOL, span: node.span, mayErr });
}

/** A text that the sender of the request did not choose. */
export function checkPattern(node: Node, method: string, scope: Scope, env: Env): Expr | null {
  const { expr } = scope.check(node, scope, env, null);
  if (expr === null) return null;
  if (expr.type.kind !== "string") {
    scope.report(wrongType(node.span, "string", showType(expr.type)));
    return null;
  }
  return requireFacts(expr, method, scope) ? expr : null;
}

export function requireFacts(expr: Expr, method: string, scope: Scope): boolean {
  if (isFromFacts(expr, scope)) return true;
  scope.report(patternFromRequest(expr.span, method));
  return false;
}

/**
 * Literals, and whatever hangs on an attribute of an entity: facts say it. An entity's own `id` is what the
 * request wrote, unless the entity itself was reached through facts.
 */
export function isFromFacts(expr: Expr, scope: Scope): boolean {
  if (expr.kind === "literal") return true;
  if (expr.kind === "proved" || expr.kind === "resolved" || expr.kind === "reference") {
    return isFromFacts(expr.of, scope);
  }
  if (expr.kind === "coalesce") return isFromFacts(expr.of, scope) && isFromFacts(expr.otherwise, scope);
  if (expr.kind === "choose") return isFromFacts(expr.value, scope) && isFromFacts(expr.otherwise, scope);
  if (expr.kind === "variable") {
    const over = scope.variables.overs.get(expr.id);
    return over !== undefined && isFromFacts(over, scope);
  }
  if (expr.kind !== "attribute") return false;
  return (expr.of.type.kind === "entity" && expr.name !== "id") || isFromFacts(expr.of, scope);
}
