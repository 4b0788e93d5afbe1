/** What would release a held request, and whom it names: what the manifests of its evaluators say of both. */
import type { Party } from "@polity/lineage/entry.ts";
import type { Type, Types } from "@polity/runtime/layout.ts";
import { recordFields } from "@polity/runtime/layout.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import { renderReason } from "@polity/runtime/render.ts";
import { type NamedRequest, partsOf } from "@polity/runtime/request.ts";
import type { Decision } from "@polity/runtime/result.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import type { HoldRule } from "./governor.ts";

/** One evaluator and what it answered. */
export interface HeldBy {
  readonly manifest: Manifest;
  readonly decision: Decision;
}

/**
 * The rules that hold, by name, of all evaluators that answered `hold`. Null where one of them waits for
 * nobody: no approval ever releases that.
 */
export function holdRulesOf(members: readonly HeldBy[]): readonly HoldRule[] | null {
  const found: HoldRule[] = [];
  for (const { manifest, decision } of members) {
    if (decision.verdict !== "hold") continue;
    const fired = new Set(decision.rules);
    const holding = manifest.rules.filter(({ name, verdict, shadow }) => {
      return verdict === "hold" && shadow !== true && fired.has(name);
    });
    for (const rule of holding) {
      if (rule.approval === undefined) return null;
      const { group: approvers, quorum, withinMs } = rule.approval;
      const reason = decision.explained.reasons.find((one) => one.rule === rule.name);
      const because = reason === undefined ? null : renderReason(reason.parts);
      found.push({ rule: rule.name, because, approvers, quorum, withinMs });
    }
  }
  return found.length === 0 ? null : found.sort((a, b) => (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0));
}

/** Every entity that a field of the request names, in any depth, none twice; and what it carries. */
export function namedIn(
  manifests: readonly Manifest[],
  action: string,
  request: NamedRequest,
): readonly Party[] {
  const { fields, entities } = partsOf(request.json);
  const named = new Map<string, Party>();
  const add = (type: string, id: unknown) => {
    if (typeof id === "string") named.set(`${type}\n${id}`, { type, id });
  };
  for (const { actions, types } of manifests) {
    const layout = actions.find(({ name }) => name === action);
    for (const { name, type } of layout?.fields ?? []) {
      if (Object.hasOwn(fields, name)) walk(fields[name], type, types, add);
    }
  }
  for (const carried of Array.isArray(entities) ? entities : []) {
    const { type, id } = carried as { readonly type?: unknown; readonly id?: unknown };
    if (typeof type === "string") add(type, id);
  }
  return [...named.values()];
}

/** Types have no cycles: a record holds no record of its own kind. */
function walk(value: unknown, type: Type, types: Types, add: (type: string, id: unknown) => void): void {
  switch (type.kind) {
    case "entity":
    case "ref":
      add(type.name, value);
      return;
    case "optional":
      walk(value, type.of, types, add);
      return;
    case "list":
    case "set":
      for (const one of Array.isArray(value) ? value : []) walk(one, type.of, types, add);
      return;
    case "map":
      for (const one of Object.values(objectOf(value))) walk(one, type.of, types, add);
      return;
    case "record": {
      const given = objectOf(value);
      for (const field of recordFields(type.name, types)) {
        if (Object.hasOwn(given, field.name)) walk(given[field.name], field.type, types, add);
      }
      return;
    }
    case "entry":
    case "bool":
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
    case "enum":
    case "string":
    case "path":
    case "json":
    case "shaped":
      return;
    default:
      unreachable(type);
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
