/** The bytes of facts as an evaluator loads them (docs/abi.md, "Facts block"). */
import type { Ancestors } from "./facts-close.ts";
import { idLength } from "./facts-names.ts";
import {
  DIRECTORY_BYTES,
  HEADER_BYTES,
  type Listed,
  MAGIC,
  RECORD_HEAD_BYTES,
  VERSION,
  writeHead,
} from "./facts-none.ts";
import { type Move, moveFields } from "./facts-relocate.ts";
import type { Settings } from "./facts-settings.ts";
import type { Store } from "./facts-store.ts";
import type { Row } from "./facts-tables.ts";
import { padded } from "./layout.ts";
import type { Plan } from "./plan.ts";
import { makeTarget, putFields, type Target } from "./writers.ts";

/** All that stands in a block, every name resolved. */
export interface Contents {
  readonly store: Store;
  /** Entities by number; those of type t begin at `from[t]`. */
  readonly entities: Int32Array;
  readonly from: Int32Array;
  /** Numbers by name. */
  readonly numbers: Int32Array;
  readonly ancestors: Ancestors;
  /** By table, in the order of their keys. */
  readonly tables: readonly (readonly Row[])[];
  readonly settings: Settings;
  /** The number of an entity, -1 where there is none. */
  readonly findEntity: (type: number, id: string) => number;
}

/** Null where a row or a setting is not as it must be, or there is not enough room. */
export function writeBlock(contents: Contents, digest: Uint8Array): Uint8Array | null {
  const { store, entities, tables } = contents;
  const { schema } = store;
  const first = HEADER_BYTES + (schema.types.length + tables.length) * DIRECTORY_BYTES;
  let bytes = first;
  for (const entity of entities) bytes += entityBytes(contents, entity);
  if (bytes > schema.bytesMax) return null;
  const rows = writeRows(contents, bytes);
  const whole = bytes + (rows?.next ?? 0);
  if (rows === null || whole > schema.bytesMax) return null;
  const target = makeTarget(new ArrayBuffer(whole), 0, whole, true);
  target.bytes.set(rows.bytes.subarray(0, rows.next), bytes);
  target.next = first;
  const offsets = writeEntities(contents, target);
  writeHead(schema, target.bytes, listed(contents, offsets, bytes), digest);
  return target.bytes;
}

function chunkOf({ chunks, chunkOf }: Store, entity: number): Target {
  return chunks[chunkOf.items[entity]!]!;
}

/** Where the attributes of an entity end in its chunk. */
function endOf(store: Store, entity: number): number {
  const { starts, chunkOf: chunks, entities } = store;
  const next = entity + 1;
  const isLast = next === entities.count || chunks.items[next] !== chunks.items[entity];
  return isLast ? chunkOf(store, entity).next : starts.items[next]!;
}

function entityBytes({ store, ancestors }: Contents, entity: number): number {
  const id = padded(idLength(store.names, store.entities.items[entity]!));
  const attributes = endOf(store, entity) - store.starts.items[entity]!;
  return RECORD_HEAD_BYTES + id + padded(ancestors.counts[entity]! * 4) + attributes;
}

/** The offsets of the first record of each type. */
function writeEntities(contents: Contents, target: Target): readonly number[] {
  const { store, entities, from, numbers, ancestors } = contents;
  const { words, bytes } = target;
  const { names } = store;
  const offsets: number[] = [];
  const move: Move & { by: number } = { words, by: 0, numbers };
  for (const [type, { attributes }] of store.schema.types.entries()) {
    offsets.push(from[type] === from[type + 1] ? 0 : target.next);
    for (let at = from[type]!; at < from[type + 1]!; at += 1) {
      const entity = entities[at]!;
      const name = store.entities.items[entity]!;
      const chunk = chunkOf(store, entity);
      const start = store.starts.items[entity]!;
      const count = ancestors.counts[entity]!;
      const length = idLength(names, name);
      const record = target.next;
      const id = record + RECORD_HEAD_BYTES + attributes.bytes;
      const above = id + padded(length);
      const rest = above + padded(count * 4);
      const restFrom = start + attributes.bytes;
      const restBytes = endOf(store, entity) - restFrom;
      copyWords(chunk.words, start, words, record + RECORD_HEAD_BYTES, attributes.bytes);
      copyWords(chunk.words, restFrom, words, rest, restBytes);
      const idFrom = names.starts.items[name]!;
      for (let k = 0; k < length; k += 1) bytes[id + k] = names.bytes[idFrom + k]!;
      if (count > 0) ancestors.write(entity, words, above >> 2);
      move.by = rest - restFrom;
      moveFields(move, attributes, record + RECORD_HEAD_BYTES);
      target.next = rest + restBytes;
      words[record >> 2] = target.next - record;
      words[(record >> 2) + 1] = length;
      words[(record >> 2) + 3] = count;
    }
  }
  return offsets;
}

