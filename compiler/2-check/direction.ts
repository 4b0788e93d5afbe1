/**
 * How an expression's value can change when one path of the request (or of facts) becomes absent and nothing
 * else changes: the heart of "absence never grants".
 *
 * For a bool, `lower` means that it can only turn from true to false; for a number, that it can only become
 * smaller; for a collection, that it can only lose members. The answer holds for every state of all other
 * paths, so paths that turn absent one after another are covered too.
 *
 * Reading a proved path counts as `same`. It stands where some test proved the path present, by `and`, `or`,
 * `not` and clauses; where the path is absent, that test has the answer that makes the reading irrelevant,
 * so we may pretend that it still gives the old value.
 */

import type { Expr } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import { type Assumption, rangeOf, truthOf, typeRange } from "./abstract.ts";
import { existenceKey, pathKey } from "./narrowing.ts";
import { plain } from "./types.ts";
import { operandsOf } from "./walk.ts";

export type Direction = "same" | "lower" | "higher" | "any";

/** `path` is a key as `pathKey` makes it. */
export interface Drop {
  readonly path: string;
  readonly known: Map<Expr, Direction>;
}

export function newDrop(path: string): Drop {
  return { path, known: new Map() };
}

export function direction(expr: Expr, drop: Drop): Direction {
  const known = drop.known.get(expr);
  if (known !== undefined) return known;
  let result = structural(expr, drop);
  if (result !== "same" && expr.type.kind === "bool" && !isComparedBool(expr) && !isChosen(expr, drop)) {
    // What the test says with the path absent decides, if that is the same for every request.
    const truth = truthOf(expr, assumption(drop));
    if (truth !== null) result = truth ? "higher" : "lower";
  }
  drop.known.set(expr, result);
  return result;
}

export function flip(d: Direction): Direction {
  return d === "lower" ? "higher" : d === "higher" ? "lower" : d;
}

function assumption(drop: Drop): Assumption {
  return { absent: drop.path, empty: null };
}

/** Both change, and the whole is monotone in both. */
function join(a: Direction, b: Direction): Direction {
  if (a === "same" || a === b) return b;
  return b === "same" ? a : "any";
}

/** For operations of which nothing better is known. */
function unknown(...parts: readonly Direction[]): Direction {
  return parts.every((part) => part === "same") ? "same" : "any";
}

/**
 * Bools compared as values stand in both positions at once, so that a test in them can be wrong in either;
 * only `flag ?? false` is a value whose default decides.
 */
function isComparedBool(expr: Expr): boolean {
  if (expr.kind !== "equal" || expr.left.type.kind !== "bool") return false;
  return [expr.left, expr.right].some((side) => side.kind !== "coalesce" && side.kind !== "literal");
}

/** A condition of `if` is refused for its position, whatever the parts say. */
function isChosen(expr: Expr, drop: Drop): boolean {
  return expr.kind === "choose" && direction(expr.condition, drop) !== "same";
}

function structural(expr: Expr, drop: Drop): Direction {
  const of = (part: Expr) => direction(part, drop);
  switch (expr.kind) {
    case "literal":
    case "field":
    case "now":
    case "trust":
    case "setting":
    case "variable":
    case "proved":
      return "same";
    case "attribute":
    case "pattern_test":
    case "local":
    case "accessor":
      return unknown(of(expr.of));
    case "presence":
      if (pathKey(expr.of) !== drop.path) return "same";
      return expr.present ? "lower" : "higher";
    case "at":
    case "lookup":
    case "rows":
    case "equal":
    case "text_test":
      return unknown(...operandsOf(expr).map(of));
    case "exists":
      return existenceKey(expr.of) === drop.path ? "lower" : of(expr.of);
    case "resolved":
    case "reference":
    case "size":
      return of(expr.of);
    case "coalesce":
      return coalesceDirection(expr, drop);
    case "choose":
      return choiceDirection(expr, drop);
    case "not":
    case "negate":
    case "age":
      return flip(of(expr.of));
    case "and":
    case "or":
      return join(of(expr.left), of(expr.right));
    case "order":
      return orderDirection(expr.op, of(expr.left), of(expr.right));
    case "arithmetic":
      return arithmeticDirection(expr, drop);
    case "member":
      return turned(join(unknown(of(expr.of)), of(expr.within)), expr.negated);
    case "between":
      return turned(join(unknown(of(expr.of)), join(flip(of(expr.from)), of(expr.to))), expr.negated);
    case "below":
      return unknown(of(expr.of), of(expr.group));
    case "below_any":
      return turned(join(unknown(of(expr.of)), of(expr.groups)), expr.negated);
    case "covered":
      return turned(join(unknown(of(expr.of)), of(expr.by)), expr.negated);
    case "path_within":
    case "host_within":
      return unknown(of(expr.of), of(expr.base));
    case "quantifier": {
      // More members make `any` and `count` larger and `all` smaller; a body that holds more often, all
      // three.
      const over = of(expr.over);
      return join(expr.op === "all" ? flip(over) : over, of(expr.body));
    }
    case "aggregate":
      return aggregateDirection(expr, drop);
    case "sets":
      return setsDirection(expr.op, of(expr.left), of(expr.right));
    default:
      return unreachable(expr);
  }
}

