/** `in` by its right side, `like`, and the rules for patterns. */
import type { Shape, Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import { neverBelow, patternFromRequest, wrongOperands, wrongType } from "../messages-types.ts";
import { done, type Env, FAILED, type Outcome, type Scope } from "../scope.ts";
import { shaped } from "../shaped-types.ts";
import { BOOL, canBeBelow, isCollection, sameType, showType } from "../types.ts";
import { hasOrder, orderHint } from "./comparisons.ts";
import { checkPair, doubt } from "./operands.ts";
import { asEntity, asReference, resolved } from "./refs.ts";

type BinaryNode = Extract<Node, { kind: "binary" }>;

const TAKES =
  "a value and a set or list of such values, a range `a..b`, an entity and an entity or a set of them, " +
  "a host and patterns, or an address and networks";

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
  if (isCoverOf(left.type, right.type)) {
    return requireFacts(right, node.op, scope)
      ? done({ kind: "covered", of: left, by: right, ...typed })
      : FAILED;
  }
  if (isCollection(right.type)) {
    const of = asMember(left, right.type.of);
    if (sameType(of.type, right.type.of)) return done({ kind: "member", of, within: right, ...typed });
  }
  const found = [showType(left.type), showType(right.type)];
  // Where the right side alone is wrong, the left one needs no attention.
  const isRightWrong = !isCollection(right.type) && !isNamed(right.type) && right.type.kind !== "shaped";
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
    const { expr: of } = scope.check(left, scope, env, memberType(within, left));
    return of === null || within === null ? null : { left: of, right: within };
  }
  const { expr: of } = scope.check(left, scope, env, null);
  if (of === null && doubt(right, scope, env) === 2) return null;
  const wanted = of === null ? null : (coverType(of.type, right) ?? listOf(of.type));
  const { expr: within } = scope.check(right, scope, env, wanted);
  return of === null || within === null ? null : { left: of, right: within };
}

/** What a host can be in, or an address; null where nothing covers values of the type. */
const COVERS: ReadonlyMap<Shape, Shape> = new Map([
  ["host", "host_pattern"],
  ["ip", "cidr"],
]);

const COVERED = new Map([...COVERS].map(([covered, cover]) => [cover, covered]));

function coverOf(type: Type): Shape | null {
  return type.kind === "shaped" ? (COVERS.get(type.shape) ?? null) : null;
}

/** `right` is a pattern for hosts or a network for addresses, or a list or set of them. */
function isCoverOf(left: Type, right: Type): boolean {
  const member = isCollection(right) ? right.of : right;
  return member.kind === "shaped" && member.shape === coverOf(left);
}

/**
 * What a literal on the right becomes: text, a pattern or a network. A collection holds those too, unless it
 * is one of addresses, none of which has a `/`; a host is a pattern that covers itself.
 */
function coverType(left: Type, right: Node): Type | null {
  const cover = coverOf(left);
  if (cover === null) return null;
  if (right.kind === "text") return shaped(cover);
  if (right.kind !== "collection") return null;
  const isPlain = (node: Node) => cover === "cidr" && node.kind === "text" && !node.value.includes("/");
  return right.elements.every(isPlain) ? null : listOf(shaped(cover));
}

/** What a literal on the left becomes: text that only a pattern or a network can be is a member itself. */
function memberType(within: Expr | null, left: Node): Type | null {
  if (within === null) return null;
  const type = isCollection(within.type) ? within.type.of : within.type;
  const covered = type.kind === "shaped" ? COVERED.get(type.shape) : undefined;
  const isCover = left.kind === "text" && /^\*|\//.test(left.value);
  if (covered !== undefined && !isCover) return shaped(covered);
  return isCollection(within.type) ? type : null;
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

const FROM_FACTS: ReadonlySet<Expr["kind"]> = new Set(["setting", "lookup", "rows"] as const);

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
  if (expr.kind === "literal" || FROM_FACTS.has(expr.kind)) return true;
  if (
    expr.kind === "proved" ||
    expr.kind === "at" ||
    expr.kind === "accessor" ||
    expr.kind === "resolved" ||
    expr.kind === "reference"
  ) {
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
