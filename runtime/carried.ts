/** The entities that a request carries: read exactly, in the order of the frame, and written into it. */
import { canonicalFields, entriesOf, type InputCode } from "./canonical-fields.ts";
import { canonicalText, parseJson } from "./json.ts";
import { CARRIED_MAX, CARRIED_PARENTS_MAX, ENTITY_ID_BYTES_MAX } from "./layout.ts";
import { type CarriedType, type CarriedTypes, FOREIGN } from "./plan.ts";
import { compareText, utf8Length } from "./text-order.ts";
import { collect, putFields, putText, type Target } from "./writers.ts";

/** Its type and the slots of its id and its parents. */
const HEAD_BYTES = 24;
const PARENT_BYTES = 16;

/** Deeper than any type can be: what is parsed here was just written. */
const SNAPSHOT_DEPTH = 1000;

interface EntityName {
  readonly type: string;
  readonly id: string;
}

export interface CarriedEntity extends EntityName {
  readonly of: CarriedType;
  /** Canonical. */
  readonly attributes: string;
  /** In the order of the frame. */
  readonly parents: readonly EntityName[];
}

export interface Carried {
  readonly ok: true;
  /** In the order of the frame: by type, then by the bytes of the id. */
  readonly entities: readonly CarriedEntity[];
  /** Of types that only other members of a policy set declare: in the JSON, and not in the frame. */
  readonly foreign: readonly CarriedEntity[];
  /** Canonical. */
  readonly json: string;
  /** In the frame, without the variable part. */
  readonly bytes: number;
}

export const NONE_CARRIED: Carried = { ok: true, entities: [], foreign: [], json: "[]", bytes: 0 };

export interface Wrong {
  readonly ok: false;
  readonly code: InputCode;
  readonly path: string;
}

/**
 * What the request carries, or the first thing that is wrong: entity by entity as given, each by form, type,
 * id, attributes and parents; then ids given twice; then cycles. Never throws, and calls no getter.
 */
export function canonicalCarried(types: CarriedTypes, raw: unknown): Carried | Wrong {
  if (raw === undefined) return NONE_CARRIED;
  try {
    const items = itemsOf(raw, CARRIED_MAX);
    if (typeof items === "string") return wrong(items, "entities");
    const entities: CarriedEntity[] = [];
    for (const [at, item] of items.entries()) {
      const entity = readEntity(types, item, `entities[${at}]`);
      if ("ok" in entity) return entity;
      entities.push(entity);
    }
    entities.sort(compareNames);
    if (isAnyTwice(entities) || isCyclic(entities)) return wrong("input.invalid", "entities");
    const json = `[${entities.map(jsonOf).join(",")}]`;
    const isOwn = ({ of }: CarriedEntity) => of.number !== FOREIGN;
    const own = entities.every(isOwn) ? entities : entities.filter(isOwn);
    const bytes = own.reduce((sum, { of }) => sum + HEAD_BYTES + of.attributes.bytes, 0);
    return { ok: true, entities: own, foreign: entities.filter((one) => !isOwn(one)), json, bytes };
  } catch {
    // A proxy may throw at any touch.
    return wrong("input.invalid", "entities");
  }
}

function wrong(code: InputCode, path: string): Wrong {
  return { ok: false, code, path };
}

/** The members of a list; of a hole or a getter, nothing, which is refused in its turn. */
function itemsOf(raw: unknown, max: number): readonly unknown[] | InputCode {
  if (!Array.isArray(raw)) return "input.invalid";
  if (raw.length > max) return "input.too_large";
  const items: unknown[] = [];
  for (let at = 0; at < raw.length; at += 1) {
    items.push(Object.getOwnPropertyDescriptor(raw, at)?.value);
  }
  return items;
}

type Members = ReadonlyMap<string, unknown>;

/** Type and id are there, and nothing is but what is known. */
function membersOf(raw: unknown, known: readonly string[]): Members | InputCode {
  const entries = entriesOf(raw);
  if (entries === null || entries.some(([, value]) => value === undefined)) return "input.invalid";
  const members = new Map(entries);
  for (const key of members.keys()) if (!known.includes(key)) return "input.unknown_field";
  return members.has("type") && members.has("id") ? members : "input.missing";
}

function readEntity(types: CarriedTypes, raw: unknown, path: string): CarriedEntity | Wrong {
  const members = membersOf(raw, ["type", "id", "attributes", "parents"]);
  if (typeof members === "string") return wrong(members, path);
  const name = readName(members, (type) => types.has(type));
  if (typeof name === "string") return wrong(name, path);
  const of = types.get(name.type)!;
  const given = members.has("attributes") ? members.get("attributes") : {};
  const attributes = canonicalFields(of.attributes, given);
  if (!attributes.ok) return wrong(attributes.code, [path, "attributes", attributes.path].join("."));
  // Left out, they could hide a group that a rule restricts: an empty list has to say that there is none.
  if (of.groups.length > 0 && !members.has("parents")) return wrong("input.missing", `${path}.parents`);
  const parents = readParents(members, of.groups);
  if (typeof parents === "string") return wrong(parents, `${path}.parents`);
  return { ...name, of, attributes: attributes.json, parents };
}

