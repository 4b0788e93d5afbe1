// Slots as they arrive, checked and turned into what rules read. Every decoder checks its own bounds, so that
// going on after a refusal is safe; what is decoded then is never used.
import { FRAME, WORK, base, cursor, inFacts, limit, nameEntity, refusal, shift } from "./memory";
import { advance, refuse, take } from "./memory";
import { HAS_APPROVALS } from "../config";
import { INVALID, OUT_OF_RANGE, TOO_LARGE } from "./codes";
import { compareBytes, idText, lengthOf, padded, textOf, wellFormed } from "./text";
import { canonicalPath, sortPaths } from "./path";
import { bring, find, findHashed, recordOfType, spread, touch } from "./directory";

const ID_BYTES_MAX: u32 = 256;

// From a slot of a frame to its decoded place. Of the fields of an action everything is known beforehand.
const BY: usize = WORK - FRAME;

// @ts-ignore: decorator
@inline function boolBy(p: usize, by: usize): void {
  const value = load<u64>(p);
  if (value > 1) refuse(INVALID);
  store<u64>(p + by, value);
}

export function decodeBool(p: usize): void {
  boolBy(p, shift);
}

// @ts-ignore: decorator
@inline export function fieldBool(p: usize): void {
  boolBy(p, BY);
}

// @ts-ignore: decorator
@inline function enumBy(p: usize, by: usize, members: u64): void {
  const value = load<u64>(p);
  if (value >= members) refuse(INVALID);
  store<u64>(p + by, value);
}

export function decodeEnum(p: usize, members: u64): void {
  enumBy(p, shift, members);
}

// @ts-ignore: decorator
@inline export function fieldEnum(p: usize, members: u64): void {
  enumBy(p, BY, members);
}

export function decodeNumber(p: usize, from: i64, to: i64): void {
  const value = load<i64>(p);
  if (value < from || value > to) refuse(OUT_OF_RANGE);
  store<i64>(p + shift, value);
}

// Takes the text's bytes, which begin at `text`, and points the decoded slot at them; false where there are
// none, or they cannot be.
// @ts-ignore: decorator
@inline function takeText(p: usize, slot: usize, text: usize, bytesMax: u32): bool {
  const offset = load<u32>(p);
  const length = load<u32>(p, 4);
  const bytes = padded(length);
  // As `take`, written out: a call less for each text.
  if (length - 1 >= bytesMax || offset != cursor || bytes > limit - cursor) {
    refuse(length > bytesMax ? TOO_LARGE : INVALID);
    store<u64>(slot, 0);
    return false;
  }
  advance(bytes);
  store<u32>(slot, <u32>(text - slot));
  store<u32>(slot, length, 4);
  return true;
}

export function decodeText(p: usize, bytesMax: u32): void {
  if (load<u64>(p) == 0) {
    store<u64>(p + shift, 0);
    return;
  }
  const text = base + load<u32>(p);
  if (takeText(p, p + shift, text, bytesMax) && !wellFormed(text, load<u32>(p, 4))) refuse(INVALID);
}

// @ts-ignore: decorator
@inline function idBy(p: usize, by: usize, from: usize, bytesMax: u32): void {
  const text = from + load<u32>(p);
  if (takeText(p, p + by, text, bytesMax) && !idText(text, load<u32>(p, 4))) refuse(INVALID);
}

export function decodeId(p: usize, bytesMax: u32): void {
  idBy(p, shift, base, bytesMax);
}

export function fieldId(p: usize, bytesMax: u32): void {
  idBy(p, BY, FRAME, bytesMax);
}

export function decodePath(p: usize, bytesMax: u32): void {
  decodeText(p, bytesMax);
  canonicalPath(p + shift, shift);
}

// In a frame an entity is its id, in facts its number; decoded it is the record's address.
export function decodeEntity(p: usize, type: u32): void {
  if (inFacts) {
    const record = recordOfType(type, load<u32>(p));
    if (load<u32>(p, 4) != 0 || record == 0) refuse(INVALID);
    store<u32>(p, <u32>record);
    return;
  }
  decodeText(p, ID_BYTES_MAX);
  const slot = p + shift;
  const length = lengthOf(slot);
  if (length == 0) refuse(INVALID);
  const record = refusal == 0 ? find(type, textOf(slot), length) : 0;
  store<u64>(slot, <u64>record);
  nameEntity(record);
}

