/** What expressions mean a value, or the first error that was met (spec 5.1.1). */
import type { Type } from "@polity/runtime/layout.ts";
import type { EntityValue, Expr, Value } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import { isInNetwork } from "./addresses.ts";
import { calculate, negate } from "./arithmetic.ts";
import { readDocument } from "./document.ts";
import { type Facts, findEntity, isBelow } from "./facts.ts";
import { type Evaluated, type Failure, isFailure, RANGE, UNPROVED } from "./failure.ts";
import { isHostInPattern, isHostWithin } from "./hosts.ts";
import { localPart } from "./local.ts";
import { countNode, type Meter } from "./meter.ts";
import { isWithin } from "./path.ts";
import { testPattern } from "./patterns.ts";
import { partOf } from "./shaped.ts";
import { rowsWith } from "./tables.ts";
import { isLike } from "./text.ts";
import { isEqual, isMap, isRecord, membersOf } from "./values.ts";

/** Everything that a rule can see. */
export interface Scope {
  readonly facts: Facts;
  readonly fields: ReadonlyMap<string, Value>;
  /** Milliseconds since 1970. */
  readonly now: bigint;
  readonly trust: bigint;
  /** The quantifiers' variables by id. */
  readonly variables: ReadonlyMap<number, Value>;
  readonly meter: Meter;
  /** Reading what is not there ends in `UNPROVED`; else it gives nothing, for explanations to show. */
  readonly isStrict?: true;
}

type Node<K extends Expr["kind"]> = Extract<Expr, { readonly kind: K }>;

export function evaluate(expr: Expr, scope: Scope): Evaluated {
  const result = meaningOf(expr, scope);
  countNode(scope.meter, expr, result);
  return result;
}

function meaningOf(expr: Expr, scope: Scope): Evaluated {
  switch (expr.kind) {
    case "literal":
      return expr.value;
    case "field":
      return scope.fields.get(expr.name);
    case "now":
    case "trust":
      return scope[expr.kind];
    case "setting":
      return scope.facts.settings.get(expr.name);
    case "variable":
      return scope.variables.get(expr.id);
    case "attribute":
      return with1(expr.of, scope, (of) => attributeOf(of, expr, scope.facts));
    case "accessor":
      return with1(expr.of, scope, (of) => readDocument(of, expr.op, expr.path));
    case "at":
      return with2(expr.of, expr.key, scope, (of, key) => entryOf(of, key as string));
    case "proved":
      return with1(expr.of, scope, (of) => (of === undefined && scope.isStrict ? UNPROVED : of));
    case "presence":
      return with1(expr.of, scope, (of) => (of !== undefined) === expr.present);
    case "exists":
    case "resolved":
    case "reference":
      return with1(expr.of, scope, (of) => aboutReference(expr.kind, of as EntityValue, scope));
    case "lookup":
      return withAll(expr.keys, scope, (keys) => rowsWith(scope.facts, expr.table, keys)[0]);
    case "rows":
      return withAll(expr.prefix, scope, (prefix) => rowsWith(scope.facts, expr.table, prefix));
    case "coalesce":
      return with1(expr.of, scope, (of) => (of === undefined ? evaluate(expr.otherwise, scope) : of));
    case "age":
    case "local":
      return with1(expr.of, scope, (of) => aboutTime(expr, of as bigint, scope));
    case "choose":
      return choose(expr, scope);
    case "not":
      return with1(expr.of, scope, (of) => !of);
    case "and":
      return with1(expr.left, scope, (left) => (left === true ? evaluate(expr.right, scope) : false));
    case "or":
      return with1(expr.left, scope, (left) => (left === true ? true : evaluate(expr.right, scope)));
    case "equal":
      return with2(expr.left, expr.right, scope, (a, b) => isEqual(a, b) !== expr.negated);
    case "order":
      return with2(expr.left, expr.right, scope, (a, b) => isOrdered(expr.op, rankOf(a), rankOf(b)));
    case "arithmetic":
      return with2(expr.left, expr.right, scope, (a, b) => compute(expr, a as bigint, b as bigint));
    case "negate":
      return with1(expr.of, scope, (of) => negate(of as bigint));
    case "member":
    case "between":
    case "below":
    case "below_any":
    case "sets":
    case "text_test":
    case "pattern_test":
    case "path_within":
    case "host_within":
    case "covered":
      return testOf(expr, scope);
    case "quantifier":
      return quantify(expr, scope);
    case "aggregate":
      return aggregate(expr, scope);
    case "size":
      return with1(expr.of, scope, (of) => BigInt(membersOf(of).length));
    default:
      return unreachable(expr);
  }
}

