/** What the rules read of a request, and which entities they name. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Case, EntityValue, Expr, Rule, Template } from "../checked.ts";
import { compareEntities } from "./order.ts";
import { operandsOf } from "./walk.ts";

export interface Reads {
  /** By action. */
  readonly fields: ReadonlyMap<string, ReadonlySet<string>>;
  readonly trust: boolean;
  readonly zones: boolean;
  /** Sorted, none twice. */
  readonly entities: readonly EntityValue[];
}

interface Found {
  readonly fields: Set<string>;
  readonly entities: Map<string, EntityValue>;
  trust: boolean;
  zones: boolean;
}

export function readsOf(rules: readonly Rule[]): Reads {
  const fields = new Map<string, Set<string>>();
  const found: Found = { fields: new Set(), entities: new Map(), trust: false, zones: false };
  const shared = new Map<Expr | Template, ReadonlySet<string>>();
  for (const rule of rules) {
    for (const one of rule.cases) {
      const read = fields.get(one.action) ?? new Set<string>();
      for (const part of partsOf(one)) {
        // Cases of a rule on all actions share their parts: one walk is enough.
        const names = shared.get(part) ?? namesIn(part, found);
        shared.set(part, names);
        for (const name of names) read.add(name);
      }
      fields.set(one.action, read);
    }
    shared.clear();
  }
  return {
    fields,
    trust: found.trust,
    zones: found.zones,
    entities: [...found.entities.values()].sort(compareEntities),
  };
}

function partsOf({ when, unless, approval, because, note, obliges }: Case): (Expr | Template)[] {
  const values = obliges.flatMap(({ args }) => args.map(({ value }) => value));
  const parts = [when, unless, approval?.group ?? null, because, note, ...values];
  return parts.filter((part) => part !== null);
}

function namesIn(part: Expr | Template, found: Found): ReadonlySet<string> {
  const fields = new Set<string>();
  const inner: Found = { fields, entities: found.entities, trust: false, zones: false };
  if ("kind" in part) collect(part, inner);
  else for (const piece of part.parts) if (piece.kind === "hole") collect(piece.expr, inner);
  found.trust ||= inner.trust;
  found.zones ||= inner.zones;
  return fields;
}

function collect(expr: Expr, found: Found): void {
  if (expr.kind === "field") found.fields.add(expr.name);
  if (expr.kind === "trust") found.trust = true;
  if (expr.kind === "local" && expr.place.kind === "zone") found.zones = true;
  if (expr.kind === "literal" && holdsEntities(expr.type)) {
    for (const value of Array.isArray(expr.value) ? expr.value : [expr.value]) {
      found.entities.set(JSON.stringify([value.type, value.id]), value);
    }
  }
  for (const operand of operandsOf(expr)) collect(operand, found);
}

function holdsEntities(type: Type): boolean {
  return (
    type.kind === "entity" || ((type.kind === "set" || type.kind === "list") && type.of.kind === "entity")
  );
}
