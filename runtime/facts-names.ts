/**
 * The names of entities, each once: type and id, as numbers in the order in which they are met, whether they
 * were given already or only named. A million of them takes some 30 MB, where a Map of texts takes 150.
 */

import type { EntityName } from "./facts-refusal.ts";
import { makeNumbers, type Numbers, push } from "./growing.ts";
import { ENTITY_ID_BYTES_MAX } from "./layout.ts";

export interface Names {
  /** UTF-8, one id behind the other. */
  bytes: Uint8Array<ArrayBuffer>;
  used: number;
  /** By name: its type, and where its id begins; the next one's beginning is its end. */
  readonly types: Numbers;
  readonly starts: Numbers;
  /** By name: the place of the entity among those given, or -1. */
  readonly entities: Numbers;
  /** Places of two, at most half of them taken: a name and 1, or 0; then the name's hash. */
  table: Int32Array<ArrayBuffer>;
}

export function makeNames(): Names {
  const names = { bytes: new Uint8Array(1 << 14), used: 0, types: makeNumbers(), starts: makeNumbers() };
  push(names.starts, 0);
  return { ...names, entities: makeNumbers(), table: new Int32Array(1 << 11) };
}

export function nameCount({ types }: Names): number {
  return types.count;
}

/** Of a table that is half empty, no chain comes near, unless its ids were made to collide. */
const PROBES_MAX = 1024;

/** The number of a name; -1 where the id is none (empty, no well-formed text, too long), or collides. */
export function nameNumber(names: Names, type: number, id: string): number {
  const { types, starts, table } = names;
  const start = starts.items[types.count]!;
  const hashed = putId(names, start, type, id);
  if (hashed === NO_ID) return -1;
  const { bytes, used } = names;
  const mask = table.length - 2;
  let place = (hashed << 1) & mask;
  let probes = 0;
  for (let entry = table[place]!; entry !== 0; entry = table[place]!) {
    const name = entry - 1;
    probes += 1;
    if (probes > PROBES_MAX) return -1;
    // Whoever has another hash is not looked at, which would cost more than all the rest.
    if (table[place + 1] === hashed) {
      const from = starts.items[name]!;
      const isLong = starts.items[name + 1]! - from === used - start;
      if (isLong && types.items[name] === type && isSame(bytes, from, start, used)) return name;
    }
    place = (place + 2) & mask;
  }
  const name = types.count;
  table[place] = name + 1;
  table[place + 1] = hashed;
  push(types, type);
  push(starts, used);
  push(names.entities, -1);
  if (types.count * 4 > table.length) rehash(names);
  return name;
}

/** What `nameNumber` was given. */
export function idOf({ bytes, starts }: Names, name: number): string {
  return decoder.decode(bytes.subarray(starts.items[name]!, starts.items[name + 1]!));
}

export function idLength({ starts }: Names, name: number): number {
  return starts.items[name + 1]! - starts.items[name]!;
}

/** By the UTF-8 bytes of the ids, a prefix first. */
export function compareIds({ bytes, starts }: Names, a: number, b: number): number {
  let left = starts.items[a]!;
  let right = starts.items[b]!;
  const n = starts.items[a + 1]! - left;
  const m = starts.items[b + 1]! - right;
  for (const end = left + Math.min(n, m); left < end; left += 1, right += 1) {
    const order = bytes[left]! - bytes[right]!;
    if (order !== 0) return order;
  }
  return n - m;
}

/** As messages write it. */
export function quoted({ type, id }: EntityName): string {
  return `${type}::${JSON.stringify(id)}`;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const NO_ID = -1;

/**
 * Puts the bytes behind those of the last name, where they stay if the name is new, and answers their hash,
 * which is above zero.
 */
function putId(names: Names, start: number, type: number, id: string): number {
  const { length } = id;
  if (length === 0 || length > ENTITY_ID_BYTES_MAX) return NO_ID;
  if (start + length * 3 > names.bytes.length) growBytes(names, start + length * 3);
  const { bytes } = names;
  let seen = 0;
  let h = type + 1;
  for (let at = 0; at < length; at += 1) {
    const unit = id.charCodeAt(at);
    seen |= unit;
    h = Math.imul(h ^ unit, FACTOR);
    bytes[start + at] = unit;
  }
  names.used = start + length;
  if (seen < 128) return mixed(h);
  if (!id.isWellFormed()) return NO_ID;
  names.used = start + encoder.encodeInto(id, bytes.subarray(start)).written;
  return names.used - start > ENTITY_ID_BYTES_MAX ? NO_ID : hash(bytes, start, names.used, type);
}

function growBytes(names: Names, room: number): void {
  const bytes = new Uint8Array(Math.max(room, names.bytes.length * 2));
  bytes.set(names.bytes);
  names.bytes = bytes;
}

const FACTOR = 0x01000193;

function hash(bytes: Uint8Array, start: number, end: number, type: number): number {
  let h = type + 1;
  for (let at = start; at < end; at += 1) h = Math.imul(h ^ bytes[at]!, FACTOR);
  return mixed(h);
}

function mixed(hash: number): number {
  const h = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 12)) >>> 1;
}

function isSame(bytes: Uint8Array, left: number, right: number, end: number): boolean {
  for (let from = left, at = right; at < end; from += 1, at += 1) if (bytes[from] !== bytes[at]) return false;
  return true;
}

function rehash(names: Names): void {
  const { table: old } = names;
  const table = new Int32Array(old.length * 2);
  const mask = table.length - 2;
  for (let at = 0; at < old.length; at += 2) {
    if (old[at] === 0) continue;
    let place = (old[at + 1]! << 1) & mask;
    while (table[place] !== 0) place = (place + 2) & mask;
    table[place] = old[at]!;
    table[place + 1] = old[at + 1]!;
  }
  names.table = table;
}