type TestKind =
  | "member"
  | "between"
  | "below"
  | "below_any"
  | "sets"
  | "text_test"
  | "pattern_test"
  | "path_within"
  | "host_within"
  | "covered";

/** Of what is asked about one value or two, and answered by yes or no (spec 5.6.1, 5.9.1, 5.10.1). */
function testOf(expr: Node<TestKind>, scope: Scope): Evaluated {
  switch (expr.kind) {
    case "member":
      return with2(expr.of, expr.within, scope, (of, within) => isIn(of, within) !== expr.negated);
    case "between":
      return between(expr, scope);
    case "below":
      return with2(expr.of, expr.group, scope, (of, group) => isBelowOne(expr.negated, scope, of, group));
    case "below_any":
      return with2(expr.of, expr.groups, scope, (of, groups) => isBelowAny(expr.negated, scope, of, groups));
    case "text_test":
      return with2(expr.of, expr.pattern, scope, (a, b) => textTest(expr.op, a as string, b as string));
    case "pattern_test":
      return with1(expr.of, scope, (of) => testPattern(expr.op, of as string, expr.pattern));
    case "path_within":
      return with2(expr.of, expr.base, scope, (path, base) => isWithin(path as string, base as string));
    case "host_within":
      return with2(expr.of, expr.base, scope, (host, base) => isHostWithin(host as string, base as string));
    case "covered":
      return with2(expr.of, expr.by, scope, (of, by) => isCovered(expr.of.type, of, by) !== expr.negated);
    case "sets":
      return with2(expr.left, expr.right, scope, (a, b) =>
        compareSets(expr.op, a as readonly Value[], b as readonly Value[]),
      );
    default:
      return unreachable(expr);
  }
}

function compute({ op, meaning }: Node<"arithmetic">, a: bigint, b: bigint): Evaluated {
  return calculate(op, meaning === "decimal", a, b);
}

/** (spec 5.3.3) */
function choose({ condition, value, otherwise }: Node<"choose">, scope: Scope): Evaluated {
  return with1(condition, scope, (holds) => evaluate(holds === true ? value : otherwise, scope));
}

/** (spec 5.13.1, 5.13.6) */
function aboutTime(expr: Node<"age" | "local">, time: bigint, { now }: Scope): Evaluated {
  if (expr.kind === "local") return localPart(time, expr.place, expr.part);
  return time > now ? RANGE : calculate("-", false, now, time);
}

/** Goes on with the value of `expr`; an error sticks (spec 5.1.2). */
function with1(expr: Expr, scope: Scope, then: (value: Value) => Evaluated): Evaluated {
  const value = evaluate(expr, scope);
  return isFailure(value) ? value : then(value);
}

/** In order; the first error sticks. */
function withAll(
  exprs: readonly Expr[],
  scope: Scope,
  then: (values: readonly Value[]) => Evaluated,
): Evaluated {
  const values: Value[] = [];
  for (const expr of exprs) {
    const value = evaluate(expr, scope);
    if (isFailure(value)) return value;
    values.push(value);
  }
  return then(values);
}

/** Left, then right; the first error sticks. */
function with2(left: Expr, right: Expr, scope: Scope, then: (a: Value, b: Value) => Evaluated): Evaluated {
  return with1(left, scope, (a) => with1(right, scope, (b) => then(a, b)));
}

/** (spec 7.1.1, 4.3.2) */
function attributeOf(of: Value, { of: { type }, name }: Node<"attribute">, facts: Facts): Value {
  // Rules prove presence first; an explanation may look further than the rule did.
  if (of === undefined) return undefined;
  if (type.kind === "path") return partOf("path", of as string, name);
  if (type.kind === "shaped") return partOf(type.shape, of as string, name);
  if (isRecord(of)) return of.get(name);
  const entity = of as EntityValue;
  return name === "id" ? entity.id : findEntity(facts, entity)?.attributes.get(name);
}

/**
 * What an order compares: a number or time itself, of a member of an ordered enum its place (spec 4.3.4,
 * 5.4.3).
 */
function rankOf(value: Value): bigint {
  return typeof value === "bigint" ? value : BigInt((value as { readonly member: number }).member);
}

/** Whether somebody exists (spec 7.3.4), whom a reference names, and a reference to somebody (spec 7.3.3). */
function aboutReference(
  kind: "exists" | "resolved" | "reference",
  of: EntityValue,
  { facts, isStrict }: Scope,
): Evaluated {
  const { type, id } = of;
  const isKnown = findEntity(facts, of) !== undefined;
  if (kind === "exists") return isKnown;
  if (kind === "resolved" && isStrict && !isKnown) return UNPROVED;
  return kind === "reference" ? { type, id, isRef: true } : { type, id };
}