/** In words: entities have too few of them for a call of the platform to pay. */
function copyWords(from: Int32Array, at: number, to: Int32Array, place: number, bytes: number): void {
  const first = at >> 2;
  const target = place >> 2;
  for (let k = 0; k < bytes >> 2; k += 1) to[target + k] = from[first + k]!;
}

// ---- rows and settings, which come behind the entities

const ROOM_BYTES = 1 << 12;

/** What is to stand from `offset` on; null where a value is not as it must be, or has no room. */
function writeRows({ store, tables, settings, findEntity }: Contents, offset: number): Target | null {
  const { schema } = store;
  let next = 0;
  for (const [table, rows] of tables.entries()) next += rows.length * schema.tables[table]!.columns.bytes;
  const bytes = next + schema.settings.plan.bytes;
  const room = Math.max(ROOM_BYTES, padded(bytes * 2));
  const target: Target = { ...makeTarget(new ArrayBuffer(room), 0, room, true), base: -offset, findEntity };
  target.next = bytes;
  let at = 0;
  for (const [table, rows] of tables.entries()) {
    const { columns } = schema.tables[table]!;
    for (const { values } of rows) {
      if (!putAll(target, columns, at, values, schema.bytesMax)) return null;
      at += columns.bytes;
    }
  }
  const { plan } = schema.settings;
  return putAll(target, plan, at, settings.values, schema.bytesMax) ? target : null;
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
    if (!target.isFull || target.end > bytesMax) return false;
    const wider = makeTarget(new ArrayBuffer(target.end * 2), 0, target.end * 2, true);
    wider.bytes.set(target.bytes);
    const { bytes, words, rooms, end } = wider;
    Object.assign(target, { bytes, words, rooms, end, next, isFull: false });
  }
  return true;
}

/** Of each type, then of each table. */
function listed({ store, from, tables }: Contents, offsets: readonly number[], rowsOffset: number): Listed[] {
  const { schema } = store;
  const entities = offsets.map((offset, type) => ({ count: from[type + 1]! - from[type]!, offset }));
  let next = rowsOffset;
  const rows = tables.map(({ length: count }, table) => {
    const offset = count === 0 ? 0 : next;
    next += count * schema.tables[table]!.columns.bytes;
    return { count, offset };
  });
  return [...entities, ...rows];
}

/** What stands in a block: of each entity type, then of each table, how many and from where. */
export interface BlockCounts {
  readonly counts: readonly number[];
  /** The first one; 0 where there is none. */
  readonly starts: readonly number[];
  readonly strides: readonly number[];
}

/** Null where these are no bytes of a block. What is behind the directory is for the evaluator to check. */
export function countsOf(block: Uint8Array): BlockCounts | null {
  if (block.length < HEADER_BYTES) return null;
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const word = (at: number) => view.getUint32(at, true);
  const entries = word(12);
  if (word(0) !== MAGIC || word(4) !== VERSION || word(8) !== block.length) return null;
  if (entries > (block.length - HEADER_BYTES) / DIRECTORY_BYTES) return null;
  const column = (by: number) =>
    Array.from({ length: entries }, (_, at) => word(HEADER_BYTES + at * DIRECTORY_BYTES + by));
  return { counts: column(0), starts: column(4), strides: column(8) };
}
