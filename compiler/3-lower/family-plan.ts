/** How a family is asked: what once, what through an index, what in an order, and what of each row. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Case, Expr, Value } from "../checked.ts";
import { copied, type Family, type Kinship, plainJson, within } from "./families.ts";

/**
 * All four together are the condition. Rows may be passed over only where nothing that errs is: `guards`,
 * `parts` and `order` stand before whatever may err, and need no proof of what stands before them.
 */
export interface Plan {
  /** Evaluated in this order, before any row. */
  readonly guards: readonly Expr[];
  readonly parts: readonly PlannedPart[];
  readonly order: PlannedOrder | null;
  /** In the order of the condition. */
  readonly rest: readonly Expr[];
  /** Of constants that differ between rows: which one it is. */
  readonly varying: ReadonlyMap<Expr, number>;
  /** Who approves, as a copy whose constants are in `varying`. */
  readonly group: Expr | null;
}

export type KeyKind = "text" | "number" | "member";

/** `subject` is equal to the constant, or to a member of it. */
export interface PlannedPart {
  readonly subject: Expr;
  readonly kind: KeyKind;
  readonly constant: number;
  readonly isMember: boolean;
  readonly conjunct: Expr;
}

export interface PlannedOrder {
  readonly conjunct: Expr;
  readonly subject: Expr;
  readonly constant: number;
  readonly isDescending: boolean;
}

export function planFamily(family: Family, { eachConstant }: Kinship): Plan {
  const [first] = family;
  if (first === undefined) throw new Error("a family without rules");
  const literals: Expr[] = [];
  const conjuncts = conjunctsOf(first.one, literals);
  const group = first.one.approval === null ? null : copied(first.one.approval.group, literals);
  const varying = new Map<Expr, number>();
  for (const [constant, literal] of literals.entries()) {
    if (eachConstant || varies(family, constant)) varying.set(literal, constant);
  }
  return { ...arrange(conjuncts, varying), varying, group };
}

/** Parts that the index cannot hold are asked of each row. */
export function withoutPart(plan: Plan, dropped: PlannedPart): Plan {
  return {
    ...plan,
    parts: plan.parts.filter((part) => part !== dropped),
    rest: [dropped.conjunct, ...plan.rest],
  };
}

function conjunctsOf({ when, unless }: Case, literals: Expr[]): readonly Expr[] {
  const conjuncts: Expr[] = [];
  if (when !== null) flatten(copied(when, literals), conjuncts);
  if (unless !== null) {
    const of = copied(unless, literals);
    conjuncts.push({ kind: "not", of, type: { kind: "bool" }, span: of.span, mayErr: of.mayErr });
  }
  return conjuncts;
}

function flatten(expr: Expr, conjuncts: Expr[]): void {
  if (expr.kind !== "and") {
    conjuncts.push(expr);
    return;
  }
  flatten(expr.left, conjuncts);
  flatten(expr.right, conjuncts);
}

function varies(family: Family, constant: number): boolean {
  const first = family[0]?.constants[constant];
  return family.some(({ constants }) => !isSame(constants[constant], first));
}

function isSame(a: Value, b: Value): boolean {
  return a === b || (typeof a === "object" && typeof b === "object" && plainJson(a) === plainJson(b));
}

function arrange(
  conjuncts: readonly Expr[],
  varying: ReadonlyMap<Expr, number>,
): Pick<Plan, "guards" | "parts" | "order" | "rest"> {
  const guards: Expr[] = [];
  const parts: PlannedPart[] = [];
  const rest: Expr[] = [];
  let order: PlannedOrder | null = null;
  // Nothing so far may err.
  let isCertain = true;
  // What is asked of rows may prove that something is there, and guards come before it.
  let isUnproved = true;
  for (const conjunct of conjuncts) {
    isCertain &&= !conjunct.mayErr;
    if (isCertain && isUnproved && !dependsOnRow(conjunct, varying)) {
      guards.push(conjunct);
      continue;
    }
    const part = isCertain ? partOf(conjunct, varying) : null;
    if (part !== null) {
      parts.push(part);
      continue;
    }
    const found: PlannedOrder | null = isCertain && order === null ? orderOf(conjunct, varying) : null;
    if (found !== null) {
      order = found;
      continue;
    }
    isUnproved = false;
    rest.push(conjunct);
  }
  return { guards, parts, order, rest };
}

