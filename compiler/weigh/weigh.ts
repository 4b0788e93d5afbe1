/** The worst case of every action: what its requests may cost at most, whatever they say (spec 12). */
import {
  APPROVALS_MAX,
  CARRIED_MAX,
  CARRIED_PARENTS_MAX,
  recordFields,
  type Type,
  type Types,
} from "@polity/runtime/layout.ts";
import type { Action, Case, Checked, Expr, Rule, Template } from "../checked.ts";
import { type Extent, extentOfType, extentOfValue } from "../extent.ts";
import type { Span } from "../source.ts";
import { stepsOf } from "../steps.ts";
import { WEIGHTS } from "../weights.ts";

export interface ActionWeight {
  readonly action: string;
  /** Reading the frame: everything before the first rule. */
  readonly decodeSteps: bigint;
  readonly ruleSteps: bigint;
  /** The rule that takes the most, the first by name of several; null for an action without rules. */
  readonly culprit: Culprit | null;
}

export interface Culprit {
  readonly rule: string;
  readonly steps: bigint;
  /** The smallest part of its condition that takes at least half of that. */
  readonly span: Span;
}

/** By action, in the order of the program's. */
export function weigh(checked: Checked): readonly ActionWeight[] {
  return checked.actions.map((action) => weighAction(action, checked));
}

/** Costs of a rule's expressions that were asked for: looking for a culprit asks again on every level. */
interface Scales {
  readonly types: Types;
  readonly known: Map<Expr, bigint>;
}

function weighAction(action: Action, checked: Checked): ActionWeight {
  const newScales = (): Scales => ({ types: checked.types, known: new Map() });
  let ruleSteps = 0n;
  let heaviest: { readonly rule: Rule; readonly one: Case; readonly steps: bigint } | null = null;
  for (const rule of checked.rules) {
    for (const one of rule.cases) {
      if (one.action !== action.name) continue;
      const steps = caseSteps(one, action, newScales());
      ruleSteps += steps;
      if (heaviest === null || steps > heaviest.steps) heaviest = { rule, one, steps };
    }
  }
  const culprit =
    heaviest === null
      ? null
      : { rule: heaviest.rule.name, steps: heaviest.steps, span: heaviestPart(heaviest, newScales()) };
  return { action: action.name, decodeSteps: decodeSteps(action, checked), ruleSteps, culprit };
}

// ---- reading the frame

function decodeSteps(action: Action, checked: Checked): bigint {
  const { frame, slot, arrival, entity, approval } = WEIGHTS;
  let steps = frame.steps + BigInt(APPROVALS_MAX) * approval.steps;
  for (const field of action.fields) {
    if (!field.read) continue;
    const { slots, words, entities } = extentOfType(field.type, checked.types);
    steps += slots * slot.steps + words * arrival.steps + entities * entity.steps;
    steps += sortingSteps(field.type, checked.types);
  }
  return steps + carriedSteps(checked.types);
}

/** As many as a request carries at most, each of the type that takes the most. */
function carriedSteps(types: Types): bigint {
  const { slot, arrival, entity, carried } = WEIGHTS;
  let most = 0n;
  for (const { attributes, fromRequest } of types.entities.values()) {
    if (fromRequest !== true) continue;
    let steps = carried.steps + BigInt(CARRIED_PARENTS_MAX) * entity.steps;
    for (const { type } of attributes) {
      const { slots, words, entities } = extentOfType(type, types);
      steps += slots * slot.steps + words * arrival.steps + entities * entity.steps;
      steps += sortingSteps(type, types);
    }
    if (steps > most) most = steps;
  }
  return BigInt(CARRIED_MAX) * most;
}

/** By what requests carry. */
function carriedNames(types: Types): bigint {
  let most = 0n;
  for (const { attributes, fromRequest } of types.entities.values()) {
    if (fromRequest !== true) continue;
    const named = attributes.reduce((sum, { type }) => sum + extentOfType(type, types).entities, 0n);
    const all = named + BigInt(CARRIED_PARENTS_MAX);
    if (all > most) most = all;
  }
  return BigInt(CARRIED_MAX) * most;
}

