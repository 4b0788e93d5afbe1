// Approvals in the frame: which of them count, and whether they are enough.
import { APPROVAL_BYTES, FRAME, HEADER_BYTES, NAMED, WORK } from "./memory";
import { missEntity, namedCount, refusal, refuse } from "./memory";
import { INVALID, OUT_OF_RANGE } from "./codes";
import { decodeText } from "./decode";
import { find } from "./directory";
import { compareBytes, lengthOf, textOf } from "./text";
import { approvalCount, now } from "./frame";
import { below } from "./entity";
import { lastsAtMost, lastsLess } from "./lasts";

const TIME_MIN: i64 = -62135596800000;
const TIME_MAX: i64 = 253402300799999;

// Decoded, an approval's place in WORK holds: u32 record of the approver, u32 whether it is for this request,
// text slot of the id, i64 asked_at, i64 given_at.
// @ts-ignore: decorator
@inline function offsetOf(fixedBytes: u32, i: u32): u32 {
  return HEADER_BYTES + fixedBytes + i * APPROVAL_BYTES;
}

function ascending(a: usize, b: usize, from: u32, to: u32): bool {
  const type = load<u32>(a);
  const next = load<u32>(b);
  if (type != next) return type < next;
  const s = WORK + from + 8;
  const t = WORK + to + 8;
  const order = compareBytes(textOf(s), lengthOf(s), textOf(t), lengthOf(t));
  if (order != 0) return order < 0;
  if (load<i64>(a, 16) != load<i64>(b, 16)) return load<i64>(a, 16) < load<i64>(b, 16);
  if (load<i64>(a, 24) != load<i64>(b, 24)) return load<i64>(a, 24) < load<i64>(b, 24);
  return compareBytes(a + 32, 32, b + 32, 32) < 0;
}

// After the fields, in whose walk the approvals come last.
// @ts-ignore: decorator
@inline export function decodeApprovals(fixedBytes: u32, types: u32): void {
  const count = approvalCount();
  if (count != 0) decodeEach(count, fixedBytes, types);
}

function decodeEach(count: u32, fixedBytes: u32, types: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const offset = offsetOf(fixedBytes, i);
    const p = FRAME + offset;
    const out = WORK + offset;
    if (load<u32>(p) >= types || load<u32>(p, 4) != 0) refuse(INVALID);
    decodeText(p + 8, 256);
    if (lengthOf(out + 8) == 0) refuse(INVALID);
    const asked = load<i64>(p, 16);
    const given = load<i64>(p, 24);
    if (asked < TIME_MIN || asked > TIME_MAX || given < TIME_MIN || given > TIME_MAX) refuse(OUT_OF_RANGE);
    if (refusal != 0) return;
    if (i > 0 && !ascending(p - APPROVAL_BYTES, p, offset - APPROVAL_BYTES, offset)) refuse(INVALID);
    const record = find(load<u32>(p), textOf(out + 8), lengthOf(out + 8));
    if (record == 0) missEntity();
    store<u32>(out, record);
    store<u32>(out, compareBytes(p + 32, 32, FRAME + 112, 32) == 0 ? 1 : 0, 4);
    store<i64>(out, asked, 16);
    store<i64>(out, given, 24);
  }
}

function isNamed(record: usize): bool {
  for (let i: u32 = 0; i < namedCount; i++) if (load<u32>(NAMED + (i << 2)) == <u32>record) return true;
  return false;
}

function counts(out: usize, group: usize, within: i64): bool {
  const record = <usize>load<u32>(out);
  const asked = load<i64>(out, 16);
  const given = load<i64>(out, 24);
  if (load<u32>(out, 4) == 0 || isNamed(record) || !below(record, group)) return false;
  return asked <= given && lastsAtMost(given, now(), 1, 0) && lastsLess(now(), asked + within, 0, 1);
}

// Whether `needed` different approvers from `group` have approved exactly this request in time.
export function approved(fixedBytes: u32, group: usize, needed: u32, within: i64): bool {
  let have: u32 = 0;
  const count = approvalCount();
  for (let i: u32 = 0; i < count; i++) {
    const out = WORK + offsetOf(fixedBytes, i);
    if (!counts(out, group, within)) continue;
    let again = false;
    for (let k: u32 = 0; k < i && !again; k++) {
      const other = WORK + offsetOf(fixedBytes, k);
      again = load<u32>(other) == load<u32>(out) && counts(other, group, within);
    }
    if (!again) have += 1;
  }
  return have >= needed;
}
