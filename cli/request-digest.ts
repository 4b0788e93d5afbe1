import { sha256 } from "@polity/runtime/hash.ts";
import type { Field, Types } from "@polity/runtime/layout.ts";
import { type ActionPlan, type CarriedTypes, makePlanner } from "@polity/runtime/plan.ts";
import { canonicalRequest, type RequestResult } from "@polity/runtime/request.ts";

/** The canonical form and digest of a request, or the first thing that is wrong with its fields. */
export type RequestNamer = (action: string, fields: unknown, entities?: unknown) => RequestResult;

/**
 * A request's name depends on types alone: a policy gives it the same one as its evaluator. `foreign`: what
 * it may carry beside what these types say.
 */
export function requestNamer(
  types: Types,
  actions: readonly { readonly name: string; readonly fields: readonly Field[] }[],
  foreign?: CarriedTypes,
): RequestNamer {
  const planner = makePlanner(types, foreign);
  const plans = new Map<string, ActionPlan>();
  for (const [index, { name, fields }] of actions.entries()) {
    const unread = fields.map((field) => ({ name: field.name, type: field.type, offset: null }));
    plans.set(name, planner.action({ name, fields: unread, fixedBytes: 0 }, index));
  }
  return (action, fields, entities) => {
    const plan = plans.get(action);
    if (plan === undefined) return { ok: false, code: "input.unknown_action", path: "" };
    return canonicalRequest(plan, fields, sha256, entities);
  };
}
