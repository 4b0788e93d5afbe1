/**
 * The canonical JSON of a request and its digest, which approvals, permits and receipts bind. It covers all
 * declared fields and depends on no policy: what a rule reads changes no digest.
 */
import { canonicalFields, type InputCode } from "./canonical-fields.ts";
import { canonicalCarried } from "./carried.ts";
import { digestText, type Sha256 } from "./hash.ts";
import { canonicalText, parseJson } from "./json.ts";
import type { ActionPlan } from "./plan.ts";

export interface NamedRequest {
  /** `{"action":…,"entities":[…],"fields":{…}}`, RFC 8785; `entities` only where there are any. */
  readonly json: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
}

export type RequestResult =
  | (NamedRequest & { readonly ok: true })
  | {
      readonly ok: false;
      readonly code: InputCode;
      /** `payee.account`, `tools[3]`; empty where no single field is meant. */
      readonly path: string;
    };

/** Deeper than any type can be: what is parsed here was just written by canonical-fields.ts. */
export const SNAPSHOT_DEPTH = 1000;

/**
 * Values in their canonical form: integers within ±(2^53−1) as numbers, others and decimals as text, times as
 * RFC 3339 with `Z`, durations as `"<n>ms"`, sets in canonical order, shaped text as it came, absent ones
 * left out. Reads own data properties only and calls no getter.
 */
export function canonicalRequest(
  plan: ActionPlan,
  fields: unknown,
  sha256: Sha256,
  entities?: unknown,
): RequestResult {
  const result = canonicalFields(plan, fields);
  if (!result.ok) return result;
  const carried = canonicalCarried(plan.carried, entities);
  if (!carried.ok) return carried;
  const json = requestJson(plan.action, result.json, carried.json);
  return { ok: true, json, digest: digestText(json, sha256) };
}

/** A request without entities has no such member. */
export function requestJson(action: string, fieldsJson: string, entitiesJson = "[]"): string {
  const carried = entitiesJson === "[]" ? "" : `,"entities":${entitiesJson}`;
  return `{"action":${canonicalText(action)}${carried},"fields":${fieldsJson}}`;
}

/** Of a request that another evaluator named: the fields that this one shares, and what it carries. */
export function sharedPart(
  others: ActionPlan | null,
  json: string,
): { readonly fields: unknown; readonly entities: unknown } {
  const { fields, entities } = partsOf(json);
  const names = (others?.names ?? []).filter((name) => Object.hasOwn(fields, name));
  return { fields: Object.fromEntries(names.map((name) => [name, fields[name]])), entities };
}

/** Of a request's canonical JSON. */
export function partsOf(json: string): {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly entities: unknown;
} {
  const parsed = parseJson(json, { depthMax: SNAPSHOT_DEPTH });
  const { fields = {}, entities } = (parsed.ok ? parsed.value : {}) as {
    readonly fields?: Readonly<Record<string, unknown>>;
    readonly entities?: unknown;
  };
  return { fields, entities };
}
