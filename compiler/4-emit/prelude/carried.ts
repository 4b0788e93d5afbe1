// The entities that a request carries: in the frame behind the approvals, found by type and id, and below
// groups of the request and of the facts. See docs/abi.md, "Request entities".
import { APPROVAL_BYTES, FRAME, HEADER_BYTES, WORK } from "./memory";
import { base, inFacts, nameEntity, pathCount, refusal, refuse, setPathCount, shift } from "./memory";
import { INVALID, TOO_LARGE } from "./codes";
import { decodeCollection, decodeText } from "./decode";
import { find } from "./directory";
import { below } from "./entity";
import { bytesEqual, compareBytes, lengthOf, textOf } from "./text";

export const CARRIED_MAX: u32 = 64;
const PARENTS_MAX: u32 = 16;
const PARENT_BYTES: u32 = 16;
const ID_BYTES_MAX: u32 = 256;

// Of each: u32 type, u32 address of the record as it arrives, u32 address and length of the id there, u64 one
// bit for itself and for each of the others that it is below.
const PLACES: usize = memory.data(64 * 24, 16);
// How many have a place, and where the last ends.
let placed: u32 = 0;
let end: u32 = 0;
// Shaped text of fields alone is listed in the result.
let pathsBefore: u32 = 0;

// @ts-ignore: decorator
@inline function placeOf(i: u32): usize {
  return PLACES + i * 24;
}

// @ts-ignore: decorator
@inline export function carriedCount(): u32 {
  return load<u32>(FRAME, 92);
}

export function carriedType(i: u32): u32 {
  return load<u32>(placeOf(i));
}

// @ts-ignore: decorator
@inline function arrivedOf(i: u32): usize {
  return <usize>load<u32>(placeOf(i), 4);
}

// Nobody is found before he is placed, in whatever the request before said.
export function closePlaces(): void {
  placed = 0;
  end = 0;
}

// Where the variable part begins, once each has its place; 0 where that cannot be.
export function endOfCarried(): u32 {
  return placed == carriedCount() ? end : 0;
}

export function beginCarried(fixedBytes: u32): void {
  end = HEADER_BYTES + fixedBytes + load<u32>(FRAME, 88) * APPROVAL_BYTES;
  if (carriedCount() > CARRIED_MAX) refuse(TOO_LARGE);
}

// The type of the next one; no type has this number where there is none.
export function typeAhead(): u32 {
  const total = load<u32>(FRAME, 8);
  return total < 24 || end > total - 24 ? 0xffffffff : load<u32>(FRAME + end);
}

// Gives the next one its place; `bytes` is 0 for what no request carries. Answers whether it could.
export function placeCarried(bytes: u32): bool {
  const at = FRAME + end;
  const total = load<u32>(FRAME, 8);
  if (bytes == 0 || bytes > total - end || load<u32>(at, 4) != 0) return false;
  const offset = load<u32>(at, 8);
  const length = load<u32>(at, 12);
  if (length - 1 >= ID_BYTES_MAX || offset > total || length > total - offset) return false;
  const place = placeOf(placed);
  store<u32>(place, load<u32>(at));
  store<u32>(place, <u32>(at + 8), 4);
  store<u32>(place, <u32>(FRAME + offset), 8);
  store<u32>(place, length, 12);
  store<u64>(place, 0, 16);
  if (placed > 0) {
    const before = place - 24;
    const type = load<u32>(before);
    const next = load<u32>(place);
    const order = compareBytes(load<u32>(before, 8), load<u32>(before, 12), FRAME + offset, length);
    if (type > next || (type == next && order >= 0)) return false;
  }
  placed += 1;
  end += bytes;
  return true;
}

// The address of a decoded record, of the request or of the facts: no type is in both. 0 where there is none.
function findEither(type: u32, text: usize, length: u32): usize {
  for (let i: u32 = 0; i < placed; i++) {
    const place = placeOf(i);
    if (load<u32>(place) != type || load<u32>(place, 12) != length) continue;
    if (bytesEqual(load<u32>(place, 8), text, length)) return arrivedOf(i) + (WORK - FRAME);
  }
  return find(type, text, length);
}

// An entity as fields, attributes and parents name it.
function nameCarried(slot: usize, type: u32): usize {
  const length = lengthOf(slot);
  if (length == 0) refuse(INVALID);
  const record = refusal == 0 ? findEither(type, textOf(slot), length) : 0;
  nameEntity(record);
  return record;
}

export function decodeCarried(p: usize, type: u32): void {
  if (inFacts) {
    refuse(INVALID);
    return;
  }
  decodeText(p, ID_BYTES_MAX);
  store<u64>(p + shift, <u64>nameCarried(p + shift, type));
}