function orderDirection(op: "<" | "<=" | ">" | ">=", left: Direction, right: Direction): Direction {
  const isUp = op === ">" || op === ">=";
  return isUp ? join(left, flip(right)) : join(flip(left), right);
}

/** More members make a maximum larger, a minimum smaller, and a sum what the sign of its parts says. */
function aggregateDirection(expr: Extract<Expr, { kind: "aggregate" }>, drop: Drop): Direction {
  const over = direction(expr.over, drop);
  const body = direction(expr.body, drop);
  if (over === "same" || expr.op === "max") return join(over, body);
  if (expr.op === "min") return join(flip(over), body);
  const parts = rangeOf(expr.body, assumption(drop));
  if (parts === null) return "any";
  return parts.min >= 0n ? join(over, body) : parts.max <= 0n ? join(flip(over), body) : "any";
}

function setsDirection(
  op: Extract<Expr, { kind: "sets" }>["op"],
  left: Direction,
  right: Direction,
): Direction {
  if (op === "subset_of") return join(flip(left), right);
  return turned(join(left, right), op === "disjoint_from");
}

/** The condition stands in both positions at once: either part may be the more permissive one. */
function choiceDirection(expr: Extract<Expr, { kind: "choose" }>, drop: Drop): Direction {
  if (direction(expr.condition, drop) !== "same") return "any";
  return join(direction(expr.value, drop), direction(expr.otherwise, drop));
}

function turned(d: Direction, isNegated: boolean): Direction {
  return isNegated ? flip(d) : d;
}

/** Where the path is there the value lies within its type; where not, it is the default's. */
function coalesceDirection(expr: Extract<Expr, { kind: "coalesce" }>, drop: Drop): Direction {
  if (expr.of.kind === "aggregate") {
    // Where the collection itself changes, the default may come or go.
    const isSteady = direction(expr.of.over, drop) === "same";
    return isSteady ? join(direction(expr.of, drop), direction(expr.otherwise, drop)) : "any";
  }
  if (pathKey(expr.of) !== drop.path) return direction(expr.otherwise, drop);
  const type = plain(expr.of.type);
  const before = typeRange(type);
  const after = rangeOf(expr.otherwise, assumption(drop));
  if (before !== null && after !== null) {
    if (after.max <= before.min) return "lower";
    return after.min >= before.max ? "higher" : "any";
  }
  if (type.kind === "bool") {
    const truth = truthOf(expr.otherwise, assumption(drop));
    return truth === null ? "any" : truth ? "higher" : "lower";
  }
  const { otherwise } = expr;
  const isEmpty =
    (otherwise.type.kind === "list" || otherwise.type.kind === "set") && otherwise.type.max === 0;
  return isEmpty ? "lower" : "any";
}

function arithmeticDirection(expr: Extract<Expr, { kind: "arithmetic" }>, drop: Drop): Direction {
  const [left, right] = [direction(expr.left, drop), direction(expr.right, drop)];
  switch (expr.op) {
    case "+":
      return join(left, right);
    case "-":
      return join(left, flip(right));
    case "*":
      if (right === "same") return scaledBy(expr.right, left, drop);
      return left === "same" ? scaledBy(expr.left, right, drop) : "any";
    case "/":
      return right === "same" ? scaledBy(expr.right, left, drop) : "any";
    case "%":
      return unknown(left, right);
  }
}

/** Rounding and truncation keep the order, so only the sign of the other operand matters. */
function scaledBy(factor: Expr, d: Direction, drop: Drop): Direction {
  if (d === "same") return d;
  const range = rangeOf(factor, assumption(drop));
  if (range === null) return "any";
  return range.min >= 0n ? d : range.max <= 0n ? flip(d) : "any";
}
