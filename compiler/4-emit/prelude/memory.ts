// Where things lie, and the few variables that one call carries. No variable outlives a call but those of
// directory.ts and facts.ts.
import {
  FRAME_BYTES,
  HAS_APPROVALS,
  HAS_PATHS,
  HAS_SHADOW,
  HOLES,
  RESULT_TAIL_BYTES,
  TYPES,
} from "../config";

export const HEADER_BYTES: u32 = 160;
export const APPROVAL_BYTES: u32 = 64;
export const LISTED_MAX: u32 = 256;

export const FRAME: usize = memory.data(FRAME_BYTES, 16);
// The decoded frame: every slot at the same offset as in the frame, text and members found relative to it.
export const WORK: usize = memory.data(FRAME_BYTES, 16);
export const FIELDS: usize = WORK + HEADER_BYTES;
// The fixed part as it arrives.
export const ARRIVED: usize = FRAME + HEADER_BYTES;
export const RESULT_BYTES: i32 = 64 + 256 * 4 + 256 * 8 + (HAS_SHADOW ? 8 + 256 * 4 : 0) + RESULT_TAIL_BYTES;
export const RESULT: usize = memory.data(RESULT_BYTES, 16);
export const FIRED: usize = RESULT + 64;
export const ERRING: usize = FIRED + 1024;
export const SHADOW: usize = ERRING + 2048;
export const VALUES: usize = memory.data(HOLES * 24 + 8, 16);
// An entity or a path takes a slot and a word of text at least: a frame holds no more than its bytes / 16.
export const NAMED: usize = memory.data(HAS_APPROVALS ? FRAME_BYTES / 4 : 8, 16);
export const PATHS: usize = memory.data(HAS_PATHS ? FRAME_BYTES / 2 : 8, 16);
export const DIRECTORY: usize = memory.data(TYPES * 20 + 4, 16);

// ---- decoding: a frame into WORK, or a facts block in place

// The first byte of what is decoded.
export let base: usize = 0;
// From a slot to its decoded place: WORK - FRAME, or 0 for facts.
export let shift: usize = 0;
// The offset at which the variable part goes on, and the end.
export let cursor: u32 = 0;
export let limit: u32 = 0;
export let inFacts: bool = false;
// The code of the first thing that was wrong; 0: nothing.
export let refusal: u32 = 0;
// Some entity that the frame names is not in the facts.
export let unknownEntity: bool = false;
export let namedCount: u32 = 0;
export let pathCount: u32 = 0;

export function openDecoding(from: usize, by: usize, start: u32, end: u32, facts: bool): void {
  base = from;
  shift = by;
  cursor = start;
  limit = end;
  inFacts = facts;
  refusal = 0;
  unknownEntity = false;
  namedCount = 0;
  pathCount = 0;
}

// Goes on elsewhere in what is being decoded.
export function decodeFrom(start: u32, end: u32): void {
  cursor = start;
  limit = end;
}

// Without a branch of its own: where it is called, there is one already.
export function refuse(code: u32): void {
  refusal = select<u32>(refusal, code, refusal != 0);
}

// Before anything is known of a frame.
export function openDenial(): void {
  refusal = 0;
  unknownEntity = false;
  namedCount = 0;
  pathCount = 0;
}

// @ts-ignore: decorator
@inline export function advance(bytes: u32): void {
  cursor += bytes;
}

// Takes the next `bytes` (a multiple of 8) of the variable part, which must be where the slot says.
export function take(offset: u32, bytes: u32): bool {
  if (offset != cursor || bytes > limit - cursor) {
    refuse(3);
    return false;
  }
  cursor += bytes;
  return true;
}

// Back to how many there were.
export function setPathCount(count: u32): void {
  pathCount = count;
}

export function missEntity(): void {
  unknownEntity = true;
}

export function nameEntity(record: usize): void {
  if (record == 0) {
    missEntity();
  } else if (HAS_APPROVALS) {
    store<u32>(NAMED + (namedCount << 2), record);
    namedCount += 1;
  }
}

export function notePath(text: usize, length: u32): void {
  if (!HAS_PATHS || inFacts) return;
  store<u32>(PATHS + (pathCount << 3), text);
  store<u32>(PATHS + (pathCount << 3), length, 4);
  pathCount += 1;
}

// ---- evaluating

// The kind of the first error met in this rule; 0: none. Errors stick: no expression needs a second result.
export let fault: u32 = 0;

export function clearFault(): void {
  fault = 0;
}

export function fail(kind: u32): void {
  if (fault == 0) fault = kind;
}