function readName(members: Members, isKnown: (type: string) => boolean): EntityName | InputCode {
  const [type, id] = [members.get("type"), members.get("id")];
  if (typeof type !== "string" || !isKnown(type)) return "input.invalid";
  if (typeof id !== "string" || id === "" || !id.isWellFormed()) return "input.invalid";
  return utf8Length(id) > ENTITY_ID_BYTES_MAX ? "input.too_large" : { type, id };
}

function readParents(members: Members, groups: readonly string[]): readonly EntityName[] | InputCode {
  const items = itemsOf(members.has("parents") ? members.get("parents") : [], CARRIED_PARENTS_MAX);
  if (typeof items === "string") return items;
  const parents: EntityName[] = [];
  for (const item of items) {
    const parent = membersOf(item, ["type", "id"]);
    if (typeof parent === "string") return parent;
    const name = readName(parent, (type) => groups.includes(type));
    if (typeof name === "string") return name;
    parents.push(name);
  }
  parents.sort(compareNames);
  return isAnyTwice(parents) ? "input.invalid" : parents;
}

/** Names of types are ASCII, and numbered in this order. */
function compareNames(a: EntityName, b: EntityName): number {
  return compareText(a.type, b.type) || compareText(a.id, b.id);
}

function isAnyTwice(sorted: readonly EntityName[]): boolean {
  return sorted.some((one, at) => at > 0 && compareNames(sorted[at - 1]!, one) === 0);
}

/** Again and again those without open groups are set aside; who is left is in a cycle or below one. */
function isCyclic(entities: readonly CarriedEntity[]): boolean {
  let open = entities;
  for (;;) {
    const isOpen = (name: EntityName) => open.some((other) => compareNames(other, name) === 0);
    const left = open.filter(({ parents }) => parents.some(isOpen));
    if (left.length === open.length) return left.length > 0;
    open = left;
  }
}

/** Attributes that are empty are left out, and parents where there can be none. */
function jsonOf({ type, id, of, attributes, parents }: CarriedEntity): string {
  const nameJson = (name: EntityName) => `"id":${canonicalText(name.id)}`;
  const typeJson = (name: EntityName) => `"type":${canonicalText(name.type)}`;
  const groups = parents.map((parent) => `{${nameJson(parent)},${typeJson(parent)}}`);
  const members = [
    attributes === "{}" ? "" : `"attributes":${attributes}`,
    nameJson({ type, id }),
    of.groups.length === 0 ? "" : `"parents":[${groups.join(",")}]`,
    typeJson({ type, id }),
  ];
  return `{${members.filter((member) => member !== "").join(",")}}`;
}

/** Writes them at this address; false where there is no room. */
export function putCarried(
  target: Target,
  start: number,
  entities: readonly CarriedEntity[],
  entityNumbers: ReadonlyMap<string, number>,
): boolean {
  let at = start;
  for (const { of, id, parents, attributes } of entities) {
    const plan = of.attributes;
    const values: unknown[] = plan.names.map(() => undefined);
    const snapshot = parseJson(attributes, { depthMax: SNAPSHOT_DEPTH });
    putWords(target, at, of.number, 0);
    const isWritten =
      putText(target, at + 8, id, ENTITY_ID_BYTES_MAX) &&
      putParents(target, at + 16, parents, entityNumbers) &&
      snapshot.ok &&
      collect(plan, snapshot.value, values) &&
      putFields(target, plan, at + HEAD_BYTES, values);
    if (!isWritten) return false;
    at += HEAD_BYTES + plan.bytes;
  }
  return true;
}

function putParents(
  target: Target,
  at: number,
  parents: readonly EntityName[],
  entityNumbers: ReadonlyMap<string, number>,
): boolean {
  let place = target.next;
  const bytes = parents.length * PARENT_BYTES;
  if (place + bytes > target.end) {
    target.isFull = true;
    return false;
  }
  putWords(target, at, bytes === 0 ? 0 : place - target.base, parents.length);
  target.next = place + bytes;
  for (const { type, id } of parents) {
    putWords(target, place, entityNumbers.get(type) ?? -1, 0);
    if (!putText(target, place + 8, id, ENTITY_ID_BYTES_MAX)) return false;
    place += PARENT_BYTES;
  }
  return true;
}

function putWords({ words }: Target, at: number, low: number, high: number): void {
  words[at >> 2] = low;
  words[(at >> 2) + 1] = high;
}
