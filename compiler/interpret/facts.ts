/** The snapshot of entities that requests are judged against, from its parsed JSON (spec 7.2.1, 7.2.2). */
import type { Field } from "@polity/runtime/layout.ts";
import type { Checked, EntityValue, Value } from "../checked.ts";
import { isDenial } from "./denial.ts";
import { decodeFields, decodeId, resolveFields } from "./input.ts";
import { ownData, readItems } from "./objects.ts";
import { readSettings } from "./settings.ts";
import { checkKeys, readTables, type TableRows } from "./tables.ts";
import { entitiesIn } from "./values.ts";

/**
 * Entities by type and id. Every parent, every entity-valued attribute and every entity literal is in it
 * (spec 7.1.4).
 */
export interface Facts {
  /** What they say, or what the policy says where they do not. */
  readonly settings: ReadonlyMap<string, Value>;
  /** By name, sorted by the values of their keys. */
  readonly tables: ReadonlyMap<string, TableRows>;
  readonly entities: ReadonlyMap<string, ReadonlyMap<string, Entity>>;
}

export interface Entity extends EntityValue {
  readonly attributes: ReadonlyMap<string, Value>;
  readonly parents: readonly EntityValue[];
}

export type RefusalCode =
  | "facts.invalid"
  | "facts.too_large"
  | "facts.out_of_range"
  | "facts.unknown_type"
  | "facts.duplicate_id"
  | "facts.unknown_parent"
  | "facts.unknown_entity"
  | "facts.cycle"
  | "facts.missing_attribute"
  | "facts.unknown_attribute"
  | "facts.missing_entity"
  | "facts.unknown_setting"
  | "facts.unknown_table"
  | "facts.duplicate_key"
  | "facts.too_many_rows";

/** Why a snapshot is not used at all, and at which entity that was seen. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  readonly entity: EntityValue | null;
}

export type LoadedFacts =
  | { readonly ok: true; readonly facts: Facts }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * `facts` is `{ entities: [{ type, id, attributes, parents: [{ type, id }] }] }`, the last two optional. The
 * first thing that is wrong is the answer, in this order: entity by entity as given, each by form, type,
 * attributes, parents and an id that is taken; then by type, what is named and not there; cycles; the
 * policy's literals.
 */
export function loadFacts(checked: Checked, facts: unknown): LoadedFacts {
  const snapshot = readSnapshot(facts);
  if ("code" in snapshot) return { ok: false, refusal: snapshot };
  const { written } = snapshot;
  const entities = new Map<string, Map<string, Entity>>();
  for (const type of checked.types.entities.keys()) entities.set(type, new Map());
  for (const each of written) {
    const entity = readEntity(checked, each);
    if ("code" in entity) return { ok: false, refusal: entity };
    const sameType = entities.get(entity.type);
    if (sameType?.has(entity.id)) return refuse("facts.duplicate_id", "two entities of one id", entity);
    sameType?.set(entity.id, entity);
  }
  const settings = readSettings(checked, snapshot.settings);
  if ("code" in settings) return { ok: false, refusal: settings };
  const tables = readTables(checked, snapshot.tables);
  if ("code" in tables) return { ok: false, refusal: tables };
  const loaded: Facts = { entities, settings, tables };
  const refusal = checkReferences(checked, loaded) ?? checkRows(loaded);
  return refusal === null ? { ok: true, facts: loaded } : { ok: false, refusal };
}

export function findEntity(facts: Facts, { type, id }: EntityValue): Entity | undefined {
  return facts.entities.get(type)?.get(id);
}

/** `entity` is `group` or is below it through any number of groups (spec 5.6.3). */
export function isBelow(facts: Facts, entity: EntityValue, group: EntityValue): boolean {
  const seen = new Set<Entity | undefined>();
  const open = [findEntity(facts, entity)];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.type === group.type && next.id === group.id) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    for (const parent of next.parents) open.push(findEntity(facts, parent));
  }
  return false;
}

interface Snapshot {
  readonly written: readonly unknown[];
  readonly settings: unknown;
  readonly tables: unknown;
}

function readSnapshot(facts: unknown): Snapshot | Refusal {
  const snapshot = ownData(facts);
  if (snapshot === undefined) return refusalOf("facts.invalid", "a snapshot is an object", null);
  for (const key of snapshot.keys()) {
    if (key === "entities" || key === "settings" || key === "tables") continue;
    return refusalOf("facts.invalid", `\`${key}\` has no meaning in this version`, null);
  }
  const items = readItems(snapshot.get("entities"), Number.POSITIVE_INFINITY);
  if (isDenial(items)) return refusalOf("facts.invalid", "`entities` is not a list", null);
  const settings = snapshot.get("settings");
  const tables = snapshot.get("tables");
  return {
    written: items,
    settings: isEmpty(settings) ? undefined : settings,
    tables: isEmpty(tables) ? undefined : tables,
  };
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return ownData(value)?.size === 0;
}

function readEntity(checked: Checked, raw: unknown): Entity | Refusal {
  const written = ownData(raw);
  const reference = readReference(written);
  if (written === undefined || reference === undefined) {
    return refusalOf("facts.invalid", "an entity has a type and an id", null);
  }
  const known = ["type", "id", "attributes", "parents"];
  for (const key of written.keys()) {
    if (!known.includes(key)) return refusalOf("facts.invalid", `\`${key}\` has no meaning`, reference);
  }
  const type = checked.types.entities.get(reference.type);
  if (type === undefined || type.fromRequest === true) {
    return refusalOf("facts.unknown_type", "no such entity type", reference);
  }
  const attributes = readAttributes(checked, written, type.attributes, reference);
  if (!(attributes instanceof Map)) return attributes as Refusal;
  const parents = readParents(written, type.groups, reference);
  if (!Array.isArray(parents)) return parents as Refusal;
  return { ...reference, attributes, parents };
}