function dependsOnRow(expr: Expr, varying: ReadonlyMap<Expr, number>): boolean {
  for (const part of within(expr)) if (varying.has(part)) return true;
  return false;
}

// ---- the index

function partOf(conjunct: Expr, varying: ReadonlyMap<Expr, number>): PlannedPart | null {
  if (conjunct.kind === "member" && !conjunct.negated) {
    return planned(conjunct, conjunct.of, varying.get(conjunct.within), true);
  }
  if (conjunct.kind !== "equal" || conjunct.negated) return null;
  const { left, right } = conjunct;
  return (
    planned(conjunct, left, varying.get(right), false) ?? planned(conjunct, right, varying.get(left), false)
  );
}

function planned(
  conjunct: Expr,
  subject: Expr,
  constant: number | undefined,
  isMember: boolean,
): PlannedPart | null {
  const kind = keyKind(subject.type);
  if (constant === undefined || kind === null || !isSteady(subject)) return null;
  return { subject, kind, constant, isMember, conjunct };
}

function keyKind({ kind }: Type): KeyKind | null {
  if (kind === "string" || kind === "path" || kind === "shaped" || kind === "entity") return "text";
  if (kind === "int" || kind === "decimal" || kind === "timestamp" || kind === "duration") return "number";
  return kind === "enum" ? "member" : null;
}

/**
 * Whether it may be read at any time, whatever was tested before: an optional value that is not there reads
 * as zeros, but an entity that is not there has no attributes.
 */
function isSteady(expr: Expr): boolean {
  if (expr.kind === "proved") return expr.of.kind !== "lookup" && isSteady(expr.of);
  if (expr.kind !== "attribute") return expr.kind === "field" || expr.kind === "setting";
  if (expr.of.type.kind === "entity") return isThere(expr.of);
  return expr.of.type.kind === "record" && isSteady(expr.of);
}

/** An entity without proof: fields and attributes that are not optional always name one. */
function isThere(expr: Expr): boolean {
  if (expr.kind !== "attribute") return expr.kind === "field" || expr.kind === "setting";
  return (expr.of.type.kind === "entity" || expr.of.type.kind === "record") && isThere(expr.of);
}

// ---- the order

function orderOf(conjunct: Expr, varying: ReadonlyMap<Expr, number>): PlannedOrder | null {
  if (conjunct.kind !== "order") return null;
  const { left, right, op } = conjunct;
  if (keyKind(left.type) !== "number") return null;
  const isBelow = op === "<" || op === "<=";
  const above = varying.get(right);
  if (above !== undefined && isSteadyNumber(left, varying)) {
    return { conjunct, subject: left, constant: above, isDescending: isBelow };
  }
  const below = varying.get(left);
  return below !== undefined && isSteadyNumber(right, varying)
    ? { conjunct, subject: right, constant: below, isDescending: !isBelow }
    : null;
}

/** It errs never, since the whole conjunct does not; but without its proof a division might trap. */
function isSteadyNumber(expr: Expr, varying: ReadonlyMap<Expr, number>): boolean {
  if (expr.kind === "now" || expr.kind === "trust") return true;
  if (expr.kind === "literal") return !varying.has(expr);
  if (expr.kind === "negate") return isSteadyNumber(expr.of, varying);
  if (expr.kind !== "arithmetic") return isSteady(expr);
  if (expr.op === "/" || expr.op === "%") return false;
  return isSteadyNumber(expr.left, varying) && isSteadyNumber(expr.right, varying);
}
