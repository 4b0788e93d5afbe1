// Families of rules: from what a request says to the rows that want it. family-data.ts lays the tables.
import { find, hash, resolve } from "./directory";
import { bytesEqual, lengthOf, textOf } from "./text";

// The place that a hash names among so many.
// @ts-ignore: decorator
@inline function placeIn(hashed: u32, slots: u32): u32 {
  return <u32>((<u64>hashed * slots) >> 32);
}

// A table has a free place, where a search ends; no search takes more steps than there are places, whatever
// stands in them.

// The number of a text among the keys; 0: it is none of them. A place holds a hash and the address of a key:
// its number, its length, its bytes.
export function textNumber(slot: usize, table: usize, slots: u32): u64 {
  const text = textOf(slot);
  const length = lengthOf(slot);
  const hashed = hash(text, length);
  let place = placeIn(hashed, slots);
  for (let left = slots; left != 0; left--) {
    const at = table + (<usize>place << 3);
    const key = <usize>load<u32>(at, 4);
    if (key == 0) return 0;
    if (load<u32>(at) == hashed && load<u32>(key, 4) == length && bytesEqual(key + 8, text, length)) {
      return load<u32>(key);
    }
    place += 1;
    if (place == slots) place = 0;
  }
  return 0;
}

// @ts-ignore: decorator
@inline function hashKey(key: u64): u32 {
  let h = key * 0x9e3779b97f4a7c15;
  h ^= h >> 29;
  return <u32>((h * 0x9e3779b97f4a7c15) >> 32);
}

// The same of a number or time: a place holds it and, behind it, its number among the keys.
export function valueNumber(value: i64, table: usize, slots: u32): u64 {
  let place = placeIn(hashKey(value), slots);
  for (let left = slots; left != 0; left--) {
    const at = table + (<usize>place << 4);
    const found = load<u32>(at, 8);
    if (found == 0 || load<i64>(at) == value) return found;
    place += 1;
    if (place == slots) place = 0;
  }
  return 0;
}

// Where the rows of a key are named, their first address and the one behind the last; 0: there are none.
export function bucketOf(key: u64, table: usize, slots: u32): usize {
  let place = placeIn(hashKey(key), slots);
  for (let left = slots; left != 0; left--) {
    const at = table + (<usize>place << 4);
    if (load<u32>(at, 8) == 0) return 0;
    if (load<u64>(at) == key) return at;
    place += 1;
    if (place == slots) place = 0;
  }
  return 0;
}

// @ts-ignore: decorator
@inline export function firstRow(bucket: usize): usize {
  return <usize>load<u32>(bucket, 8);
}

// @ts-ignore: decorator
@inline export function rowsEnd(bucket: usize): usize {
  return <usize>load<u32>(bucket, 12);
}

// ---- once, when facts are loaded

// Each text that is a key of these names an entity.
export function keysExist(type: u32, table: usize, slots: u32): bool {
  for (let place: u32 = 0; place < slots; place++) {
    const key = <usize>load<u32>(table + (<usize>place << 3), 4);
    if (key != 0 && find(type, key + 8, load<u32>(key, 4)) == 0) return false;
  }
  return true;
}

// Pairs of an entity literal and its type.
export function resolveEach(pairs: usize, count: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    const pair = pairs + (<usize>i << 3);
    if (!resolve(load<u32>(pair), load<u32>(pair, 4))) return false;
  }
  return true;
}

// Pairs of a place and the entity literal whose record it names.
export function patchEach(pairs: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const pair = pairs + (<usize>i << 3);
    store<u32>(load<u32>(pair), load<u32>(load<u32>(pair, 4)));
  }
}
