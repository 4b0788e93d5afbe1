/** The settings of a snapshot: what the facts say, or else what the policy says. */
import { canonicalFields, type FieldsResult } from "./canonical-fields.ts";
import { hasBadPath } from "./facts-paths.ts";
import { type FactsCode, type FactsRefusal, faultOf, refusal } from "./facts-refusal.ts";
import { parseJson } from "./json.ts";
import type { Plan } from "./plan.ts";

/** What a policy says about its settings. */
export interface SettingsSchema {
  readonly plan: Plan;
  /** By name, as JSON writes them. */
  readonly standards: ReadonlyMap<string, unknown>;
}

/** Values by the fields of the plan, in canonical form. */
export interface Settings {
  readonly values: readonly unknown[];
}

const CODES: Readonly<Record<string, FactsCode>> = {
  "input.unknown_field": "facts.unknown_setting",
  "input.out_of_range": "facts.out_of_range",
  "input.too_large": "facts.too_large",
};

export function readSettings({ plan, standards }: SettingsSchema, given: object): Settings | FactsRefusal {
  const whole = Object.fromEntries([...standards, ...Object.entries(given)]);
  const read = canonicalFields(plan, whole);
  if (!read.ok) return refused(read);
  if (hasBadPath(plan, whole)) return refusal("facts.invalid", "a setting is no path", null);
  const parsed = parseJson(read.json);
  const values = parsed.ok ? (parsed.value as Readonly<Record<string, unknown>>) : {};
  return { values: plan.names.map((name) => values[name]) };
}

function refused({ code, path }: Extract<FieldsResult, { ok: false }>): FactsRefusal {
  return refusal(CODES[code] ?? "facts.invalid", faultOf("setting", path, code), null);
}
