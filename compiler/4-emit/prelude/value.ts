// Reading slots, and looking for a member of a list or set of plain values.
import { lengthOf, textEqual, textOf } from "./text";

// @ts-ignore: decorator
@inline export function numberAt(slot: usize): i64 {
  return load<i64>(slot);
}

// @ts-ignore: decorator
@inline export function boolAt(slot: usize): bool {
  return load<u32>(slot) != 0;
}

// A member's number.
// @ts-ignore: decorator
@inline export function enumAt(slot: usize): u32 {
  return load<u32>(slot);
}

// The address of an entity's record.
// @ts-ignore: decorator
@inline export function entityAt(slot: usize): usize {
  return <usize>load<u32>(slot);
}

// @ts-ignore: decorator
@inline export function present(slot: usize): bool {
  return load<u32>(slot) != 0;
}

// The value's own slot, behind the slot that says whether it is there.
// @ts-ignore: decorator
@inline export function inside(slot: usize): usize {
  return slot + 8;
}

// @ts-ignore: decorator
@inline export function insideOr(slot: usize, otherwise: usize): usize {
  return present(slot) ? slot + 8 : otherwise;
}

// @ts-ignore: decorator
@inline export function sizeOf(collection: usize): u32 {
  return lengthOf(collection);
}

// @ts-ignore: decorator
@inline export function membersOf(collection: usize): usize {
  return textOf(collection);
}

export function hasNumber(collection: usize, number: i64): bool {
  return hasWord(collection, <u64>number);
}

export function hasBool(collection: usize, value: bool): bool {
  return hasWord(collection, value ? 1 : 0);
}

export function hasEnum(collection: usize, member: u32): bool {
  return hasWord(collection, member);
}

// Booleans, enum members, numbers and times: slots that are equal when their words are.
function hasWord(collection: usize, word: u64): bool {
  let at = membersOf(collection);
  for (const end = at + (<usize>sizeOf(collection) << 3); at < end; at += 8) {
    if (load<u64>(at) == word) return true;
  }
  return false;
}

export function hasEntity(collection: usize, entity: usize): bool {
  let at = membersOf(collection);
  for (const end = at + (<usize>sizeOf(collection) << 3); at < end; at += 8) {
    if (<usize>load<u32>(at) == entity) return true;
  }
  return false;
}

export function hasText(collection: usize, text: usize): bool {
  let at = membersOf(collection);
  for (const end = at + (<usize>sizeOf(collection) << 3); at < end; at += 8) {
    if (textEqual(at, text)) return true;
  }
  return false;
}

// One bit of `members` for each member of an enum.
// @ts-ignore: decorator
@inline export function oneOf(member: u32, members: u64): bool {
  return ((members >> <u64>member) & 1) != 0;
}

// The place of a member of an ordered enum, as a number like any other.
// @ts-ignore: decorator
@inline export function rank(member: u32): i64 {
  return <i64>member;
}
