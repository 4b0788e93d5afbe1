// The facts block: validated in place, indexed once, resident from then on.
import { TYPES } from "../config";
import { cursor, limit, openDecoding, refusal, refuse, take } from "./memory";
import { INVALID } from "./codes";
import { buildIndex, countOf, describe, indexBytes, isRecord, recordOf } from "./directory";
import { decodeText } from "./decode";
import { compareText, lengthOf } from "./text";

const MAGIC: u32 = 0x444c4f50;
export const HEADER: u32 = 32;
const ID_BYTES_MAX: u32 = 256;
const PAGE: usize = 65536;

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

// Room for a block and for its index, which takes at most as much again.
export function reserveFacts(bytes: i32): i32 {
  if (sealed || loaded || bytes < 0 || bytes > 0x20000000) return 0;
  const end = factsAddress() + <usize>bytes * 2 + 64;
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

export function openType(type: u32, stride: u32): void {
  const at = factsAddress();
  const entry = at + HEADER + type * 16;
  const count = load<u32>(entry);
  const offset = load<u32>(entry, 4);
  describe(type, 0, at, stride);
  if (load<u32>(entry, 8) != stride || load<u32>(entry, 12) != 0) refuse(INVALID);
  if (count == 0) {
    if (offset != 0) refuse(INVALID);
    return;
  }
  if (refusal != 0 || count > (limit - cursor) / stride || !take(offset, count * stride)) {
    refuse(INVALID);
    return;
  }
  describe(type, count, at + offset, stride);
}

// Where the policy's settings stand, behind the last record.
export let settings: usize = 0;

export function openSettings(bytes: u32): bool {
  settings = factsAddress() + cursor;
  return refusal == 0 && take(cursor, bytes);
}

function isEntity(address: usize): bool {
  for (let type: u32 = 0; type < <u32>TYPES; type++) if (isRecord(type, address)) return true;
  return false;
}

// Id and ancestors of one record; its attributes follow, decoded by the policy's own code.
export function openRecord(type: u32, i: u32): usize {
  const record = recordOf(type, i);
  decodeText(record, ID_BYTES_MAX);
  if (lengthOf(record) == 0) refuse(INVALID);
  if (refusal == 0 && i > 0 && compareText(recordOf(type, i - 1), record) >= 0) refuse(INVALID);
  const offset = load<u32>(record, 8);
  const count = load<u32>(record, 12);
  if (count == 0) {
    if (offset != 0) refuse(INVALID);
    return record;
  }
  if (count > (limit - cursor) / 4 || !take(offset, (count * 4 + 7) & ~7)) {
    refuse(INVALID);
    store<u32>(record, 0, 12);
    return record;
  }
  const at = factsAddress() + offset;
  store<u32>(record, <u32>(at - (record + 8)), 8);
  if ((count & 1) != 0 && load<u32>(at + (count << 2)) != 0) refuse(INVALID);
  let before: u32 = 0;
  for (let k: u32 = 0; k < count; k++) {
    const ancestor = load<u32>(at + (k << 2));
    const address = factsAddress() + ancestor;
    if (ancestor <= before || address == record || !isEntity(address)) refuse(INVALID);
    before = ancestor;
    store<u32>(at + (k << 2), <u32>address);
  }
  return record;
}

// Everything was read and nothing is left over: index what there is.
export function closeFacts(): bool {
  if (cursor != limit) refuse(INVALID);
  if (refusal == 0) {
    let at = (factsAddress() + limit + 7) & ~7;
    const end = <usize>memory.size() * PAGE;
    for (let type: u32 = 0; type < <u32>TYPES; type++) {
      const bytes = indexBytes(countOf(type));
      if (at + bytes > end) {
        refuse(INVALID);
        break;
      }
      buildIndex(type, at);
      at += bytes;
    }
  }
  loaded = refusal == 0;
  if (!loaded) for (let type: u32 = 0; type < <u32>TYPES; type++) describe(type, 0, 0, 0);
  return loaded;
}

// An entity literal of the policy was not found: nothing is loaded.
export function missLiteral(): i32 {
  loaded = false;
  return 0;
}