/** (spec 5.4.2) */
function isOrdered(op: Node<"order">["op"], a: bigint, b: bigint): boolean {
  switch (op) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
  }
}

/** (spec 5.6.1) */
/** Absent where there is no such key (spec 4.8.3). */
function entryOf(map: Value, key: string): Value {
  return isMap(map) ? map.entries.get(key) : undefined;
}

function isIn(of: Value, within: Value): boolean {
  return (within as readonly Value[]).some((member) => isEqual(of, member));
}

/** (spec 5.6.3) */
function isBelowOne(negated: boolean, { facts }: Scope, of: Value, group: Value): boolean {
  return isBelow(facts, of as EntityValue, group as EntityValue) !== negated;
}

/** (spec 5.6.4) */
function isBelowAny(negated: boolean, { facts }: Scope, of: Value, groups: Value): boolean {
  const members = groups as readonly EntityValue[];
  return members.some((group) => isBelow(facts, of as EntityValue, group)) !== negated;
}

/** By one pattern or network, or by one of several (spec 5.12.2). */
function isCovered(type: Type, of: Value, by: Value): boolean {
  const covers = type.kind === "shaped" && type.shape === "ip" ? isInNetwork : isHostInPattern;
  const all = Array.isArray(by) ? by : [by];
  return all.some((one) => covers(of as string, one as string));
}

function textTest(op: Node<"text_test">["op"], text: string, pattern: string): boolean {
  switch (op) {
    case "starts_with":
      return text.startsWith(pattern);
    case "ends_with":
      return text.endsWith(pattern);
    case "like":
      return isLike(text, pattern);
    case "contains":
      return text.includes(pattern);
  }
}

/** (spec 5.6.2) */
function between(expr: Node<"between">, scope: Scope): Evaluated {
  return with1(expr.of, scope, (of) =>
    with2(expr.from, expr.to, scope, (from, to) => {
      const value = rankOf(of);
      return (value >= rankOf(from) && value <= rankOf(to)) !== expr.negated;
    }),
  );
}

/** `any` and `all` stop at the member that decides; `count` meets them all (spec 5.8.1, 5.8.2). */
function quantify(expr: Node<"quantifier">, scope: Scope): Evaluated {
  const members = evaluate(expr.over, scope);
  if (isFailure(members)) return members;
  let count = 0n;
  for (const member of membersOf(members)) {
    const holds = evaluate(expr.body, bind(scope, expr.id, member));
    if (isFailure(holds)) return holds;
    if (expr.op === "any" && holds === true) return true;
    if (expr.op === "all" && holds === false) return false;
    if (holds === true) count += 1n;
  }
  switch (expr.op) {
    case "any":
      return false;
    case "all":
      return true;
    case "count":
      return count;
  }
}

/** Members in order; nothing has the sum 0 and neither a least nor a greatest part (spec 5.8.3, 5.8.4). */
function aggregate(expr: Node<"aggregate">, scope: Scope): Evaluated {
  const members = evaluate(expr.over, scope);
  if (isFailure(members)) return members;
  let result: bigint | undefined = expr.op === "sum" ? 0n : undefined;
  for (const member of membersOf(members)) {
    const part = evaluate(expr.body, bind(scope, expr.id, member));
    if (isFailure(part)) return part;
    const next = combine(expr.op, result, part as bigint);
    if (isFailure(next)) return next;
    result = next;
  }
  return result;
}

function combine(op: Node<"aggregate">["op"], before: bigint | undefined, part: bigint): bigint | Failure {
  if (before === undefined) return part;
  if (op === "sum") return calculate("+", false, before, part);
  return part < before === (op === "min") ? part : before;
}

/** (spec 5.9.1, 5.9.2, 5.9.3) */
function compareSets(op: Node<"sets">["op"], left: readonly Value[], right: readonly Value[]): boolean {
  switch (op) {
    case "subset_of":
      return left.every((member) => isIn(member, right));
    case "overlaps":
      return left.some((member) => isIn(member, right));
    case "disjoint_from":
      return !left.some((member) => isIn(member, right));
  }
}

export function bind(scope: Scope, id: number, value: Value): Scope {
  return { ...scope, variables: new Map([...scope.variables, [id, value]]) };
}

/** Of a condition: true, false or the error (spec 5.3.2). */
export function holds(condition: Expr, scope: Scope): boolean | Failure {
  const value = evaluate(condition, scope);
  return isFailure(value) ? value : value === true;
}
