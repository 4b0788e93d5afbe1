/** The entities that a request carries (spec 7.4.2). */
import { CARRIED_MAX, CARRIED_PARENTS_MAX } from "@polity/runtime/layout.ts";
import type { Checked, EntityValue } from "../checked.ts";
import { type Denial, INVALID, isDenial, MISSING, UNKNOWN_FIELD } from "./denial.ts";
import { type Entity, type Facts, findCycle, findEntity } from "./facts.ts";
import { decodeFields, decodeId, resolveFields } from "./input.ts";
import { isPlain, ownData, readItems } from "./objects.ts";
import { entitiesIn } from "./values.ts";

/** Entity types that only other members of a set declare, each with one that does (spec 10.8). */
export type Foreign = ReadonlyMap<string, Checked>;

const NOTHING_FOREIGN: Foreign = new Map();

/** As given: shaped text is not yet canonical. */
export function decodeCarried(
  checked: Checked,
  raw: unknown,
  foreign: Foreign = NOTHING_FOREIGN,
): readonly Entity[] | Denial {
  if (raw === undefined) return [];
  const items = readItems(raw, CARRIED_MAX);
  if (isDenial(items)) return items;
  const entities: Entity[] = [];
  for (const item of items) {
    const entity = decodeEntity(checked, foreign, item);
    if (isDenial(entity)) return entity;
    entities.push(entity);
  }
  return isAnyTwice(entities) || isCyclic(entities) ? INVALID : entities;
}

/** Groups of the facts are in none of the request. */
function isCyclic(entities: readonly Entity[]): boolean {
  const alone = withCarried({ entities: new Map(), settings: new Map(), tables: new Map() }, entities);
  const among = entities.map((entity) => {
    return { ...entity, parents: entity.parents.filter((parent) => findEntity(alone, parent) !== undefined) };
  });
  return findCycle(withCarried({ ...alone, entities: new Map() }, among)) !== undefined;
}

/** Shaped text in its canonical form. */
export function resolveCarried(checked: Checked, entities: readonly Entity[]): readonly Entity[] | Denial {
  const resolved: Entity[] = [];
  for (const entity of entities) {
    const declared = checked.types.entities.get(entity.type)?.attributes ?? [];
    const attributes = resolveFields(entity.attributes, declared, checked.types);
    if (isDenial(attributes)) return attributes;
    resolved.push({ ...entity, attributes });
  }
  return resolved;
}

/** The facts, and beside them what the request carries (spec 7.4.1): no type is in both. */
export function withCarried(facts: Facts, carried: readonly Entity[]): Facts {
  if (carried.length === 0) return facts;
  const entities = new Map<string, ReadonlyMap<string, Entity>>(facts.entities);
  for (const entity of carried) {
    entities.set(entity.type, new Map([...(entities.get(entity.type) ?? []), [entity.id, entity]]));
  }
  return { ...facts, entities };
}

/** Whom they name (spec 7.4.6). */
export function namedByCarried(carried: readonly Entity[]): readonly EntityValue[] {
  return carried.flatMap(({ attributes, parents }) => [...entitiesIn(attributes), ...parents]);
}

/** (spec 7.4.3) */
function decodeEntity(own: Checked, foreign: Foreign, raw: unknown): Entity | Denial {
  const members = readMembers(raw, ["type", "id", "attributes", "parents"]);
  if (isDenial(members)) return members;
  const [type, id] = [members.get("type"), members.get("id")];
  const { types } = foreign.get(type as string) ?? own;
  const declared = typeof type === "string" ? types.entities.get(type) : undefined;
  if (typeof type !== "string" || declared?.fromRequest !== true) return INVALID;
  const named = decodeId(id);
  if (isDenial(named)) return named;
  const given = members.has("attributes") ? members.get("attributes") : {};
  const attributes = decodeFields(given, declared.attributes, types);
  if (isDenial(attributes)) return attributes;
  if (declared.groups.length > 0 && !members.has("parents")) return MISSING;
  const parents = decodeParents(members.has("parents") ? members.get("parents") : [], declared.groups);
  return isDenial(parents) ? parents : { type, id: named, attributes, parents };
}

function decodeParents(raw: unknown, groups: readonly string[]): readonly EntityValue[] | Denial {
  const items = readItems(raw, CARRIED_PARENTS_MAX);
  if (isDenial(items)) return items;
  const parents: EntityValue[] = [];
  for (const item of items) {
    const members = readMembers(item, ["type", "id"]);
    if (isDenial(members)) return members;
    const type = members.get("type");
    if (typeof type !== "string" || !groups.includes(type)) return INVALID;
    const id = decodeId(members.get("id"));
    if (isDenial(id)) return id;
    parents.push({ type, id });
  }
  return isAnyTwice(parents) ? INVALID : parents;
}

/** A type, an id and what else is known; a getter says nothing. */
function readMembers(raw: unknown, known: readonly string[]): ReadonlyMap<string, unknown> | Denial {
  const members = ownData(raw);
  if (members === undefined || (members.size === 0 && !isPlain(raw))) return INVALID;
  if ([...members.values()].includes(undefined)) return INVALID;
  if ([...members.keys()].some((key) => !known.includes(key))) return UNKNOWN_FIELD;
  return members.has("type") && members.has("id") ? members : MISSING;
}

function isAnyTwice(names: readonly EntityValue[]): boolean {
  return new Set(names.map(({ type, id }) => JSON.stringify([type, id]))).size < names.length;
}
