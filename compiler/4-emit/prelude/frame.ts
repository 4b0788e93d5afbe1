// The frame's header, and the checks before any rule. See docs/abi.md, "Frame" and "The order of checks".
import { APPROVAL_BYTES, FRAME, HEADER_BYTES, WORK } from "./memory";
import { cursor, limit, openDecoding, openDenial, refusal, refuse, unknownEntity } from "./memory";
import {
  CONTAINMENT_STALE,
  ENTITY_UNKNOWN,
  FACTS_STALE,
  HOST_MISMATCH,
  INVALID,
  OUT_OF_RANGE,
  POLICY_EXPIRED,
  POLICY_STALE,
  SUBJECT_QUARANTINED,
  SUBJECT_TERMINATED,
  TOO_LARGE,
} from "./codes";
import { factsAre } from "./facts";
import { carriedCount, closePlaces, endOfCarried } from "./carried";
import { FRAME_BYTES, HAS_CARRIED } from "../config";

const MAGIC: u32 = 0x464c4f50;
const APPROVALS_MAX: u32 = 16;
const TIME_MIN: i64 = -62135596800000;
const TIME_MAX: i64 = 253402300799999;

// @ts-ignore: decorator
@inline export function actionOf(): u32 {
  return load<u32>(FRAME, 12);
}

// @ts-ignore: decorator
@inline export function now(): i64 {
  return load<i64>(FRAME, 40);
}

// @ts-ignore: decorator
@inline export function trust(): i64 {
  return <i64>load<u32>(FRAME, 84);
}

// @ts-ignore: decorator
@inline export function approvalCount(): u32 {
  return load<u32>(FRAME, 88);
}

// Times of so many bits after the first one are right, whatever they are.
const SMALL_BITS: u64 = 48;

// @ts-ignore: decorator
@inline function sinceMin(offset: usize): u64 {
  return <u64>(load<i64>(FRAME + offset) - TIME_MIN);
}

function areTimes(): bool {
  for (let offset: usize = 40; offset <= 72; offset += 8) {
    if (sinceMin(offset) > <u64>(TIME_MAX - TIME_MIN)) return false;
  }
  return true;
}

function refused(code: u32): bool {
  refuse(code);
  return false;
}

// The header's own form. Nothing behind it is read before its lengths agree.
export function openFrame(bytes: i32, actions: u32, layoutTag: u64): bool {
  openDenial();
  if (bytes < <i32>HEADER_BYTES || bytes > FRAME_BYTES || (bytes & 7) != 0) return refused(INVALID);
  if (load<u64>(FRAME) != (<u64>MAGIC | (<u64>HEADER_BYTES << 32))) return refused(INVALID);
  if (load<u32>(FRAME, 8) != <u32>bytes) return refused(INVALID);
  if (actionOf() >= actions || load<u64>(FRAME, 16) != layoutTag) return refused(INVALID);
  const reserved = load<u64>(FRAME, 96) | load<u64>(FRAME, 104) | load<u64>(FRAME, 152);
  if (HAS_CARRIED) {
    closePlaces();
    if (reserved != 0) return refused(INVALID);
  } else if ((reserved | <u64>load<u32>(FRAME, 92)) != 0) return refused(INVALID);
  if (approvalCount() > APPROVALS_MAX) return refused(TOO_LARGE);
  if (approvalCount() == 0) {
    const low = load<u64>(FRAME, 112) | load<u64>(FRAME, 120);
    const high = load<u64>(FRAME, 128) | load<u64>(FRAME, 136);
    if ((low | high) != 0) return refused(INVALID);
  }
  const times = sinceMin(40) | sinceMin(48) | sinceMin(56) | sinceMin(64) | sinceMin(72);
  if (times >> SMALL_BITS != 0 && !areTimes()) return refused(OUT_OF_RANGE);
  if (load<u32>(FRAME, 80) - 1 > 2) return refused(INVALID);
  if (load<u32>(FRAME, 84) > 1000) return refused(OUT_OF_RANGE);
  return true;
}

// The action's fixed part and the approvals are there; the variable part begins behind them.
export function openFields(fixedBytes: u32): bool {
  const total = load<u32>(FRAME, 8);
  let start = HEADER_BYTES + fixedBytes + approvalCount() * APPROVAL_BYTES;
  if (HAS_CARRIED && carriedCount() != 0) {
    start = endOfCarried();
    if (start == 0) refuse(INVALID);
    if (refusal != 0) return false;
  }
  if (load<u32>(FRAME, 144) != fixedBytes || start > total || load<u32>(FRAME, 148) != total - start) {
    refuse(INVALID);
    return false;
  }
  openDecoding(FRAME, WORK - FRAME, start, total, false);
  return true;
}

export function closeFields(): void {
  if (cursor != limit) refuse(INVALID);
}

// Answers the code of the first check that fails, 0 where a rule may be asked.
export function before(validFrom: i64, validUntil: i64, containmentAge: i64): u32 {
  if (refusal != 0) return refusal;
  if (!factsAre(load<u64>(FRAME, 24)) || load<u64>(FRAME, 32) != 0) return HOST_MISMATCH;
  const at = now();
  if (at < validFrom || at >= validUntil) return POLICY_EXPIRED;
  if (at < load<i64>(FRAME, 48) || at > load<i64>(FRAME, 56)) return POLICY_STALE;
  if (at > load<i64>(FRAME, 64)) return FACTS_STALE;
  const readAt = load<i64>(FRAME, 72);
  if (at < readAt || at >= readAt + containmentAge) return CONTAINMENT_STALE;
  const containment = load<u32>(FRAME, 80);
  if (containment == 2) return SUBJECT_QUARANTINED;
  if (containment == 3) return SUBJECT_TERMINATED;
  return unknownEntity ? ENTITY_UNKNOWN : 0;
}
