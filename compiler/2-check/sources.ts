/** Where entities come from: the facts, or the request that names them; what is in facts names no other. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Declaration } from "../ast.ts";
import type { Span } from "../source.ts";
import { carriedGroup, carriedInFacts } from "./messages-entities.ts";
import type { Fields, Report } from "./world.ts";

/** Names of the entity types of requests. */
export function carriedTypes(all: readonly Declaration[]): ReadonlySet<string> {
  return new Set(all.flatMap((d) => (d.kind === "entity" && d.fromRequest ? [d.name.text] : [])));
}

export function checkSources(
  declarations: readonly Declaration[],
  carried: ReadonlySet<string>,
  records: ReadonlyMap<string, Fields>,
  entities: ReadonlyMap<string, Fields>,
  report: Report,
): void {
  if (carried.size === 0) return;
  for (const declaration of declarations) {
    if (declaration.kind === "entity" && !declaration.fromRequest) {
      for (const group of declaration.groups) if (carried.has(group.text)) report(carriedGroup(group));
    } else if (declaration.kind !== "table") continue;
    const isEntity = declaration.kind === "entity";
    if (isEntity && declaration.fromRequest) continue;
    const { name } = declaration;
    const fields = (isEntity ? entities : records).get(name.text) ?? new Map<string, Type | null>();
    for (const field of isEntity ? declaration.attributes : declaration.fields) {
      const type = fields.get(field.name.text) ?? null;
      const found = type && carriedIn(type, carried, records, new Set());
      const what = isEntity ? "an attribute of an entity in the facts" : "a column of a table";
      if (found !== null) notOfRequest(field.type.span, found, what, report);
    }
  }
}

export function notOfRequest(span: Span, type: string, what: string, report: Report): void {
  report(carriedInFacts(span, type, what));
}

/** The name of a type of requests that is in it, at any depth; null where there is none. */
function carriedIn(
  type: Type,
  carried: ReadonlySet<string>,
  records: ReadonlyMap<string, Fields>,
  seen: Set<string>,
): string | null {
  if (type.kind === "entity") return carried.has(type.name) ? type.name : null;
  if ("of" in type) return carriedIn(type.of, carried, records, seen);
  if (type.kind !== "record" || seen.has(type.name)) return null;
  seen.add(type.name);
  for (const field of records.get(type.name)?.values() ?? []) {
    const found = field && carriedIn(field, carried, records, seen);
    if (found !== null) return found;
  }
  return null;
}
