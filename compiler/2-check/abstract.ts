/**
 * What can be said of an expression's value without a request: the interval of a number, the truth of a test,
 * the size of a collection. Everything unknown stays unknown, so that an answer holds for every request.
 * Errors are left aside: an answer says what the value is wherever there is one.
 */
import { DURATION_MAX, TIMESTAMP_MAX, TIMESTAMP_MIN, type Type } from "@polity/runtime/layout.ts";
import type { Expr, Value } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import { TAKES } from "../pattern.ts";
import { isSameValue } from "./constants.ts";
import { arithmeticBounds, hull, type Interval, negateBounds, point, sumBounds } from "./intervals.ts";
import { existenceKey, pathKey } from "./narrowing.ts";
import { takesText } from "./patterns/automaton.ts";
import { isCollection, isSized, plain } from "./types.ts";

export interface Assumption {
  /** The key of a path that is taken to be absent. */
  readonly absent: string | null;
  /** A collection that is taken to have no members. */
  readonly empty: Expr | null;
}

export const NO_ASSUMPTION: Assumption = { absent: null, empty: null };

type Of<K extends Expr["kind"]> = Extract<Expr, { kind: K }>;

/** The value of `??` is that of its right side. */
function isReplaced(expr: Of<"coalesce">, assume: Assumption): boolean {
  if (expr.of.kind === "aggregate") return expr.of.over === assume.empty;
  return assume.absent !== null && pathKey(expr.of) === assume.absent;
}

/**
 * Null for what has no order; a member of an enum counts as its number. The types of `int` and `decimal`
 * carry their interval; times need the walk.
 */
export function rangeOf(expr: Expr, assume: Assumption = NO_ASSUMPTION): Interval | null {
  const within = typeRange(expr.type);
  if (within === null) return null;
  if (expr.kind === "literal") return literalRange(expr.value) ?? within;
  if (expr.kind === "arithmetic") {
    const left = rangeOf(expr.left, assume);
    const right = rangeOf(expr.right, assume);
    if (left === null || right === null) return within;
    return arithmeticBounds(expr.op, expr.meaning, left, right).result ?? within;
  }
  if (expr.kind === "age") return { min: 0n, max: within.max };
  if (expr.kind === "negate") {
    const of = rangeOf(expr.of, assume);
    return of === null ? within : (negateBounds(of).result ?? within);
  }
  if (expr.kind === "choose") {
    const holds = truthOf(expr.condition, assume);
    if (holds !== null) return rangeOf(holds ? expr.value : expr.otherwise, assume);
    const [value, otherwise] = [rangeOf(expr.value, assume), rangeOf(expr.otherwise, assume)];
    return value === null || otherwise === null ? within : hull(value, otherwise);
  }
  if (expr.kind === "coalesce") {
    const otherwise = rangeOf(expr.otherwise, assume) ?? within;
    if (isReplaced(expr, assume)) return otherwise;
    // The least or greatest of calculated times may lie beyond what a field can say.
    const of =
      expr.of.kind === "aggregate" ? aggregateRange(expr.of, assume) : typeRange(plain(expr.of.type));
    return of === null ? within : hull(of, otherwise);
  }
  if (expr.kind === "size") return sizeOf(expr.of, assume);
  if (expr.kind === "aggregate") return aggregateRange(expr, assume) ?? within;
  return expr.kind === "quantifier" ? countRange(expr, assume) : within;
}

function aggregateRange(expr: Of<"aggregate">, assume: Assumption): Interval | null {
  const parts = rangeOf(expr.body, assume);
  if (parts === null || expr.op !== "sum") return parts;
  return sumBounds(sizeOf(expr.over, assume), parts).result;
}

function literalRange(value: Value): Interval | null {
  if (typeof value === "bigint") return point(value);
  return typeof value === "object" && "member" in value ? point(BigInt(value.member)) : null;
}

/** More than any enum has. */
const MEMBERS: Interval = { min: 0n, max: 2n ** 32n };

/** As values of a field have it: a timestamp of the request lies in years 1 to 9999. */
export function typeRange(type: Type): Interval | null {
  if (type.kind === "int" || type.kind === "decimal") return type;
  if (type.kind === "timestamp") return { min: TIMESTAMP_MIN, max: TIMESTAMP_MAX };
  if (type.kind === "enum") return MEMBERS;
  return type.kind === "duration" ? { min: -DURATION_MAX, max: DURATION_MAX } : null;
}

function countRange(expr: Of<"quantifier">, assume: Assumption): Interval {
  const { min, max } = sizeOf(expr.over, assume);
  const truth = truthOf(expr.body, assume);
  return { min: truth === true ? min : 0n, max: truth === false ? 0n : max };
}

