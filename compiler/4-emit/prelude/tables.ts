// Tables: where their rows lie, and comparing the values of keys.
import { TABLES } from "../config";
import { HEADER, factsAddress } from "./facts";
import { cursor, limit, refusal, refuse, take } from "./memory";
import { INVALID } from "./codes";

// Per table: u32 count, address of the rows.
const ROWS: usize = memory.data(TABLES * 8 + 8, 16);
// Rows that a quantifier is about to go over, as a collection: { i32 from here to the first, u32 count }.
const SPAN: usize = memory.data(8, 16);

export function rowCount(table: u32): u32 {
  return load<u32>(ROWS + (table << 3));
}

export function rowOf(table: u32, i: u32, stride: u32): usize {
  return <usize>load<u32>(ROWS + (table << 3), 4) + i * stride;
}

// Whoever goes over them looks here first and no more.
export function spanOf(first: usize, count: u32): usize {
  store<u32>(SPAN, <u32>(first - SPAN));
  store<u32>(SPAN, count, 4);
  return SPAN;
}

export function compareWords(a: u64, b: u64): i32 {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function compareNumbers(a: i64, b: i64): i32 {
  return a < b ? -1 : a > b ? 1 : 0;
}

// `entry` is the table's place in the directory, behind the entity types.
export function openTable(table: u32, entry: u32, stride: u32): void {
  const at = factsAddress();
  const p = at + HEADER + entry * 16;
  const count = load<u32>(p);
  const offset = load<u32>(p, 4);
  store<u64>(ROWS + (table << 3), 0);
  if (load<u32>(p, 8) != stride || load<u32>(p, 12) != 0) refuse(INVALID);
  if (count == 0) {
    if (offset != 0) refuse(INVALID);
    return;
  }
  if (refusal != 0 || count > (limit - cursor) / stride || !take(offset, count * stride)) {
    refuse(INVALID);
    return;
  }
  store<u32>(ROWS + (table << 3), count);
  store<u32>(ROWS + (table << 3), <u32>(at + offset), 4);
}
