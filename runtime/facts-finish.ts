/** From a store, once everything was given, to the block: who is named by whom, and what comes of it. */
import { writeBlock } from "./facts-block.ts";
import { closeAncestors } from "./facts-close.ts";
import { idOf, nameCount, nameNumber, quoted } from "./facts-names.ts";
import { byNumber, byType, groupsFirst, membersOf } from "./facts-order.ts";
import { type EntityName, type FactsRefusal, noRoom, refusal } from "./facts-refusal.ts";
import { findNamed } from "./facts-relocate.ts";
import type { Settings } from "./facts-settings.ts";
import type { Store } from "./facts-store.ts";
import { type Row, sortRows } from "./facts-tables.ts";
import { type Node, OP, type Plan } from "./plan.ts";

/** Tables in the order of the schema, each as given. */
export function finishBlock(
  store: Store,
  settings: Settings,
  given: readonly (readonly Row[])[],
  digest: Uint8Array,
): Uint8Array | FactsRefusal {
  const { schema, names } = store;
  const { order, from } = byType(store);
  const unknown = findUnknown(store, order);
  if (unknown !== null) return unknown;
  const groups = through(store.parents.items.subarray(0, store.parents.count), names.entities.items);
  const members = membersOf(store, groups, order);
  const sorted = groupsFirst(store, order, members);
  if (typeof sorted === "number") {
    return refusal("facts.cycle", "in itself through its groups", nameOf(store, sorted));
  }
  for (const literal of schema.literals) {
    if (hasEntity(store, schema.numbers.get(literal.type) ?? -1, literal.id)) continue;
    const message = `the policy names ${quoted(literal)}, which is not there`;
    return refusal("facts.missing_entity", message, literal);
  }
  const tables = orderTables(store, given);
  if ("code" in tables) return tables;
  const entities = byNumber(store, order, from);
  const numberOf = new Int32Array(entities.length);
  for (let number = 0; number < entities.length; number += 1) numberOf[entities[number]!] = number;
  const ancestors = closeAncestors(store, groups, numberOf, sorted, members, schema.bytesMax);
  if (ancestors === null) return noRoom(schema.bytesMax);
  const numbers = through(names.entities.items.subarray(0, nameCount(names)), numberOf);
  const findEntity = (type: number, id: string) => numbers[nameNumber(names, type, id)] ?? -1;
  const contents = { store, entities, from, numbers, ancestors, tables, settings, findEntity };
  return writeBlock(contents, digest) ?? noRoom(schema.bytesMax);
}

/** What `table` has for each of these. */
function through(places: Int32Array, table: Int32Array): Int32Array {
  const found = new Int32Array(places.length);
  for (let at = 0; at < places.length; at += 1) found[at] = table[places[at]!]!;
  return found;
}

function nameOf({ schema, names, entities }: Store, entity: number): EntityName {
  return nameNumbered({ schema, names }, entities.items[entity]!);
}

function nameNumbered({ schema, names }: Pick<Store, "schema" | "names">, name: number): EntityName {
  return { type: schema.types[names.types.items[name]!]!.name, id: idOf(names, name) };
}

/** The first entity, by type and as given, that names somebody who is not there. */
function findUnknown(store: Store, order: Int32Array): FactsRefusal | null {
  const { schema, names, parents, parentsFrom } = store;
  const isMissing = (name: number) => names.entities.items[name] === -1;
  if (!names.entities.items.subarray(0, nameCount(names)).includes(-1)) return null;
  for (const entity of order) {
    for (let at = parentsFrom.items[entity]!; at < parentsFrom.items[entity + 1]!; at += 1) {
      const parent = parents.items[at]!;
      if (!isMissing(parent)) continue;
      const message = `there is no ${quoted(nameNumbered(store, parent))}`;
      return refusal("facts.unknown_parent", message, nameOf(store, entity));
    }
    const { attributes } = schema.types[names.types.items[store.entities.items[entity]!]!]!;
    const { words } = store.chunks[store.chunkOf.items[entity]!]!;
    const named = findNamed(words, attributes, store.starts.items[entity]!, isMissing);
    if (named === -1) continue;
    const message = `there is no ${quoted(nameNumbered(store, named))}`;
    return refusal("facts.unknown_entity", message, nameOf(store, entity));
  }
  return null;
}

function hasEntity({ names }: Store, type: number, id: string): boolean {
  const name = nameNumber(names, type, id);
  return name !== -1 && names.entities.items[name] !== -1;
}

// ---- tables

function orderTables(
  store: Store,
  given: readonly (readonly Row[])[],
): readonly (readonly Row[])[] | FactsRefusal {
  for (const [at, { columns, name }] of store.schema.tables.entries()) {
    const wrong = missingInRows(store, columns, name, given[at]!);
    if (wrong !== null) return wrong;
  }
  const tables: (readonly Row[])[] = [];
  for (const [at, table] of store.schema.tables.entries()) {
    const rows = sortRows(table, given[at]!);
    if ("code" in rows) return rows;
    tables.push(rows);
  }
  return tables;
}

function missingInRows(store: Store, columns: Plan, name: string, rows: readonly Row[]): FactsRefusal | null {
  for (const [at, { values }] of rows.entries()) {
    for (const [column, node] of columns.nodes.entries()) {
      const missing = missingIn(store, node, values[column]);
      if (missing === null) continue;
      return refusal(
        "facts.unknown_entity",
        `row ${at + 1} of ${name}: there is no ${quoted(missing)}`,
        null,
      );
    }
  }
  return null;
}

/** The first entity that a value names and that is not there. The value has its type. */
function missingIn(store: Store, node: Node, value: unknown): EntityName | null {
  if (value === undefined) return null;
  if (node.op === OP.entity) {
    const id = value as string;
    return hasEntity(store, node.entity, id) ? null : { type: store.schema.types[node.entity]!.name, id };
  }
  const members = value as Readonly<Record<string, unknown>>;
  if (node.op === OP.record) {
    for (const [at, name] of node.record!.names.entries()) {
      const missing = missingIn(store, node.record!.nodes[at]!, members[name]);
      if (missing !== null) return missing;
    }
    return null;
  }
  if (node.of === null) return null;
  for (const member of Object.values(members)) {
    const missing = missingIn(store, node.of, member);
    if (missing !== null) return missing;
  }
  return null;
}