export function sizeOf(over: Expr, assume: Assumption = NO_ASSUMPTION): Interval {
  if (over === assume.empty) return point(0n);
  if (over.kind === "coalesce" && isReplaced(over, assume)) return sizeOf(over.otherwise, assume);
  const { type } = over;
  if (!isSized(type)) return point(0n);
  return { min: BigInt(type.min), max: BigInt(type.max) };
}

/** The one value that the expression has; undefined where it may have several. */
function constantOf(expr: Expr, assume: Assumption): Value {
  if (expr.kind === "literal") return expr.value;
  if (expr.kind === "coalesce" && isReplaced(expr, assume)) return constantOf(expr.otherwise, assume);
  const range = rangeOf(expr, assume);
  if (range !== null && range.min === range.max && expr.type.kind !== "enum") return range.min;
  return expr.type.kind === "bool" ? (truthOf(expr, assume) ?? undefined) : undefined;
}

/** True or false where the expression is that for every request; else null. */
export function truthOf(expr: Expr, assume: Assumption): boolean | null {
  if (expr.type.kind !== "bool") return null;
  switch (expr.kind) {
    case "literal":
      return expr.value === true;
    case "presence":
      return assume.absent !== null && pathKey(expr.of) === assume.absent ? !expr.present : null;
    case "exists":
      return assume.absent !== null && existenceKey(expr.of) === assume.absent ? false : null;
    case "coalesce":
      return isReplaced(expr, assume) ? truthOf(expr.otherwise, assume) : null;
    case "choose":
      return choiceTruth(expr, assume);
    case "not":
      return negated(truthOf(expr.of, assume), true);
    case "and":
      return both(truthOf(expr.left, assume), truthOf(expr.right, assume));
    case "or":
      return negated(
        both(negated(truthOf(expr.left, assume), true), negated(truthOf(expr.right, assume), true)),
        true,
      );
    case "equal":
      return negated(equalTruth(expr.left, expr.right, assume), expr.negated);
    case "order":
      return orderTruth(expr, assume);
    case "between":
      return negated(betweenTruth(expr, assume), expr.negated);
    case "member":
      return negated(memberTruth(expr.of, expr.within, assume), expr.negated);
    case "below_any":
      return negated(belowAnyTruth(expr, assume), expr.negated);
    case "below":
      return negated(equalTruth(expr.of, expr.group, assume) === true ? true : null, expr.negated);
    case "text_test":
      return textTruth(expr, assume);
    case "pattern_test":
      return patternTruth(expr, assume);
    case "path_within":
      return withinTruth(expr, assume);
    case "covered":
      return negated(coveredTruth(expr, assume), expr.negated);
    case "quantifier":
      return quantifierTruth(expr, assume);
    case "sets":
      return setsTruth(expr, assume);
    case "host_within":
    case "field":
    case "variable":
    case "attribute":
    case "at":
    case "accessor":
    case "proved":
    case "resolved":
    case "reference":
    case "now":
    case "trust":
    case "setting":
    case "lookup":
    case "rows":
    case "arithmetic":
    case "negate":
    case "age":
    case "local":
    case "aggregate":
    case "size":
      return null;
    default:
      return unreachable(expr);
  }
}

/** What both parts are, or the one part that the condition leads to. */
function choiceTruth({ condition, value, otherwise }: Of<"choose">, assume: Assumption): boolean | null {
  const holds = truthOf(condition, assume);
  if (holds !== null) return truthOf(holds ? value : otherwise, assume);
  const truth = truthOf(value, assume);
  return truth === truthOf(otherwise, assume) ? truth : null;
}

function negated(truth: boolean | null, isNegated: boolean): boolean | null {
  return truth === null ? null : truth !== isNegated;
}

function both(left: boolean | null, right: boolean | null): boolean | null {
  if (left === false || right === false) return false;
  return left === true && right === true ? true : null;
}

function equalTruth(left: Expr, right: Expr, assume: Assumption): boolean | null {
  const [a, b] = [constantOf(left, assume), constantOf(right, assume)];
  if (a !== undefined && b !== undefined) return isSameValue(a, b);
  const [x, y] = [rangeOf(left, assume), rangeOf(right, assume)];
  return x !== null && y !== null && (x.max < y.min || y.max < x.min) ? false : null;
}

function orderTruth({ op, left, right }: Of<"order">, assume: Assumption): boolean | null {
  const [a, b] = [rangeOf(left, assume), rangeOf(right, assume)];
  if (a === null || b === null) return null;
  switch (op) {
    case "<":
      return a.max < b.min ? true : a.min >= b.max ? false : null;
    case "<=":
      return a.max <= b.min ? true : a.min > b.max ? false : null;
    case ">":
      return a.min > b.max ? true : a.max <= b.min ? false : null;
    case ">=":
      return a.min >= b.max ? true : a.max < b.min ? false : null;
  }
}

