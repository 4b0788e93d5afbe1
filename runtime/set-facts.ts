/**
 * One snapshot for all members of a policy set: each takes from it what it declares, and what nobody
 * declares is refused.
 */
import { type FactsRefusal, refusal } from "./facts-refusal.ts";
import type { Types } from "./layout.ts";

type Members = Readonly<Record<string, unknown>>;

/** Names of entity types, tables and settings. */
export interface Vocabulary {
  readonly entities: ReadonlySet<string>;
  readonly tables: ReadonlySet<string>;
  readonly settings: ReadonlySet<string>;
}

export function vocabularyOf(all: readonly Types[]): Vocabulary {
  return {
    entities: new Set(all.flatMap(({ entities }) => [...entities.keys()])),
    tables: new Set(all.flatMap(({ tables = [] }) => tables.map(({ name }) => name))),
    settings: new Set(all.flatMap(({ settings = [] }) => settings.map(({ name }) => name))),
  };
}

/** The first thing that no member declares. What has not its form is for the members to refuse. */
export function undeclared(all: Vocabulary, json: unknown): FactsRefusal | null {
  const { entities, settings, tables } = objectOf(json) ?? {};
  for (const entity of Array.isArray(entities) ? entities : []) {
    const { type, id } = objectOf(entity) ?? {};
    if (typeof type !== "string" || typeof id !== "string" || all.entities.has(type)) continue;
    return refusal("facts.unknown_type", `no member of the set has an entity ${type}`, { type, id });
  }
  for (const name of Object.keys(objectOf(settings) ?? {})) {
    if (all.settings.has(name)) continue;
    return refusal("facts.unknown_setting", `no member of the set has a setting ${quoted(name)}`, null);
  }
  for (const name of Object.keys(objectOf(tables) ?? {})) {
    if (all.tables.has(name)) continue;
    return refusal("facts.unknown_table", `no member of the set has a table ${quoted(name)}`, null);
  }
  return null;
}

/** The snapshot without what only others declare. */
export function partOf(own: Vocabulary, all: Vocabulary, json: unknown): unknown {
  const snapshot = objectOf(json);
  if (snapshot === null) return json;
  const isOthers = (entity: unknown): boolean => {
    const { type } = objectOf(entity) ?? {};
    return typeof type === "string" && all.entities.has(type) && !own.entities.has(type);
  };
  const parts = Object.entries(snapshot).map(([key, value]): [string, unknown] => {
    if (key === "entities" && Array.isArray(value) && own.entities.size < all.entities.size) {
      return [key, value.filter((entity) => !isOthers(entity))];
    }
    if (key === "settings") return [key, without(value, all.settings, own.settings)];
    return [key, key === "tables" ? without(value, all.tables, own.tables) : value];
  });
  return Object.fromEntries(parts);
}

function without(json: unknown, all: ReadonlySet<string>, own: ReadonlySet<string>): unknown {
  const members = objectOf(json);
  if (members === null) return json;
  return Object.fromEntries(Object.entries(members).filter(([name]) => own.has(name) || !all.has(name)));
}

function objectOf(json: unknown): Members | null {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as Members) : null;
}

function quoted(name: string): string {
  return JSON.stringify(name);
}