// A set of them, strictly ascending by their ids.
export function decodeCarriedSet(p: usize, count: u32, type: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = p + (i << 3);
    decodeCarried(at, type);
    if (refusal != 0) return;
    if (i == 0) continue;
    const before = at - 8;
    const text = base + load<u32>(before);
    const order = compareBytes(text, load<u32>(before, 4), base + load<u32>(at), load<u32>(at, 4));
    if (order >= 0) refuse(INVALID);
  }
}

// ---- the records

export function openCarried(): void {
  pathsBefore = pathCount;
}

// Id and the room of the parents; the parents follow, then the attributes, decoded by the policy's own code.
export function openCarriedRecord(i: u32): usize {
  const record = arrivedOf(i);
  decodeText(record, ID_BYTES_MAX);
  decodeCollection(record + 8, 0, PARENTS_MAX, PARENT_BYTES);
  return record;
}

export function parentCount(record: usize): u32 {
  return lengthOf(record + 8 + shift);
}

// @ts-ignore: decorator
@inline function parentOf(record: usize, k: u32): usize {
  return textOf(record + 8 + shift) - shift + k * PARENT_BYTES;
}

export function parentType(record: usize, k: u32): u32 {
  return load<u32>(parentOf(record, k));
}

// Decoded, a parent is the address of its record.
export function decodeParent(record: usize, k: u32): void {
  const at = parentOf(record, k);
  const type = load<u32>(at);
  decodeText(at + 8, ID_BYTES_MAX);
  if (load<u32>(at, 4) != 0) refuse(INVALID);
  const parent = nameCarried(at + 8 + shift, type);
  store<u32>(at + shift, <u32>parent);
  if (refusal != 0 || k == 0) return;
  const before = at - PARENT_BYTES;
  if (load<u32>(before) < type) return;
  const text = base + load<u32>(before, 8);
  const order = compareBytes(text, load<u32>(before, 12), base + load<u32>(at, 8), load<u32>(at, 12));
  if (load<u32>(before) > type || order >= 0) refuse(INVALID);
}

// -1 for an entity of the facts.
function numberOf(record: usize): i32 {
  for (let i: u32 = 0; i < placed; i++) if (arrivedOf(i) + (WORK - FRAME) == record) return <i32>i;
  return -1;
}

// Who is below whom, through any number of groups of the request; nobody is below himself.
export function closeCarried(): void {
  setPathCount(pathsBefore);
  if (refusal != 0) return;
  for (let i: u32 = 0; i < placed; i++) {
    const record = arrivedOf(i);
    let above: u64 = 0;
    for (let k: u32 = 0, count = parentCount(record); k < count; k++) {
      const group = numberOf(load<u32>(parentOf(record, k) + shift));
      if (group >= 0) above |= 1 << <u64>group;
    }
    store<u64>(placeOf(i), above, 16);
  }
  for (let through: u32 = 0; through < placed; through++) {
    const further = load<u64>(placeOf(through), 16);
    for (let i: u32 = 0; i < placed; i++) {
      const above = load<u64>(placeOf(i), 16);
      if (((above >> <u64>through) & 1) != 0) store<u64>(placeOf(i), above | further, 16);
    }
  }
  for (let i: u32 = 0; i < placed; i++) {
    const above = load<u64>(placeOf(i), 16);
    if (((above >> <u64>i) & 1) != 0) refuse(INVALID);
    store<u64>(placeOf(i), above | (1 << <u64>i), 16);
  }
}

// ---- groups

// The group may be of the request or of the facts.
export function carriedBelow(entity: usize, group: usize): bool {
  if (entity == group) return true;
  const self = numberOf(entity);
  const other = numberOf(group);
  if (self < 0) return false;
  const above = load<u64>(placeOf(self), 16);
  if (other >= 0) return ((above >> <u64>other) & 1) != 0;
  for (let i: u32 = 0; i < placed; i++) {
    if (((above >> <u64>i) & 1) != 0 && isInFactsGroup(arrivedOf(i), group)) return true;
  }
  return false;
}

function isInFactsGroup(record: usize, group: usize): bool {
  for (let k: u32 = 0, count = parentCount(record); k < count; k++) {
    const parent = <usize>load<u32>(parentOf(record, k) + shift);
    if (numberOf(parent) < 0 && below(parent, group)) return true;
  }
  return false;
}

// At least one of the groups.
export function carriedBelowAny(entity: usize, groups: usize): bool {
  const members = textOf(groups);
  for (let i: u32 = 0, count = lengthOf(groups); i < count; i++) {
    if (carriedBelow(entity, <usize>load<u32>(members + (i << 3)))) return true;
  }
  return false;
}