function betweenTruth({ of, from, to }: Of<"between">, assume: Assumption): boolean | null {
  const [a, x, y] = [rangeOf(of, assume), rangeOf(from, assume), rangeOf(to, assume)];
  if (a === null || x === null || y === null) return null;
  if (a.max < x.min || a.min > y.max) return false;
  return a.min >= x.max && a.max <= y.min ? true : null;
}

function memberTruth(of: Expr, within: Expr, assume: Assumption): boolean | null {
  if (sizeOf(within, assume).max === 0n) return false;
  const members = constantOf(within, assume);
  if (!Array.isArray(members)) return null;
  const value = constantOf(of, assume);
  if (value !== undefined) return members.some((member: Value) => isSameValue(member, value));
  const range = rangeOf(of, assume);
  if (range === null) return null;
  const isOutside = (m: Value) => typeof m === "bigint" && (m < range.min || m > range.max);
  return members.every(isOutside) ? false : null;
}

/** Being a member is enough; not being one says nothing, unless there are none. */
function belowAnyTruth({ of, groups }: Of<"below_any">, assume: Assumption): boolean | null {
  if (sizeOf(groups, assume).max === 0n) return false;
  return memberTruth(of, groups, assume) === true ? true : null;
}

function textTruth({ op, of, pattern }: Of<"text_test">, assume: Assumption): boolean | null {
  const [text, part] = [constantOf(of, assume), constantOf(pattern, assume)];
  if (typeof text !== "string" || typeof part !== "string") return null;
  if (op === "starts_with") return text.startsWith(part);
  if (op === "contains") return text.includes(part);
  return op === "ends_with" ? text.endsWith(part) : isLike(text, part);
}

/** Also where the pattern takes every text, or none. */
function patternTruth({ of, automaton }: Of<"pattern_test">, assume: Assumption): boolean | null {
  if (automaton.start < 0) return automaton.start === TAKES;
  const text = constantOf(of, assume);
  return typeof text === "string" ? takesText(automaton, text) : null;
}

/** `*` is any text, `\*` and `\\` stand for the second character. Takes the shortest match for each `*`. */
function isLike(text: string, pattern: string): boolean {
  const pieces: string[] = [""];
  for (let i = 0; i < pattern.length; i++) {
    const isEscape = pattern[i] === "\\" && (pattern[i + 1] === "*" || pattern[i + 1] === "\\");
    if (isEscape) i++;
    else if (pattern[i] === "*") {
      pieces.push("");
      continue;
    }
    pieces.push(`${pieces.pop() ?? ""}${pattern[i]}`);
  }
  const [first = "", ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, from);
    if (found < 0) return false;
    from = found + piece.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}

function withinTruth({ of, base }: Of<"path_within">, assume: Assumption): boolean | null {
  const root = constantOf(base, assume);
  if (root === "/") return true;
  const path = constantOf(of, assume);
  if (typeof path !== "string" || typeof root !== "string") return null;
  return path === root || path.startsWith(`${root}/`);
}

/** By nothing. */
function coveredTruth({ by }: Of<"covered">, assume: Assumption): boolean | null {
  return isCollection(by.type) && sizeOf(by, assume).max === 0n ? false : null;
}

function quantifierTruth(expr: Of<"quantifier">, assume: Assumption): boolean | null {
  const size = sizeOf(expr.over, assume);
  const isAny = expr.op === "any";
  if (size.max === 0n) return !isAny;
  const truth = truthOf(expr.body, assume);
  // One member decides `any` by being true and `all` by being false; all must agree on the other answer.
  if (truth === !isAny) return truth;
  return truth === isAny && size.min > 0n ? truth : null;
}

function setsTruth({ op, left, right }: Of<"sets">, assume: Assumption): boolean | null {
  const [a, b] = [sizeOf(left, assume), sizeOf(right, assume)];
  if (op === "subset_of") {
    if (a.max === 0n) return true;
    if (a.min > b.max) return false;
  } else if (a.max === 0n || b.max === 0n) return op === "disjoint_from";
  const [some, others] = [constantOf(left, assume), constantOf(right, assume)];
  if (!Array.isArray(some) || !Array.isArray(others)) return null;
  const isAmong = (value: Value) => others.some((other: Value) => isSameValue(value, other));
  return op === "subset_of" ? some.every(isAmong) : some.some(isAmong) === (op === "overlaps");
}