function readReference(written: ReadonlyMap<string, unknown> | undefined): EntityValue | undefined {
  const type = written?.get("type");
  const id = decodeId(written?.get("id"));
  const isType = typeof type === "string" && type.isWellFormed();
  return isType && typeof id === "string" ? { type, id } : undefined;
}

function readAttributes(
  checked: Checked,
  written: ReadonlyMap<string, unknown>,
  fields: readonly Field[],
  entity: EntityValue,
): ReadonlyMap<string, Value> | Refusal {
  const raw = written.has("attributes") ? written.get("attributes") : {};
  const decoded = decodeFields(raw, fields, checked.types);
  const values = isDenial(decoded) ? decoded : resolveFields(decoded, fields, checked.types);
  if (!isDenial(values)) return values;
  switch (values.deny) {
    case "input.missing":
      return refusalOf("facts.missing_attribute", "an attribute is missing", entity);
    case "input.unknown_field":
      return refusalOf("facts.unknown_attribute", "an attribute is not declared", entity);
    case "input.out_of_range":
      return refusalOf("facts.out_of_range", "an attribute is out of its range", entity);
    case "input.too_large":
      return refusalOf("facts.too_large", "an attribute is too large", entity);
    default:
      return refusalOf("facts.invalid", "an attribute is not of its type", entity);
  }
}

function readParents(
  written: ReadonlyMap<string, unknown>,
  groups: readonly string[],
  entity: EntityValue,
): readonly EntityValue[] | Refusal {
  const raw = written.has("parents") ? written.get("parents") : [];
  const items = readItems(raw, Number.POSITIVE_INFINITY);
  if (isDenial(items)) return refusalOf("facts.invalid", "`parents` is not a list", entity);
  const parents: EntityValue[] = [];
  for (const item of items) {
    const data = ownData(item);
    const parent = readReference(data);
    if (parent === undefined || data?.size !== 2) {
      return refusalOf("facts.invalid", "a parent has a type and an id, nothing else", entity);
    }
    if (!groups.includes(parent.type)) {
      return refusalOf("facts.unknown_parent", `not declared to be in \`${parent.type}\``, entity);
    }
    parents.push(parent);
  }
  return parents;
}

function checkReferences(checked: Checked, facts: Facts): Refusal | null {
  for (const sameType of facts.entities.values()) {
    for (const entity of sameType.values()) {
      if (entity.parents.some((parent) => findEntity(facts, parent) === undefined)) {
        return refusalOf("facts.unknown_parent", "a parent is not in the snapshot", entity);
      }
      const named = entitiesIn(entity.attributes).filter(({ isRef }) => isRef !== true);
      if (named.some((value) => findEntity(facts, value) === undefined)) {
        return refusalOf("facts.unknown_entity", "an attribute names an entity that is not there", entity);
      }
    }
  }
  const circular = findCycle(facts);
  if (circular !== undefined) return refusalOf("facts.cycle", "in itself through its groups", circular);
  const missing = checked.entityLiterals.find((literal) => findEntity(facts, literal) === undefined);
  return missing === undefined
    ? null
    : refusalOf("facts.missing_entity", "the policy names an entity that is not there", missing);
}

/** Every entity that a row names is there, no key twice, and not too many rows of one kind (spec 7.5.3). */
function checkRows(facts: Facts): Refusal | null {
  for (const { rows } of facts.tables.values()) {
    const named = rows.flatMap(entitiesIn).filter(({ isRef }) => isRef !== true);
    if (named.some((value) => findEntity(facts, value) === undefined)) {
      return refusalOf("facts.unknown_entity", "a row names an entity that is not there", null);
    }
  }
  for (const table of facts.tables.values()) {
    const refusal = checkKeys(table);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** An entity on a cycle or below one: again and again, those without open parents are set aside. */
export function findCycle(facts: Facts): Entity | undefined {
  const below = new Map<Entity, Entity[]>();
  const openParents = new Map<Entity, number>();
  const ready: Entity[] = [];
  for (const entity of allEntities(facts)) {
    openParents.set(entity, entity.parents.length);
    if (entity.parents.length === 0) ready.push(entity);
    for (const parent of entity.parents) {
      const group = findEntity(facts, parent);
      if (group === undefined) continue;
      const members = below.get(group);
      if (members === undefined) below.set(group, [entity]);
      else members.push(entity);
    }
  }
  for (let group = ready.pop(); group !== undefined; group = ready.pop()) {
    openParents.delete(group);
    for (const entity of below.get(group) ?? []) {
      const left = (openParents.get(entity) ?? 0) - 1;
      openParents.set(entity, left);
      if (left === 0) ready.push(entity);
    }
  }
  return openParents.keys().next().value;
}

function* allEntities(facts: Facts): Generator<Entity> {
  for (const sameType of facts.entities.values()) yield* sameType.values();
}

function refusalOf(code: RefusalCode, message: string, entity: EntityValue | null): Refusal {
  return { code, message, entity: entity === null ? null : { type: entity.type, id: entity.id } };
}

function refuse(code: RefusalCode, message: string, entity: EntityValue | null): LoadedFacts {
  return { ok: false, refusal: refusalOf(code, message, entity) };
}
