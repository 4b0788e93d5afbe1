/**
 * Families: rules on one action that differ in nothing but constants. People write thousands of them; as a
 * family they are one function and a row of constants each.
 */
import type { Type } from "@polity/runtime/layout.ts";
import type { Case, Expr, Rule, Template, Value } from "../checked.ts";
import { memberBits } from "./machine.ts";

/** What becomes a family. */
export interface Kinship {
  /** Fewer rules stay as they are. */
  readonly rulesMin: number;
  /** Constants that are the same in all rules of a family have columns too. */
  readonly eachConstant: boolean;
}

/** For a few rules a function each is smaller and as fast. */
export const USUAL_KINSHIP: Kinship = { rulesMin: 8, eachConstant: false };

/** A rule as it judges one action. */
export interface Judging {
  readonly id: number;
  readonly rule: Rule;
  readonly one: Case;
}

export interface Relative extends Judging {
  /** Values of the constants that may differ, in the order of `signed`. */
  readonly constants: readonly Value[];
}

/** By id. */
export type Family = readonly Relative[];

export interface Sorted {
  readonly families: readonly Family[];
  /** Rules that are like no others, by id. */
  readonly loners: readonly Judging[];
}

/** `rules` are those of one action, by id. */
export function sortRules(rules: readonly Judging[], { rulesMin }: Kinship): Sorted {
  if (rules.length < rulesMin) return { families: [], loners: rules };
  const byKey = new Map<string, Relative[]>();
  const loners: Judging[] = [];
  for (const judging of rules) {
    const signed = mayHaveRelatives(judging) ? signOnce(judging) : null;
    if (signed === null) {
      loners.push(judging);
      continue;
    }
    const relative = { ...judging, constants: signed.constants };
    const known = byKey.get(signed.key);
    if (known === undefined) byKey.set(signed.key, [relative]);
    else known.push(relative);
  }
  const families: Family[] = [];
  for (const family of byKey.values()) {
    if (family.length >= rulesMin) families.push(family);
    else loners.push(...family);
  }
  return { families, loners: loners.sort((a, b) => a.id - b.id) };
}

/** Arguments of obligations and members that reasons name have places that only one rule fills. */
function mayHaveRelatives({ rule, one }: Judging): boolean {
  if (rule.shadow) return true;
  return one.obliges.length === 0 && (one.witness === null || !(hasHoles(one.because) || hasHoles(one.note)));
}

function hasHoles(template: Template | null): boolean {
  return template?.parts.some(({ kind }) => kind === "hole") ?? false;
}

// ---- what rules of a family have in common

interface Signed {
  key: string;
  readonly constants: Value[];
}

/** A rule on all actions has the same clauses for each. */
const CASES = new WeakMap<Expr, { readonly judging: Judging; readonly signed: Signed }>();

function signOnce(judging: Judging): Signed {
  const clause = judging.one.when ?? judging.one.unless;
  const known = clause === null ? undefined : CASES.get(clause);
  if (known !== undefined && hasSameClauses(known.judging, judging)) return known.signed;
  const signed = signCase(judging);
  if (clause !== null) CASES.set(clause, { judging, signed });
  return signed;
}

/** Of one rule: clauses that are the same objects. */
function hasSameClauses({ rule, one: a }: Judging, { rule: other, one: b }: Judging): boolean {
  const isCondition = a.when === b.when && a.unless === b.unless && a.approval === b.approval;
  return rule === other && isCondition && a.because === b.because && a.note === b.note;
}

function signCase({ rule, one }: Judging): Signed {
  const signed: Signed = { key: `${rule.verdict} ${rule.shadow}`, constants: [] };
  for (const clause of [one.when, one.unless]) {
    signed.key += "|";
    if (clause !== null) sign(clause, false, signed);
  }
  if (one.approval !== null) {
    signed.key += `|${one.approval.count} within ${one.approval.withinMs} of `;
    sign(one.approval.group, false, signed);
  }
  if (!rule.shadow) {
    for (const template of [one.because, one.note]) {
      signed.key += "|";
      // Values for reasons stand in places that the family shares: they may not depend on the row.
      for (const part of template?.parts ?? []) if (part.kind === "hole") sign(part.expr, true, signed);
    }
  }
  return signed;
}

/** `isFixed`: constants are part of what the rules have in common. */
function sign(expr: Expr, isFixed: boolean, signed: Signed): void {
  if (expr.kind === "literal") {
    const tag = isFixed ? null : tagOf(expr);
    if (tag !== null) {
      signed.key += `?${tag};`;
      signed.constants.push(expr.value);
    } else {
      signed.key += `=${describe(expr.type)} ${plainJson(expr.value)};`;
    }
    return;
  }
  signed.key += `(${expr.kind} ${describe(expr.type)} `;
  const isFixedBelow = isFixed || fixes(expr);
  for (const [name, part] of Object.entries(expr)) {
    if (isExpr(part)) sign(part, isFixedBelow, signed);
    else if (isExprs(part)) for (const each of part) sign(each, isFixedBelow, signed);
    else if (!WRITTEN_ELSEWHERE.has(name))
      signed.key += `${name}=${plainJson(name === "place" ? placeName(expr) : part)};`;
  }
  signed.key += ")";
}

