// The facts block: validated in place, indexed once, resident from then on.
import { FACTS_BYTES, TYPES } from "../config";
import { cursor, decodeFrom, limit, openDecoding, refusal, refuse, take } from "./memory";
import { INVALID } from "./codes";
import { addressBehindPlaces, buildIndex, countOf, describe, entityCount, numberOf } from "./directory";
import { openDirectory, place, placesFor, recordNumbered, strideOf } from "./directory";
import { compareIds, padded, wellFormed } from "./text";

const MAGIC: u32 = 0x444c4f50;
export const HEADER: u32 = 32;
const ID_BYTES_MAX: u32 = 256;
const PAGE: usize = 65536;
const MARGIN_BYTES: usize = 64;

let capacity: u32 = 0;
let loaded: bool = false;
let factsTag: u64 = 0;
// Set by the first decision: from then on memory never grows and facts never change.
let sealed: bool = false;

// @ts-ignore: decorator
@inline export function factsAddress(): usize {
  return (__heap_base + 15) & ~15;
}

export function factsCapacity(): u32 {
  return capacity;
}

export function factsAre(tag: u64): bool {
  return loaded && tag == factsTag;
}

export function seal(): void {
  sealed = true;
}

// Room for a block, and behind it for where each record is and for the index: 12 bytes an entity and what its
// type takes in the directory at most, and an entity takes 24 bytes in the block at least.
export function reserveFacts(bytes: i32): i32 {
  if (sealed || loaded || bytes < 0 || bytes > FACTS_BYTES) return 0;
  const end = factsAddress() + <usize>bytes + (<usize>bytes >> 1) + MARGIN_BYTES;
  const have = <usize>memory.size() * PAGE;
  if (end > have && memory.grow(<i32>((end - have + PAGE - 1) / PAGE)) < 0) return 0;
  capacity = <u32>bytes;
  return 1;
}

// Checks the header and the directory; what follows is decoded from the first record on.
export function openFacts(bytes: i32, types: u32, layoutTag: u64): bool {
  if (sealed || loaded || bytes < 0 || <u32>bytes > capacity) return false;
  const at = factsAddress();
  const start = HEADER + types * 16;
  if (<u32>bytes < start || (bytes & 7) != 0) return false;
  openDecoding(at, 0, start, <u32>bytes, true);
  if (load<u32>(at) != MAGIC || load<u32>(at, 4) != 1 || load<u32>(at, 8) != <u32>bytes) refuse(INVALID);
  if (load<u32>(at, 12) != types || load<u64>(at, 16) != layoutTag) refuse(INVALID);
  factsTag = load<u64>(at, 24);
  return refusal == 0;
}

// The type's directory entry, and its records one after another: how long they are, and their ids.
export function openType(type: u32, stride: u32): void {
  const at = factsAddress();
  const entry = at + HEADER + type * 16;
  const count = load<u32>(entry);
  const offset = load<u32>(entry, 4);
  if (type == 0) openDirectory(at, (at + limit + 7) & ~7);
  describe(type, 0, stride);
  if (load<u32>(entry, 8) != stride || load<u32>(entry, 12) != 0) refuse(INVALID);
  if (offset != (count == 0 ? 0 : cursor)) refuse(INVALID);
  let before: usize = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (refusal != 0) return;
    before = placeRecord(at + cursor, stride, before);
  }
  // Of a type one of whose records was refused there is none.
  if (refusal == 0) describe(type, count, stride);
}

// A record arrives as { u32 bytes of it and of what follows it, u32 bytes of the id, u32 0, u32 number of its
// ancestors, attributes }; behind it are the id, the ancestors, and what its attributes point at.
function placeRecord(record: usize, stride: u32, before: usize): usize {
  const room = limit - cursor;
  if (room < stride) {
    refuse(INVALID);
    return 0;
  }
  const bytes = load<u32>(record);
  const length = load<u32>(record, 4);
  const text = record + stride;
  if (
    bytes > room ||
    (bytes & 7) != 0 ||
    length - 1 >= ID_BYTES_MAX ||
    bytes < stride + padded(length) ||
    load<u32>(record, 8) != 0 ||
    !wellFormed(text, length) ||
    (before != 0 && compareIds(before + stride, load<u32>(before, 4), text, length) >= 0)
  ) {
    refuse(INVALID);
    return 0;
  }
  place(record);
  take(cursor, bytes);
  return record;
}

// Where the policy's settings stand, behind the last record.
export let settings: usize = 0;

export function openSettings(bytes: u32): bool {
  settings = factsAddress() + cursor;
  return refusal == 0 && take(cursor, bytes);
}

// Where the rows' variable part goes on, behind all records.
let resume: u32 = 0;
let whole: u32 = 0;

// From here on records are decoded, each within its own bytes.
export function openRecords(): void {
  resume = cursor;
  whole = limit;
}

export function closeRecords(): void {
  decodeFrom(resume, whole);
}

// Id and ancestors of one record; its attributes follow, decoded by the policy's own code.
export function openRecord(type: u32, i: u32): usize {
  const number = numberOf(type, i);
  const record = recordNumbered(number);
  const count = load<u32>(record, 12);
  const offset = strideOf(type) + padded(load<u32>(record, 4));
  const from = <u32>(record - factsAddress());
  decodeFrom(from + offset, from + load<u32>(record));
  store<u32>(record, strideOf(type));
  if (count == 0) return record;
  if (count > (limit - cursor) / 4 || !take(cursor, (count * 4 + 7) & ~7)) {
    refuse(INVALID);
    store<u32>(record, 0, 12);
    return record;
  }
  const at = record + offset;
  store<u32>(record, offset - 8, 8);
  if ((count & 1) != 0 && load<u32>(at + (count << 2)) != 0) refuse(INVALID);
  // One more than the ancestor before.
  let least: u32 = 0;
  for (let k: u32 = 0; k < count; k++) {
    const ancestor = load<u32>(at + (k << 2));
    if (ancestor < least || ancestor == number || ancestor >= entityCount()) {
      refuse(INVALID);
      return record;
    }
    least = ancestor + 1;
    store<u32>(at + (k << 2), <u32>recordNumbered(ancestor));
  }
  return record;
}

export function closeRecord(): void {
  if (cursor != limit) refuse(INVALID);
}

// Everything was read and nothing is left over: index what there is.
export function closeFacts(): bool {
  if (cursor != limit) refuse(INVALID);
  if (TYPES > 0 && refusal == 0) buildIndexes();
  loaded = refusal == 0;
  if (!loaded) for (let type: u32 = 0; type < <u32>TYPES; type++) describe(type, 0, 0);
  return loaded;
}

function buildIndexes(): void {
  let at = addressBehindPlaces();
  const end = <usize>memory.size() * PAGE;
  for (let type: u32 = 0; type < <u32>TYPES; type++) {
    const count = countOf(type);
    const bytes = <usize>placesFor(count) << 2;
    if (count == 0) continue;
    if (at + bytes > end) {
      refuse(INVALID);
      return;
    }
    buildIndex(type, at);
    at += bytes;
  }
}

// An entity literal of the policy was not found: nothing is loaded.
export function missLiteral(): i32 {
  loaded = false;
  return 0;
}
