// The entities of the facts: numbered type after type, within a type by their ids; where the record of each
// lies, and the index that finds one by its id. Filled once, when facts load.
import { DIRECTORY, refuse } from "./memory";
import { INVALID } from "./codes";
import { TYPES } from "../config";
import { lengthOf, padded, textOf } from "./text";

// Per type: u32 count, number of the first, bytes of a record, address of the index, its places.
const COUNT: usize = 0;
const FIRST: usize = 4;
const STRIDE: usize = 8;
const INDEX: usize = 12;
const PLACES: usize = 16;

// An entry of an index is what tells most ids apart, and where the record is: the offset from the start of
// the block in words of 8 bytes, of which a block has less than 2^26. So a probe that meets another entity
// seldom has to look at its record. 0: none.
const WORD: u32 = 0x3ffffff;
const TAG: u32 = ~WORD;
// A chain this long has no cause but ids that were made for it.
const PROBES_MAX: u32 = 1024;

// The block, and behind it where each record is, by number.
let block: usize = 0;
let places: usize = 0;
let total: u32 = 0;

// @ts-ignore: decorator
@inline function row(type: u32): usize {
  return DIRECTORY + type * 20;
}

export function openDirectory(from: usize, behind: usize): void {
  block = from;
  places = behind;
  total = 0;
}

export function describe(type: u32, count: u32, stride: u32): void {
  store<u32>(row(type), count, COUNT);
  store<u32>(row(type), total - count, FIRST);
  store<u32>(row(type), stride, STRIDE);
  store<u32>(row(type), 0, PLACES);
}

// The next entity's record.
export function place(record: usize): void {
  store<u32>(places + (total << 2), record);
  total += 1;
}

export function entityCount(): u32 {
  return total;
}

export function countOf(type: u32): u32 {
  return load<u32>(row(type), COUNT);
}

export function strideOf(type: u32): u32 {
  return load<u32>(row(type), STRIDE);
}

export function numberOf(type: u32, i: u32): u32 {
  return load<u32>(row(type), FIRST) + i;
}

// @ts-ignore: decorator
@inline export function recordNumbered(number: u32): usize {
  return <usize>load<u32>(places + (number << 2));
}

// The record of an entity of this type; 0 where the number is none of theirs.
export function recordOfType(type: u32, number: u32): usize {
  return number - load<u32>(row(type), FIRST) < countOf(type) ? recordNumbered(number) : 0;
}

// @ts-ignore: decorator
@inline export function spread(text: usize, length: u32): u64 {
  let h: u64 = length;
  for (let p = text, end = text + padded(length); p < end; p += 8) {
    h = (h ^ load<u64>(p)) * 0x9e3779b97f4a7c15;
    h ^= h >> 29;
  }
  return h;
}

export function hash(text: usize, length: u32): u32 {
  const h = spread(text, length);
  return <u32>(h >> 32) ^ <u32>h;
}

// At most two thirds full, so that a probe ends soon.
// @ts-ignore: decorator
@inline export function placesFor(count: u32): u32 {
  return count + (count >> 1) + 2;
}

// @ts-ignore: decorator
@inline function placeOf(h: u64, among: u32): u32 {
  return <u32>(((h >> 32) * <u64>among) >> 32);
}

export function addressBehindPlaces(): usize {
  return places + (total << 2);
}

// Of a type that has entities; the bytes at `at` must be zero.
export function buildIndex(type: u32, at: usize): void {
  const count = countOf(type);
  const among = placesFor(count);
  store<u32>(row(type), at, INDEX);
  store<u32>(row(type), among, PLACES);
  for (let i: u32 = 0; i < count; i++) {
    const record = recordNumbered(numberOf(type, i));
    const h = spread(textOf(record), lengthOf(record));
    let to = placeOf(h, among);
    let probes: u32 = 0;
    while (load<u32>(at + (to << 2)) != 0) {
      to = to + 1 == among ? 0 : to + 1;
      probes += 1;
      if (probes == PROBES_MAX) {
        refuse(INVALID);
        return;
      }
    }
    store<u32>(at + (to << 2), <u32>((record - block) >> 3) | (<u32>h & TAG));
  }
}

// Written so that no compiler leaves out what was read.
let touched: u32 = 0;

// Brings the entry that tells where somebody is out of the memory, which takes as long as all the rest.
// @ts-ignore: decorator
@inline export function touch(type: u32, h: u64): void {
  const index = <usize>load<u32>(row(type), INDEX);
  touched = load<u32>(index + (placeOf(h, load<u32>(row(type), PLACES)) << 2));
}

// The same with what is behind a record that was found: its ancestors, and the members of its sets.
// @ts-ignore: decorator
@inline export function bring(record: usize): void {
  touched = load<u32>(record, 64);
}

// The address of an entity's record, 0 where there is none. The text is padded.
export function find(type: u32, text: usize, length: u32): usize {
  return TYPES == 0 ? 0 : findHashed(type, text, length, spread(text, length));
}

export function findHashed(type: u32, text: usize, length: u32, h: u64): usize {
  const among = load<u32>(row(type), PLACES);
  if (among == 0) return 0;
  const index = <usize>load<u32>(row(type), INDEX);
  let at = placeOf(h, among);
  // Whoever is there was put into one of so many places.
  for (let left = PROBES_MAX; left != 0; left--) {
    const entry = load<u32>(index + (at << 2));
    if (entry == 0) return 0;
    if (((entry ^ <u32>h) & TAG) == 0) {
      const record = block + ((entry & WORD) << 3);
      if (lengthOf(record) == length && wordsEqual(textOf(record), text, length)) return record;
    }
    at = at + 1 == among ? 0 : at + 1;
  }
  return 0;
}

// @ts-ignore: decorator
@inline function wordsEqual(p: usize, q: usize, length: u32): bool {
  const end = p + length;
  while (p < end) {
    if (load<u64>(p) != load<u64>(q)) return false;
    p += 8;
    q += 8;
  }
  return true;
}

// Fills an entity literal: its first word becomes the address of the record, its id's slot stands behind.
export function resolve(literal: usize, type: u32): bool {
  const record = find(type, textOf(literal + 8), lengthOf(literal + 8));
  store<u32>(literal, record);
  return record != 0;
}
