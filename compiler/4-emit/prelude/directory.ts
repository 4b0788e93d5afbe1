// Where the entities of each type lie, and the index that finds one by its id. Filled once, when facts load.
import { DIRECTORY } from "./memory";
import { bytesEqual, lengthOf, padded, textOf } from "./text";

// Per type: u32 count, address of the records, bytes of a record, address of the index, its mask.
const COUNT: usize = 0;
const RECORDS: usize = 4;
const STRIDE: usize = 8;
const INDEX: usize = 12;
const MASK: usize = 16;

// @ts-ignore: decorator
@inline function row(type: u32): usize {
  return DIRECTORY + type * 20;
}

export function describe(type: u32, count: u32, records: usize, stride: u32): void {
  store<u32>(row(type), count, COUNT);
  store<u32>(row(type), records, RECORDS);
  store<u32>(row(type), stride, STRIDE);
  store<u32>(row(type), 0, INDEX);
}

export function countOf(type: u32): u32 {
  return load<u32>(row(type), COUNT);
}

export function recordOf(type: u32, i: u32): usize {
  return <usize>load<u32>(row(type), RECORDS) + i * load<u32>(row(type), STRIDE);
}

export function isRecord(type: u32, address: usize): bool {
  const from = <usize>load<u32>(row(type), RECORDS);
  const stride = load<u32>(row(type), STRIDE);
  const offset = <u32>(address - from);
  return address >= from && offset < countOf(type) * stride && offset % stride == 0;
}

export function hash(text: usize, length: u32): u32 {
  let h: u64 = length;
  for (let p = text, end = text + padded(length); p < end; p += 8) {
    h = (h ^ load<u64>(p)) * 0x9e3779b97f4a7c15;
    h ^= h >> 29;
  }
  return <u32>(h >> 32) ^ <u32>h;
}

// Bytes that the index of so many entities takes: at most half full, so that a probe ends soon.
export function indexBytes(count: u32): u32 {
  let places: u32 = 2;
  while (places < count * 2) places <<= 1;
  return places << 2;
}

// The bytes at `at` must be zero.
export function buildIndex(type: u32, at: usize): void {
  const count = countOf(type);
  const mask = (indexBytes(count) >> 2) - 1;
  store<u32>(row(type), at, INDEX);
  store<u32>(row(type), mask, MASK);
  for (let i: u32 = 0; i < count; i++) {
    const record = recordOf(type, i);
    let place = hash(textOf(record), lengthOf(record)) & mask;
    while (load<u32>(at + (place << 2)) != 0) place = (place + 1) & mask;
    store<u32>(at + (place << 2), record);
  }
}

// The address of an entity's record, 0 where there is none. The text is padded.
export function find(type: u32, text: usize, length: u32): usize {
  const index = <usize>load<u32>(row(type), INDEX);
  if (index == 0) return 0;
  const mask = load<u32>(row(type), MASK);
  let place = hash(text, length) & mask;
  while (true) {
    const record = <usize>load<u32>(index + (place << 2));
    if (record == 0) return 0;
    if (lengthOf(record) == length && bytesEqual(textOf(record), text, length)) return record;
    place = (place + 1) & mask;
  }
}

// Fills an entity literal: its first word becomes the address of the record, its id's slot stands behind.
export function resolve(literal: usize, type: u32): bool {
  const record = find(type, textOf(literal + 8), lengthOf(literal + 8));
  store<u32>(literal, record);
  return record != 0;
}