/** Not of expressions: `text` and `op` say what a pattern's automaton is. */
const WRITTEN_ELSEWHERE: ReadonlySet<string> = new Set(["kind", "type", "span", "automaton", "pattern"]);

function placeName(expr: Expr): string {
  if (expr.kind !== "local") throw new Error(`a ${expr.kind} has no place`);
  const { place } = expr;
  return place.kind === "zone" ? place.zone.name : String(place.seconds);
}

function isExpr(part: unknown): part is Expr {
  return typeof part === "object" && part !== null && "mayErr" in part && "span" in part;
}

function isExprs(part: unknown): part is readonly Expr[] {
  return Array.isArray(part) && isExpr(part[0]);
}

/** What is read of documents and of shaped text is kept in places of its own, by the expression as it is. */
function fixes(expr: Expr): boolean {
  if (expr.kind === "accessor") return true;
  if (expr.kind !== "attribute") return false;
  const { kind } = expr.of.type;
  return kind === "shaped" || kind === "path";
}

/** What a constant must have in common with another to take its place; null where it may not differ. */
function tagOf({ type, value }: Extract<Expr, { kind: "literal" }>): string | null {
  if (typeof value === "bigint") return type.kind;
  if (typeof value === "string") return type.kind === "shaped" ? type.shape : type.kind;
  if (typeof value !== "object") return null;
  if ("member" in value) return type.kind === "enum" ? `enum ${type.name}` : null;
  if ("id" in value && "type" in value) return `${type.kind} ${value.type} ${value.isRef === true}`;
  if (!Array.isArray(value) || (type.kind !== "list" && type.kind !== "set")) return null;
  return `${type.kind}<${tagOfMember(type.of)}> ${memberBits(value) !== null}`;
}

function tagOfMember(type: Type): string {
  if (type.kind === "shaped") return type.shape;
  return "name" in type ? `${type.kind} ${type.name}` : type.kind;
}

const SUBJECTS = new WeakMap<Expr, string>();

/** The same for the same expressions. */
export function subjectKey(subject: Expr): string {
  const known = SUBJECTS.get(subject);
  if (known !== undefined) return known;
  const signed: Signed = { key: "", constants: [] };
  sign(subject, true, signed);
  SUBJECTS.set(subject, signed.key);
  return signed.key;
}

/** A type, the ranges of its numbers apart: constants decide them, and machine values do not show them. */
function described(type: Type): string {
  if (type.kind === "int" || type.kind === "decimal") return type.kind;
  if (type.kind === "list" || type.kind === "set" || type.kind === "map") {
    return `${type.kind}<${described(type.of)}> ${type.min}..${type.max}`;
  }
  return "of" in type ? `${type.kind}<${described(type.of)}>` : plainJson(type);
}

const DESCRIPTIONS = new WeakMap<Type, string>();

function describe(type: Type): string {
  const known = DESCRIPTIONS.get(type);
  if (known !== undefined) return known;
  const text = described(type);
  DESCRIPTIONS.set(type, text);
  return text;
}

export function plainJson(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null)
    return `${String(value)}${typeof value === "bigint" ? "n" : ""}`;
  return JSON.stringify(value, (_, part) => {
    if (typeof part === "bigint") return `${part}n`;
    return part instanceof Map ? [...part] : part;
  });
}

// ---- one of them to stand for all

/** A copy of a clause with literals of its own: those that may differ, in the order of `constants`. */
export function copied(clause: Expr, literals: Expr[]): Expr {
  return copy(clause, false, literals);
}

function copy(expr: Expr, isFixed: boolean, literals: Expr[]): Expr {
  if (expr.kind === "literal") {
    const own = { ...expr };
    if (!isFixed && tagOf(expr) !== null) literals.push(own);
    return own;
  }
  const isFixedBelow = isFixed || fixes(expr);
  const parts: Record<string, unknown> = { ...expr };
  for (const [name, part] of Object.entries(expr)) {
    if (isExpr(part)) parts[name] = copy(part, isFixedBelow, literals);
    else if (isExprs(part)) parts[name] = part.map((each) => copy(each, isFixedBelow, literals));
  }
  return parts as unknown as Expr;
}

/** All expressions below this one, itself included, in the order in which they are written. */
export function* within(expr: Expr): Generator<Expr> {
  yield expr;
  for (const part of Object.values(expr)) {
    if (isExpr(part)) yield* within(part);
    else if (isExprs(part)) for (const each of part) yield* within(each);
  }
}
