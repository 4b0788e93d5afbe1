/** Counts the steps of one decision (spec 12.1), for comparison with the bound that the compiler states. */
import type { Action, Expr, Value } from "../checked.ts";
import { extentOfValue, NOTHING } from "../extent.ts";
import { stepsOf } from "../steps.ts";
import { WEIGHTS } from "../weights.ts";
import type { Entity } from "./facts.ts";
import { type Evaluated, isFailure } from "./failure.ts";

/** One for each request; counting changes it. */
export interface Meter {
  steps: bigint;
  /** What each expression was when it was last evaluated: operands come before what needs them. */
  readonly values: Map<Expr, Value>;
}

export function newMeter(): Meter {
  return { steps: 0n, values: new Map() };
}

export function spend(meter: Meter, steps: bigint): void {
  meter.steps += steps;
}

/** An expression was evaluated; its parts have been counted before. One that erred did no work of its own. */
export function countNode(meter: Meter, expr: Expr, result: Evaluated): void {
  if (isFailure(result)) {
    meter.values.delete(expr);
    spend(meter, WEIGHTS.node.steps);
    return;
  }
  meter.values.set(expr, result);
  const extentOf = (operand: Expr) =>
    meter.values.has(operand) ? extentOfValue(meter.values.get(operand)) : NOTHING;
  spend(meter, stepsOf(expr, extentOf).own);
}

/** Reading what a request carries: each is compared with those before it and looked for by its id. */
export function countCarried(meter: Meter, carried: readonly Entity[]): void {
  const { slot, arrival, entity, carried: head } = WEIGHTS;
  for (const { attributes, parents } of carried) {
    const { slots, words, entities } = extentOfValue(attributes);
    spend(meter, head.steps + (entities + BigInt(parents.length)) * entity.steps);
    spend(meter, slots * slot.steps + words * arrival.steps);
  }
}

/** Reading the frame: its header, the approvals in it and the fields that the evaluator reads. */
export function countFrame(
  meter: Meter,
  action: Action,
  fields: ReadonlyMap<string, Value>,
  approvals: number,
): void {
  const { frame, slot, arrival, entity, approval } = WEIGHTS;
  spend(meter, frame.steps + BigInt(approvals) * approval.steps);
  for (const { name, read } of action.fields) {
    if (!read) continue;
    const { slots, words, entities } = extentOfValue(fields.get(name));
    spend(meter, slots * slot.steps + words * arrival.steps + entities * entity.steps);
  }
}
