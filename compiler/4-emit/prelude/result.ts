// What comes back. See docs/abi.md, "Result".
import { ERRING, FIRED, LISTED_MAX, PATHS, RESULT, SHADOW, VALUES, pathCount } from "./memory";
import { ALLOW, CODE_ERROR, CODE_NO_RULE, CODE_RULE, DENY, HOLD } from "./codes";
import { lengthOf, textOf } from "./text";
import { lasts, openLasts } from "./lasts";
import { HAS_FAMILIES, HAS_LASTS, HAS_SHADOW, HOLES } from "../config";

const MAGIC: u32 = 0x524c4f50;

let granted: bool = false;
// The strictest verdict of the fired rules that count.
let strictest: u32 = 0;
let firedCount: u32 = 0;
let erringCount: u32 = 0;
let firstKind: u32 = 0;
let valueCount: u32 = 0;
let shadowCount: u32 = 0;

export function openResult(): void {
  granted = false;
  strictest = 0;
  firedCount = 0;
  erringCount = 0;
  firstKind = 0;
  valueCount = 0;
  if (HAS_SHADOW) shadowCount = 0;
  if (HAS_LASTS) openLasts();
}

// In a listed id: a hold that its approvals released.
const RELEASED: u32 = 0x80000000;

// Keeps a list of ids ascending, with as many as there is room for, the smallest ones. Rules of a family are
// found in any order, so the list moves up behind the new one. Answers where it belongs.
function makePlace(ids: usize, count: u32, rule: u32): u32 {
  let at = min(count, LISTED_MAX - 1);
  if (count >= LISTED_MAX && (load<u32>(ids + (at << 2)) & ~RELEASED) < rule) return LISTED_MAX;
  for (; at > 0 && (load<u32>(ids + ((at - 1) << 2)) & ~RELEASED) > rule; at--) {
    store<u32>(ids + (at << 2), load<u32>(ids + ((at - 1) << 2)));
  }
  return at;
}

function list(rule: u32): void {
  if (HAS_FAMILIES) {
    const at = makePlace(FIRED, firedCount, rule & ~RELEASED);
    if (at < LISTED_MAX) store<u32>(FIRED + (at << 2), rule);
    firedCount += 1;
    return;
  }
  if (firedCount < LISTED_MAX) store<u32>(FIRED + (firedCount << 2), rule);
  firedCount += 1;
}

// Rules report in the order of their ids, but for those of families.
export function fired(rule: u32, verdict: u32): void {
  list(rule);
  if (verdict == ALLOW) granted = true;
  else if (verdict > strictest) strictest = verdict;
}

// A hold counts until it is approved; either way it fired.
export function held(rule: u32, released: bool): void {
  list(released ? rule | RELEASED : rule);
  if (!released && strictest < HOLD) strictest = HOLD;
}

// A shadow rule that fired or erred: it is listed, and that is all.
export function shadowed(rule: u32): void {
  if (HAS_FAMILIES) {
    const at = makePlace(SHADOW + 8, shadowCount, rule);
    if (at < LISTED_MAX) store<u32>(SHADOW + 8 + (at << 2), rule);
    shadowCount += 1;
    return;
  }
  if (shadowCount < LISTED_MAX) store<u32>(SHADOW + 8 + (shadowCount << 2), rule);
  shadowCount += 1;
}

export function erred(rule: u32, kind: u32): void {
  if (HAS_FAMILIES) {
    erredAmong(rule, kind);
    return;
  }
  if (erringCount == 0) firstKind = kind;
  if (erringCount < LISTED_MAX) {
    store<u32>(ERRING + (erringCount << 3), rule);
    store<u32>(ERRING + (erringCount << 3), kind, 4);
  }
  erringCount += 1;
}

function erredAmong(rule: u32, kind: u32): void {
  const one = <u64>rule | (<u64>kind << 32);
  let at = min(erringCount, LISTED_MAX - 1);
  erringCount += 1;
  if (erringCount > LISTED_MAX && load<u32>(ERRING + (at << 3)) < rule) return;
  for (; at > 0 && load<u32>(ERRING + ((at - 1) << 3)) > rule; at--) {
    store<u64>(ERRING + (at << 3), load<u64>(ERRING + ((at - 1) << 3)));
  }
  store<u64>(ERRING + (at << 3), one);
  if (at == 0) firstKind = kind;
}

