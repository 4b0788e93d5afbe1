/** The bytes of facts as an evaluator loads them (docs/abi.md, "Facts block"). */
import type { Entity, FactsSchema, Loaded } from "./facts-read.ts";
import type { Row } from "./facts-tables.ts";
import { ENTITY_ID_BYTES_MAX, padded } from "./layout.ts";
import type { Plan } from "./plan.ts";
import { compareText } from "./text-order.ts";
import { collect, makeTarget, putFields, putText, type Target } from "./writers.ts";

const MAGIC = 0x444c4f50;
const VERSION = 1;
const HEADER_BYTES = 32;
const DIRECTORY_BYTES = 16;
/** Before the attributes: the slots of the id and of the ancestors. */
const RECORD_HEAD_BYTES = 16;

/** The records' places: type after type, by the UTF-8 bytes of the id. */
export interface Placed {
  readonly tables: readonly PlacedTable[];
  /** Of the settings, behind the last row. */
  readonly settings: number;
  readonly byType: readonly (readonly Entity[])[];
  /** Where the variable part begins. */
  readonly bytes: number;
}

export interface PlacedTable {
  readonly rows: readonly Row[];
  readonly offset: number;
}

export function placeRecords(
  schema: FactsSchema,
  loaded: Loaded,
  tables: readonly (readonly Row[])[],
): Placed {
  let offset = HEADER_BYTES + (schema.types.length + tables.length) * DIRECTORY_BYTES;
  const byType = loaded.byType.map((sameType, type) => {
    const entities = [...sameType.values()].sort((a, b) => compareText(a.id, b.id));
    for (const entity of entities) {
      entity.offset = offset;
      offset += recordBytes(schema, type);
    }
    return entities;
  });
  const placed = tables.map((rows, at) => {
    const table = { rows, offset };
    offset += rows.length * schema.tables[at]!.columns.bytes;
    return table;
  });
  return { byType, tables: placed, settings: offset, bytes: offset + schema.settings.plan.bytes };
}

function recordBytes(schema: FactsSchema, type: number): number {
  return RECORD_HEAD_BYTES + schema.types[type]!.attributes.bytes;
}

/** Null where an attribute is not as it must be, or there is not enough room. */
export function buildBlock(
  schema: FactsSchema,
  loaded: Loaded,
  placed: Placed,
  ancestors: ReadonlyMap<Entity, readonly number[]>,
  digest: Uint8Array,
): Uint8Array | null {
  const { byType, settings, bytes } = placed;
  if (bytes > schema.bytesMax) return null;
  const findRecord = (type: number, id: string) => loaded.byType[type]?.get(id)?.offset ?? 0;
  const first = Math.min(padded(bytes * 2 + 256), schema.bytesMax & -8);
  const target: Target = { ...makeTarget(new ArrayBuffer(first), 0, first, true), findRecord };
  target.next = bytes;
  for (const [type, entities] of byType.entries()) {
    const { attributes } = schema.types[type]!;
    const values: unknown[] = attributes.names.map(() => undefined);
    for (const entity of entities) {
      values.fill(undefined);
      if (!collect(attributes, entity.attributes, values)) return null;
      const { next } = target;
      const above = ancestors.get(entity) ?? [];
      const write = () =>
        putText(target, entity.offset, entity.id, ENTITY_ID_BYTES_MAX) &&
        putAncestors(target, entity.offset + 8, above) &&
        putFields(target, attributes, entity.offset + RECORD_HEAD_BYTES, values);
      while (!write()) {
        if (!target.isFull || !enlarge(target, schema.bytesMax)) return null;
        target.next = next;
      }
    }
  }
  for (const [table, { rows, offset }] of placed.tables.entries()) {
    const { columns } = schema.tables[table]!;
    for (const [at, { values }] of rows.entries()) {
      if (!putAll(target, columns, offset + at * columns.bytes, values, schema.bytesMax)) return null;
    }
  }
  if (!putAll(target, schema.settings.plan, settings, loaded.settings.values, schema.bytesMax)) return null;
  writeHeader(schema, target, placed, digest);
  return target.bytes.slice(0, target.next);
}

/** In as much room as it takes. */
function putAll(
  target: Target,
  plan: Plan,
  at: number,
  values: readonly unknown[],
  bytesMax: number,
): boolean {
  const { next } = target;
  while (!putFields(target, plan, at, values)) {
    if (!target.isFull || !enlarge(target, bytesMax)) return false;
    target.next = next;
  }
  return true;
}

function putAncestors(target: Target, at: number, ancestors: readonly number[]): boolean {
  const { words, next } = target;
  const bytes = padded(ancestors.length * 4);
  if (next + bytes > target.end) {
    target.isFull = true;
    return false;
  }
  words[at >> 2] = ancestors.length === 0 ? 0 : next;
  words[(at >> 2) + 1] = ancestors.length;
  if (bytes > 0) words[(next + bytes - 4) >> 2] = 0;
  for (const [index, offset] of ancestors.entries()) words[(next >> 2) + index] = offset;
  target.next = next + bytes;
  return true;
}

function enlarge(target: Target, bytesMax: number): boolean {
  const bytes = Math.min(target.end * 2, bytesMax & -8);
  if (bytes <= target.end) return false;
  const before = target.bytes;
  Object.assign(target, {
    ...makeTarget(new ArrayBuffer(bytes), 0, bytes, true),
    findRecord: target.findRecord,
  });
  target.bytes.set(before);
  return true;
}

function writeHeader(
  schema: FactsSchema,
  { words, bytes, next }: Target,
  { byType, tables }: Placed,
  digest: Uint8Array,
): void {
  words.set([MAGIC, VERSION, next, schema.types.length + tables.length]);
  bytes.set(schema.layoutTag, 16);
  bytes.set(digest.subarray(0, 8), 24);
  for (const [type, entities] of byType.entries()) {
    const entry = [entities.length, entities[0]?.offset ?? 0, recordBytes(schema, type), 0];
    words.set(entry, (HEADER_BYTES + type * DIRECTORY_BYTES) >> 2);
  }
  for (const [table, { rows, offset }] of tables.entries()) {
    const stride = schema.tables[table]!.columns.bytes;
    const entry = [rows.length, rows.length === 0 ? 0 : offset, stride, 0];
    words.set(entry, (HEADER_BYTES + (schema.types.length + table) * DIRECTORY_BYTES) >> 2);
  }
}