/** Sets of shaped text are not kept in the order in which they arrive: each pair may be compared. */
function sortingSteps(type: Type, types: Types): bigint {
  if (type.kind === "record") {
    return recordFields(type.name, types).reduce((sum, field) => sum + sortingSteps(field.type, types), 0n);
  }
  if (!("of" in type)) return 0n;
  const within = sortingSteps(type.of, types);
  if (!("max" in type)) return within;
  const members = BigInt(type.max);
  const isSorted = type.kind === "set" && (type.of.kind === "path" || type.of.kind === "shaped");
  const { words } = extentOfType(type.of, types);
  const pair = WEIGHTS.member.steps + words * WEIGHTS.word.steps;
  return members * within + (isSorted ? members * members * pair : 0n);
}

// ---- rules

/** Each clause of a case is counted below; one that is not here does not compile. */
type Counted = "action" | "when" | "unless" | "approval" | "because" | "note" | "witness" | "obliges";
const EVERY_CLAUSE: [Exclude<keyof Case, Counted>] extends [never] ? true : never = true;

function caseSteps(one: Case, action: Action, scales: Scales): bigint {
  const { rule, approval } = WEIGHTS;
  let steps = EVERY_CLAUSE ? rule.steps : 0n;
  for (const condition of [one.when, one.unless]) {
    if (condition !== null) steps += exprSteps(condition, scales);
  }
  if (one.approval !== null) {
    // Each approval is compared with those before it and with every entity that the request names.
    const named = BigInt(APPROVALS_MAX) + entitiesMax(action, scales);
    steps += exprSteps(one.approval.group, scales);
    steps += BigInt(APPROVALS_MAX) * (approval.steps + named * WEIGHTS.member.steps);
  }
  // The member that fits is looked for again where a reason may name it.
  if (one.witness !== null && one.when !== null) steps += exprSteps(one.when, scales);
  for (const { args } of one.obliges) for (const { value } of args) steps += argumentSteps(value, scales);
  return steps + holeSteps(one.because, scales) + holeSteps(one.note, scales);
}

function argumentSteps(value: Expr, scales: Scales): bigint {
  const { words } = extentOfExpr(value, scales);
  return WEIGHTS.argument.steps + words * WEIGHTS.word.steps + exprSteps(value, scales);
}

function entitiesMax(action: Action, scales: Scales): bigint {
  const { types } = scales;
  const own = action.fields.reduce((sum, field) => sum + extentOfType(field.type, types).entities, 0n);
  return own + carriedNames(types);
}

function holeSteps(template: Template | null, scales: Scales): bigint {
  let steps = 0n;
  for (const part of template?.parts ?? []) {
    if (part.kind === "hole") steps += WEIGHTS.hole.steps + exprSteps(part.expr, scales);
  }
  return steps;
}

/** The most that evaluating an expression can cost, all its parts included. */
function exprSteps(expr: Expr, scales: Scales): bigint {
  const known = scales.known.get(expr);
  if (known !== undefined) return known;
  const { own, once, repeated } = stepsOf(expr, (operand) => extentOfExpr(operand, scales));
  let steps = own;
  for (const part of once) steps += exprSteps(part, scales);
  if (repeated !== null) steps += repeated.times * exprSteps(repeated.body, scales);
  scales.known.set(expr, steps);
  return steps;
}

/** What is written is known; everything else may be as large as its type allows. */
function extentOfExpr(expr: Expr, scales: Scales): Extent {
  return expr.kind === "literal" ? extentOfValue(expr.value) : extentOfType(expr.type, scales.types);
}

// ---- culprits

function heaviestPart({ rule, one, steps }: { rule: Rule; one: Case; steps: bigint }, scales: Scales): Span {
  const conditions = [one.when, one.unless].filter((condition) => condition !== null);
  const first = conditions.find((condition) => 2n * exprSteps(condition, scales) >= steps);
  return first === undefined ? rule.span : smallestWith(first, steps, scales);
}

function smallestWith(expr: Expr, steps: bigint, scales: Scales): Span {
  const { once } = stepsOf(expr, (operand) => extentOfExpr(operand, scales));
  const part = once.find((candidate) => 2n * exprSteps(candidate, scales) >= steps);
  if (part !== undefined) return smallestWith(part, steps, scales);
  // What is repeated is never shown without what repeats it: that is where the cost comes from.
  return expr.span;
}
