/** The entities of a snapshot, one by one as they are given. */
import { canonicalFields, isPrototypePolluted } from "./canonical-fields.ts";
import { hasBadPath } from "./facts-paths.ts";
import { type EntityName, type FactsCode, type FactsRefusal, faultOf, refusal } from "./facts-refusal.ts";
import { readSettings, type Settings, type SettingsSchema } from "./facts-settings.ts";
import { type Row, readTables, type TableSchema } from "./facts-tables.ts";
import { ENTITY_ID_BYTES_MAX } from "./layout.ts";
import type { Plan } from "./plan.ts";
import { utf8Length } from "./text-order.ts";

/** What a policy says about its facts. */
export interface FactsSchema {
  /** By name: a type's place is its number. */
  readonly types: readonly EntitySchema[];
  readonly numbers: ReadonlyMap<string, number>;
  /** Must be in the facts. */
  readonly literals: readonly EntityName[];
  /** 8 bytes. */
  readonly layoutTag: Uint8Array;
  readonly bytesMax: number;
  readonly settings: SettingsSchema;
  /** By name. */
  readonly tables: readonly TableSchema[];
}

export interface EntitySchema {
  readonly name: string;
  readonly groups: readonly string[];
  readonly attributes: Plan;
  readonly hasPath: boolean;
  /** None of its entities is in facts. */
  readonly fromRequest: boolean;
}

export interface Entity {
  readonly type: number;
  readonly id: string;
  readonly attributes: unknown;
  readonly parents: readonly EntityName[];
  /** The parents, once every entity is known. */
  readonly groups: Entity[];
  /** Of its record, from the start of the block; known when all entities are. */
  offset: number;
}

/** By type, each by id in the given order. */
export interface Loaded {
  readonly byType: readonly Map<string, Entity>[];
  readonly settings: Settings;
  /** By table; sorted once every entity is known. */
  readonly tables: readonly (readonly Row[])[];
}

type Members = Readonly<Record<string, unknown>>;

/** `isExact`: attributes are checked here, and not only when they are written. */
export function readEntities(schema: FactsSchema, json: unknown, isExact: boolean): Loaded | FactsRefusal {
  const snapshot = asObject(json);
  if (snapshot === null) return refusal("facts.invalid", "facts are an object", null);
  for (const key of Object.keys(snapshot)) {
    if (key === "entities" || key === "settings" || key === "tables") continue;
    return refusal("facts.invalid", `${JSON.stringify(key)} is not available in this version`, null);
  }
  const { entities } = snapshot;
  if (!Array.isArray(entities)) return refusal("facts.invalid", "`entities` is a list", null);
  const byType = schema.types.map(() => new Map<string, Entity>());
  for (const raw of entities) {
    const entity = readEntity(schema, raw, isExact);
    if ("code" in entity) return entity;
    const sameType = byType[entity.type]!;
    if (sameType.has(entity.id)) {
      return refusal("facts.duplicate_id", "two entities of one id", nameOf(schema, entity));
    }
    sameType.set(entity.id, entity);
  }
  const given = asObject("settings" in snapshot ? snapshot.settings : {});
  if (given === null && !isEmpty(snapshot.settings)) {
    return refusal("facts.invalid", "`settings` is an object", null);
  }
  const settings = readSettings(schema.settings, given ?? {});
  if ("code" in settings) return settings;
  const givenTables = asObject("tables" in snapshot ? snapshot.tables : {});
  if (givenTables === null && !isEmpty(snapshot.tables)) {
    return refusal("facts.invalid", "`tables` is an object", null);
  }
  const tables = readTables(schema.tables, givenTables ?? {});
  return "code" in tables ? tables : { byType, settings, tables };
}

export function nameOf(schema: FactsSchema, { type, id }: Entity): EntityName {
  return { type: schema.types[type]!.name, id };
}

function asObject(json: unknown): Members | null {
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
  return isObject && !isPrototypePolluted() ? (json as Members) : null;
}

function isEmpty(json: unknown): boolean {
  return typeof json === "object" && json !== null && Object.keys(json).length === 0;
}

function readEntity(schema: FactsSchema, raw: unknown, isExact: boolean): Entity | FactsRefusal {
  const entity = asObject(raw);
  const name = entity === null ? null : readName(entity);
  if (entity === null || name === null)
    return refusal("facts.invalid", "an entity has a type and an id", null);
  for (const key of Object.keys(entity)) {
    if (key === "type" || key === "id" || key === "attributes" || key === "parents") continue;
    return refusal("facts.invalid", `${JSON.stringify(key)} is no part of an entity`, name);
  }
  const type = schema.numbers.get(name.type);
  if (type === undefined) return refusal("facts.unknown_type", `the policy has no entity ${name.type}`, name);
  const { attributes: plan, hasPath, groups, fromRequest } = schema.types[type]!;
  if (fromRequest) return refusal("facts.unknown_type", `${name.type} comes with requests`, name);
  const attributes = "attributes" in entity ? entity.attributes : {};
  const wrong = isExact ? attributesRefusal(plan, attributes, name) : null;
  if (wrong !== null) return wrong;
  if (hasPath && hasBadPath(plan, attributes))
    return refusal("facts.invalid", "an attribute has not its shape", name);
  const parents = readParents(entity, groups, name);
  if ("code" in parents) return parents;
  return { type, id: name.id, attributes, parents: parents.parents, groups: [], offset: 0 };
}

/** Type and id; null where one is missing or has not the form of one. */
function readName(of: Members): EntityName | null {
  const { type, id } = of;
  if (typeof type !== "string" || typeof id !== "string" || id === "") return null;
  return id.isWellFormed() && utf8Length(id) <= ENTITY_ID_BYTES_MAX ? { type, id } : null;
}

const CODES: Readonly<Record<string, FactsCode>> = {
  "input.missing": "facts.missing_attribute",
  "input.unknown_field": "facts.unknown_attribute",
  "input.out_of_range": "facts.out_of_range",
  "input.too_large": "facts.too_large",
};

function attributesRefusal(plan: Plan, attributes: unknown, name: EntityName): FactsRefusal | null {
  const result = canonicalFields(plan, attributes);
  if (result.ok) return null;
  const { code, path } = result;
  return refusal(CODES[code] ?? "facts.invalid", faultOf("attribute", path, code), name);
}

function readParents(
  entity: Members,
  groups: readonly string[],
  name: EntityName,
): { readonly parents: readonly EntityName[] } | FactsRefusal {
  const raw = "parents" in entity ? entity.parents : [];
  if (!Array.isArray(raw)) return refusal("facts.invalid", "`parents` is a list", name);
  const parents: EntityName[] = [];
  for (const item of raw) {
    const members = asObject(item);
    const parent = members === null ? null : readName(members);
    if (members === null || parent === null || Object.keys(members).length !== 2) {
      return refusal("facts.invalid", "a parent has a type and an id and nothing else", name);
    }
    if (!groups.includes(parent.type)) {
      return refusal("facts.unknown_parent", `${name.type} is not declared to be in ${parent.type}`, name);
    }
    parents.push(parent);
  }
  return { parents };
}