// Of the fields of an action: first all ids are checked and where they may be found is asked for; only then
// are they looked up, so that memory is waited for once and not once for each.
export function fieldEntity(p: usize, type: u32): void {
  const text = FRAME + load<u32>(p);
  if (!takeText(p, p + BY, text, ID_BYTES_MAX)) return;
  const length = load<u32>(p, 4);
  if (!wellFormed(text, length)) refuse(INVALID);
  const h = spread(text, length);
  store<u64>(p + BY, h);
  touch(type, h);
}

export function lookUpEntity(p: usize, type: u32): void {
  if (refusal != 0) return;
  const record = findHashed(type, FRAME + load<u32>(p), load<u32>(p, 4), load<u64>(p + BY));
  store<u64>(p + BY, <u64>record);
  bring(record);
  nameEntity(record);
}

// The id of somebody who may not be there; who is there and named cannot approve.
export function decodeRef(p: usize, type: u32): void {
  decodeText(p, ID_BYTES_MAX);
  const slot = p + shift;
  if (lengthOf(slot) == 0) refuse(INVALID);
  if (!HAS_APPROVALS || inFacts || refusal != 0) return;
  const record = find(type, textOf(slot), lengthOf(slot));
  if (record != 0) nameEntity(record);
}

// Answers whether the value is there; if not, its slots must be zero.
export function decodePresence(p: usize, bytes: u32): bool {
  const flag = load<u64>(p);
  store<u64>(p + shift, flag);
  if (flag == 1) return true;
  if (flag != 0) refuse(INVALID);
  for (let at = p + 8, end = p + 8 + bytes; at < end; at += 8) {
    if (load<u64>(at) != 0) refuse(INVALID);
    store<u64>(at + shift, 0);
  }
  return false;
}

// Answers the number of members, all of whose slots are there; 0 where something is wrong.
export function decodeCollection(p: usize, countMin: u32, countMax: u32, stride: u32): u32 {
  const offset = load<u32>(p);
  const count = load<u32>(p, 4);
  store<u64>(p + shift, 0);
  if (count > countMax) {
    refuse(TOO_LARGE);
    return 0;
  }
  if (count < countMin) refuse(OUT_OF_RANGE);
  if (count == 0) {
    if (offset != 0) refuse(INVALID);
    return 0;
  }
  if (!take(offset, count * stride)) return 0;
  store<u32>(p + shift, <u32>(base + offset - p));
  store<u32>(p + shift, count, 4);
  return count;
}

// ---- sets: strictly ascending. `p` is the first member as it arrived.

export function ascendingNumbers(p: usize, count: u32): void {
  for (let i: u32 = 1; i < count; i++) {
    const at = p + (i << 3);
    if (load<i64>(at - 8) >= load<i64>(at)) refuse(INVALID);
  }
}

// After decoding the text, before anything else is made of it.
export function ascendingText(p: usize, count: u32): void {
  for (let i: u32 = 1; i < count; i++) {
    const at = p + shift + (i << 3);
    if (compareBytes(textOf(at - 8), lengthOf(at - 8), textOf(at), lengthOf(at)) >= 0) refuse(INVALID);
  }
}

export function decodeEntities(p: usize, count: u32, type: u32): void {
  let before: usize = 0;
  for (let i: u32 = 0; i < count; i++) {
    const at = p + (i << 3);
    if (inFacts) {
      decodeEntity(at, type);
      const record = <usize>load<u32>(at);
      if (record <= before) refuse(INVALID);
      before = record;
    } else {
      const text = base + load<u32>(at);
      const length = load<u32>(at, 4);
      decodeEntity(at, type);
      if (refusal != 0) return;
      if (before != 0) {
        const order = compareBytes(base + load<u32>(before), load<u32>(before, 4), text, length);
        if (order >= 0) refuse(INVALID);
      }
      before = at;
    }
  }
}

export function decodePaths(p: usize, count: u32, bytesMax: u32): void {
  for (let i: u32 = 0; i < count; i++) decodeText(p + (i << 3), bytesMax);
  ascendingText(p, count);
  for (let i: u32 = 0; i < count; i++) canonicalPath(p + shift + (i << 3), shift);
  if (refusal == 0) sortPaths(p + shift, count);
}
