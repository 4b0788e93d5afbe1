/**
 * Who is named by whom: parents, attributes, the policy's literals, and groups through any number of groups.
 */
import { type Entity, type FactsSchema, type Loaded, nameOf } from "./facts-read.ts";
import { type EntityName, type FactsRefusal, refusal } from "./facts-refusal.ts";
import { type Row, sortRows } from "./facts-tables.ts";
import { type Node, OP, type Plan } from "./plan.ts";

export interface Resolved {
  readonly groupsFirst: readonly Entity[];
  /** By table, in the order of their keys. */
  readonly tables: readonly (readonly Row[])[];
}

/**
 * All entities, groups before those that are in them, where every name resolves. `isExact`: attributes are
 * searched here, and not only when they are written.
 */
export function resolveNames(schema: FactsSchema, loaded: Loaded, isExact: boolean): Resolved | FactsRefusal {
  for (const sameType of loaded.byType) {
    for (const entity of sameType.values()) {
      const wrong = resolveEntity(schema, loaded, entity, isExact);
      if (wrong !== null) return wrong;
    }
  }
  const groupsFirst = sortGroupsFirst(loaded);
  if (!Array.isArray(groupsFirst)) {
    return refusal("facts.cycle", "in itself through its groups", nameOf(schema, groupsFirst as Entity));
  }
  for (const literal of schema.literals) {
    if (find(schema, loaded, literal) !== undefined) continue;
    return refusal(
      "facts.missing_entity",
      `the policy names ${quoted(literal)}, which is not there`,
      literal,
    );
  }
  for (const [at, { columns, name }] of schema.tables.entries()) {
    const wrong = isExact ? missingInRows(schema, loaded, columns, name, loaded.tables[at]!) : null;
    if (wrong !== null) return wrong;
  }
  const tables: (readonly Row[])[] = [];
  for (const [at, table] of schema.tables.entries()) {
    const rows = sortRows(table, loaded.tables[at]!);
    if ("code" in rows) return rows;
    tables.push(rows);
  }
  return { groupsFirst, tables };
}

function missingInRows(
  schema: FactsSchema,
  loaded: Loaded,
  columns: Plan,
  name: string,
  rows: readonly Row[],
): FactsRefusal | null {
  for (const [at, { values }] of rows.entries()) {
    const members = Object.fromEntries(columns.names.map((column, index) => [column, values[index]]));
    const missing = missingInFields(loaded, columns, members);
    if (missing === null) continue;
    const named = { type: schema.types[missing.type]!.name, id: missing.id };
    return refusal("facts.unknown_entity", `row ${at + 1} of ${name}: there is no ${quoted(named)}`, null);
  }
  return null;
}

function find(schema: FactsSchema, loaded: Loaded, { type, id }: EntityName): Entity | undefined {
  return loaded.byType[schema.numbers.get(type) ?? -1]?.get(id);
}

function quoted({ type, id }: EntityName): string {
  return `${type}::${JSON.stringify(id)}`;
}

function resolveEntity(
  schema: FactsSchema,
  loaded: Loaded,
  entity: Entity,
  isExact: boolean,
): FactsRefusal | null {
  for (const parent of entity.parents) {
    const group = find(schema, loaded, parent);
    if (group === undefined) {
      return refusal("facts.unknown_parent", `there is no ${quoted(parent)}`, nameOf(schema, entity));
    }
    entity.groups.push(group);
  }
  const { attributes } = schema.types[entity.type]!;
  const missing = isExact ? missingInFields(loaded, attributes, entity.attributes) : null;
  if (missing === null) return null;
  const name = { type: schema.types[missing.type]!.name, id: missing.id };
  return refusal("facts.unknown_entity", `there is no ${quoted(name)}`, nameOf(schema, entity));
}

interface Missing {
  readonly type: number;
  readonly id: string;
}

/** The first entity that an attribute names and that is not there. The attributes have their types. */
function missingInFields(loaded: Loaded, plan: Plan, values: unknown): Missing | null {
  for (const [index, node] of plan.nodes.entries()) {
    const value = (values as Readonly<Record<string, unknown>>)[plan.names[index]!];
    const missing = value === undefined ? null : missingIn(loaded, node, value);
    if (missing !== null) return missing;
  }
  return null;
}

function missingIn(loaded: Loaded, node: Node, value: unknown): Missing | null {
  if (node.op === OP.entity) {
    const id = value as string;
    return loaded.byType[node.entity]!.has(id) ? null : { type: node.entity, id };
  }
  if (node.op === OP.record) return missingInFields(loaded, node.record!, value);
  if (node.of === null) return null;
  const members = node.op === OP.map ? Object.values(value as object) : (value as readonly unknown[]);
  for (const member of members) {
    const missing = missingIn(loaded, node.of, member);
    if (missing !== null) return missing;
  }
  return null;
}

/** Again and again those without open groups are set aside; who is left is in a cycle or below one. */
function sortGroupsFirst(loaded: Loaded): readonly Entity[] | Entity {
  const members = new Map<Entity, Entity[]>();
  const open = new Map<Entity, number>();
  const sorted: Entity[] = [];
  for (const sameType of loaded.byType) {
    for (const entity of sameType.values()) {
      if (entity.groups.length === 0) sorted.push(entity);
      else open.set(entity, entity.groups.length);
      for (const group of entity.groups) {
        const known = members.get(group);
        if (known === undefined) members.set(group, [entity]);
        else known.push(entity);
      }
    }
  }
  for (let at = 0; at < sorted.length; at += 1) {
    for (const entity of members.get(sorted[at]!) ?? []) {
      const left = open.get(entity)! - 1;
      open.set(entity, left);
      if (left > 0) continue;
      open.delete(entity);
      sorted.push(entity);
    }
  }
  const [circular] = open.keys();
  return circular ?? sorted;
}

/**
 * The offsets of the records of all groups that an entity is in, through any number of groups, ascending.
 * Null where together they take more than `bytesMax`: a chain of n groups has n² / 2 of them.
 */
export function closeAncestors(
  groupsFirst: readonly Entity[],
  bytesMax: number,
): ReadonlyMap<Entity, readonly number[]> | null {
  const ancestors = new Map<Entity, readonly number[]>();
  /** Each group with its own ancestors: what those have that are in it alone. */
  const closures = new Map<Entity, readonly number[]>();
  let bytes = 0;
  for (const entity of groupsFirst) {
    const { groups } = entity;
    if (groups.length === 0) continue;
    const above = groups.length === 1 ? closure(groups[0]!) : merge(groups.map(closure));
    bytes += above.length * 4;
    if (bytes > bytesMax) return null;
    ancestors.set(entity, above);
  }
  return ancestors;

  function closure(group: Entity): readonly number[] {
    let closed = closures.get(group);
    if (closed === undefined) {
      closed = merge([[group.offset], ancestors.get(group) ?? []]);
      closures.set(group, closed);
    }
    return closed;
  }
}

function merge(lists: readonly (readonly number[])[]): readonly number[] {
  return [...new Set(lists.flat())].sort((a, b) => a - b);
}
