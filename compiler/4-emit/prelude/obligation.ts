// What fired rules impose on the host. See docs/abi.md, "Obligations".
import { CELLS_BYTES, IMPOSED_MAX } from "../config";
import { ALLOW, ERROR_RANGE, HOLD } from "./codes";
import { RESULT, fail } from "./memory";
import { idText, lengthOf, textOf } from "./text";

// Each `oblige` clause of an action has its place for arguments: u32 there, 0, 8 bytes payload each.
const CELLS: usize = memory.data(CELLS_BYTES + 8, 16);
// 16 bytes each: rule, obligation, address of its arguments; then its rule's verdict, which becomes 0.
const IMPOSED: usize = memory.data(IMPOSED_MAX * 16 + 8, 16);
let imposedCount: u32 = 0;

export function openObligations(): void {
  imposedCount = 0;
}

export function giveAbsent(cell: u32): void {
  store<u64>(CELLS + cell, 0);
  store<u64>(CELLS + cell, 0, 8);
}

export function giveWide(cell: u32, number: i64): void {
  store<u64>(CELLS + cell, 1);
  store<i64>(CELLS + cell, number, 8);
}

// A bool, a member's number or an address.
export function giveWord(cell: u32, word: u32): void {
  giveWide(cell, word);
}

export function fitNumber(number: i64, min: i64, max: i64): i64 {
  if (number < min || number > max) fail(ERROR_RANGE);
  return number;
}

// Bytes of text, or members.
export function fitLength(slot: usize, min: u32, max: u32): usize {
  const length = lengthOf(slot);
  if (length < min || length > max) fail(ERROR_RANGE);
  return slot;
}

export function fitId(slot: usize): usize {
  if (!idText(textOf(slot), lengthOf(slot))) fail(ERROR_RANGE);
  return slot;
}

export function impose(rule: u32, verdict: u32, obligation: u32, cells: u32): void {
  const at = IMPOSED + (imposedCount << 4);
  imposedCount += 1;
  store<u32>(at, rule);
  store<u32>(at, obligation, 4);
  store<u32>(at, <u32>CELLS + cells, 8);
  store<u32>(at, verdict, 12);
}

// Where the answer grants or may yet, what the allows impose; else what the rules with its verdict do.
// `at` is where the result says where they are.
export function bindObligations(verdict: i32, at: u32): i32 {
  const from = <u32>verdict <= HOLD ? ALLOW : <u32>verdict;
  let bound: u32 = 0;
  for (let i: u32 = 0; i < imposedCount; i++) {
    const one = IMPOSED + (i << 4);
    if (load<u32>(one, 12) != from) continue;
    const to = IMPOSED + (bound << 4);
    store<u64>(to, load<u64>(one));
    store<u64>(to, load<u32>(one, 8), 8);
    bound += 1;
  }
  store<u32>(RESULT, bound, 40);
  store<u64>(RESULT + at, <u64>IMPOSED);
  return verdict;
}