// Two words at a time; the magic is in the last two.
function write(verdict: u32, code: u32): i32 {
  store<u64>(RESULT, <u64>granted | (<u64>code << 32), 8);
  store<u64>(RESULT, HAS_LASTS ? <u64>lasts() : 0, 16);
  store<u64>(RESULT, <u64>firedCount | (<u64>min(firedCount, LISTED_MAX) << 32), 24);
  store<u64>(RESULT, <u64>erringCount | (<u64>min(erringCount, LISTED_MAX) << 32), 32);
  store<u64>(RESULT, <u64>valueCount << 32, 40);
  store<u64>(RESULT, <u64>pathCount << 32, 48);
  store<u64>(RESULT, <u64>PATHS | (<u64>VALUES << 32), 56);
  if (HAS_SHADOW) store<u64>(SHADOW, <u64>shadowCount | (<u64>min(shadowCount, LISTED_MAX) << 32));
  store<u64>(RESULT, <u64>MAGIC | (<u64>verdict << 32));
  return <i32>verdict;
}

// No rule was asked.
export function denied(code: u32): i32 {
  return write(DENY, code);
}

// The most restrictive of: deny where nothing was granted or some rule erred, what fired, allow.
export function concluded(): i32 {
  if (HAS_FAMILIES && HOLES > 1) sortValues();
  let verdict = granted && erringCount == 0 ? ALLOW : DENY;
  if (strictest > verdict) verdict = strictest;
  const ruled = verdict == ALLOW || strictest == verdict;
  return write(verdict, ruled ? CODE_RULE : erringCount > 0 ? CODE_ERROR + firstKind : CODE_NO_RULE);
}

// The answer of a guard: it grants nothing, and what it does not restrict it lets pass.
export function concludedGuard(): i32 {
  if (HAS_FAMILIES && HOLES > 1) sortValues();
  let verdict = erringCount == 0 ? ALLOW : DENY;
  if (strictest > verdict) verdict = strictest;
  const ruled = strictest == verdict;
  return write(verdict, ruled ? CODE_RULE : erringCount > 0 ? CODE_ERROR + firstKind : CODE_NO_RULE);
}

// ---- values for reasons

function value(rule: u32, template: u32, hole: u32, tag: u32, aux: u32): usize {
  const at = VALUES + valueCount * 24;
  valueCount += 1;
  store<u32>(at, rule);
  store<u16>(at, <u16>template, 4);
  store<u16>(at, <u16>hole, 6);
  store<u32>(at, tag, 8);
  store<u32>(at, aux, 12);
  return at;
}

// By rule, template and hole.
// @ts-ignore: decorator
@inline function orderOf(i: u32): u64 {
  const at = VALUES + i * 24;
  return (<u64>load<u32>(at) << 32) | (<u64>load<u16>(at, 4) << 16) | load<u16>(at, 6);
}

function swapValues(i: u32, j: u32): void {
  const a = VALUES + i * 24;
  const b = VALUES + j * 24;
  for (let at: usize = 0; at < 24; at += 8) {
    const word = load<u64>(a + at);
    store<u64>(a + at, load<u64>(b + at));
    store<u64>(b + at, word);
  }
}

// The largest of the first `count` values below `root`, in a heap, comes to its top.
function siftDown(root: u32, count: u32): void {
  let top = root;
  while (true) {
    let child = top * 2 + 1;
    if (child >= count) return;
    if (child + 1 < count && orderOf(child + 1) > orderOf(child)) child += 1;
    if (orderOf(child) <= orderOf(top)) return;
    swapValues(top, child);
    top = child;
  }
}

// Rules of families give theirs in any order.
function sortValues(): void {
  let sorted: u32 = 1;
  while (sorted < valueCount && orderOf(sorted - 1) < orderOf(sorted)) sorted += 1;
  if (sorted >= valueCount) return;
  for (let i = valueCount >> 1; i > 0; i--) siftDown(i - 1, valueCount);
  for (let end = valueCount - 1; end > 0; end--) {
    swapValues(0, end);
    siftDown(0, end);
  }
}

export function giveError(rule: u32, template: u32, hole: u32): void {
  store<u64>(value(rule, template, hole, 0, 0), 0, 16);
}

// int, decimal, timestamp or duration, by tag.
export function giveNumber(rule: u32, template: u32, hole: u32, tag: u32, number: i64): void {
  store<i64>(value(rule, template, hole, tag, 0), number, 16);
}

export function giveBool(rule: u32, template: u32, hole: u32, is: bool): void {
  store<u64>(value(rule, template, hole, 1, 0), is ? 1 : 0, 16);
}

export function giveEnum(rule: u32, template: u32, hole: u32, type: u32, member: u32): void {
  store<u64>(value(rule, template, hole, 7, type), member, 16);
}

// Text, or the id of an entity: its record begins with the slot of its id.
export function giveText(rule: u32, template: u32, hole: u32, tag: u32, aux: u32, slot: usize): void {
  const at = value(rule, template, hole, tag, aux);
  store<u32>(at, <u32>textOf(slot), 16);
  store<u32>(at, lengthOf(slot), 20);
}
