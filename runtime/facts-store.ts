/**
 * Facts while they are being read: every entity checked and written at once, as it will stand in the block,
 * but for the places that only the last entity decides. So a million entities take little more than their
 * block, and what is wrong is said when it is met.
 */
import { canonicalFields } from "./canonical-fields.ts";
import { makeNames, type Names, nameNumber } from "./facts-names.ts";
import { hasBadPath } from "./facts-paths.ts";
import { asObject, type FactsSchema, readForm, readName } from "./facts-read.ts";
import {
  type EntityName,
  type FactsCode,
  type FactsRefusal,
  faultOf,
  noRoom,
  refusal,
} from "./facts-refusal.ts";
import { makeNumbers, type Numbers, push } from "./growing.ts";
import type { Plan } from "./plan.ts";
import { collect, makeTarget, putFields, type Target } from "./writers.ts";

export interface Store {
  readonly schema: FactsSchema;
  readonly names: Names;
  /** By entity as given: its name, where its attributes are in which chunk, and its first parent's place. */
  readonly entities: Numbers;
  readonly starts: Numbers;
  readonly chunkOf: Numbers;
  readonly parentsFrom: Numbers;
  /** Names. */
  readonly parents: Numbers;
  /** Attributes, in which an entity is the number of its name. */
  readonly chunks: Target[];
  /** By type: where values wait to be written. */
  readonly values: readonly unknown[][];
  bytes: number;
}

const CHUNK_BYTES = 1 << 20;

export function makeStore(schema: FactsSchema): Store {
  const parentsFrom = makeNumbers();
  push(parentsFrom, 0);
  return {
    schema,
    names: makeNames(),
    entities: makeNumbers(),
    starts: makeNumbers(),
    chunkOf: makeNumbers(),
    parentsFrom,
    parents: makeNumbers(),
    chunks: [],
    values: schema.types.map(({ attributes }) => attributes.names.map(() => undefined)),
    bytes: 0,
  };
}

/** Null where all is well. After a refusal the store is of no use. */
export function addEntity(store: Store, raw: unknown): FactsRefusal | null {
  const form = readForm(store.schema, raw);
  if ("code" in form) return form;
  const { type, name, attributes, parents } = form;
  const { attributes: plan, groups, hasPath } = store.schema.types[type]!;
  const number = nameNumber(store.names, type, name.id);
  if (number === -1) return colliding(name);
  const written = putAttributes(store, plan, attributes, store.values[type]!);
  if (written !== null) return attributesRefusal(plan, attributes, name) ?? written;
  if (hasPath && hasBadPath(plan, attributes)) {
    return refusal("facts.invalid", "an attribute has not its shape", name);
  }
  const wrong = addParents(store, parents, groups, name);
  if (wrong !== null) return wrong;
  const { entities } = store.names;
  if (entities.items[number] !== -1) return refusal("facts.duplicate_id", "two entities of one id", name);
  entities.items[number] = store.entities.count;
  push(store.entities, number);
  push(store.parentsFrom, store.parents.count);
  return null;
}

/** The form of the id is right, so this is the only reason that it has no number. */
function colliding(name: EntityName): FactsRefusal {
  return refusal("facts.too_large", "more ids than can be have one hash", name);
}

// ---- attributes

function putAttributes(
  store: Store,
  plan: Plan,
  attributes: unknown,
  values: unknown[],
): FactsRefusal | null {
  const { bytesMax } = store.schema;
  values.fill(undefined);
  if (!collect(plan, attributes, values)) return noRoom(bytesMax);
  let target = store.chunks.at(-1) ?? addChunk(store, CHUNK_BYTES);
  while (true) {
    const start = target.next;
    target.isFull = start + plan.bytes > target.end;
    if (!target.isFull) {
      target.next = start + plan.bytes;
      if (putFields(target, plan, start, values)) {
        store.bytes += target.next - start;
        if (store.bytes > bytesMax) return noRoom(bytesMax);
        push(store.starts, start);
        push(store.chunkOf, store.chunks.length - 1);
        return null;
      }
      target.next = start;
    }
    if (!target.isFull || target.end > bytesMax) return noRoom(bytesMax);
    // What does not fit into an empty chunk gets a larger one.
    if (start === 0) store.chunks.pop();
    target = addChunk(store, start === 0 ? target.end * 2 : CHUNK_BYTES);
  }
}

function addChunk(store: Store, bytes: number): Target {
  const findEntity = (type: number, id: string) => nameNumber(store.names, type, id);
  const chunk = { ...makeTarget(new ArrayBuffer(bytes), 0, bytes, true), findEntity };
  store.chunks.push(chunk);
  return chunk;
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

// ---- parents

function addParents(
  { schema, names, parents }: Store,
  raw: unknown,
  groups: readonly string[],
  name: EntityName,
): FactsRefusal | null {
  if (!Array.isArray(raw)) return refusal("facts.invalid", "`parents` is a list", name);
  for (const item of raw) {
    const members = asObject(item);
    const parent = members === null ? null : readName(members);
    if (members === null || parent === null || Object.keys(members).length !== 2) {
      return refusal("facts.invalid", "a parent has a type and an id and nothing else", name);
    }
    if (!groups.includes(parent.type)) {
      return refusal("facts.unknown_parent", `${name.type} is not declared to be in ${parent.type}`, name);
    }
    const number = nameNumber(names, schema.numbers.get(parent.type)!, parent.id);
    if (number === -1) return colliding(name);
    push(parents, number);
  }
  return null;
}
