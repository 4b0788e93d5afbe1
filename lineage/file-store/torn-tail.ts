/**
 * Tells what an interrupted write left behind, which nobody was promised, from what was damaged later. A
 * process that dies leaves a beginning of what it wrote; a machine that dies may also leave whole sectors of
 * zeros. Neither changes a byte, and neither touches what was durable before.
 */
import { LIMITS } from "../entry-schema.ts";
import { readUpTo } from "./disk.ts";
import type { LogFile } from "./folder.ts";
import { decodeFrame, FRAME_HEADER_BYTES, type FrameLimits, markOf, withLength } from "./frame.ts";
import { BATCH_BYTES_MAX, OPENING_BYTES_MAX } from "./limits.ts";

const SECTOR_BYTES = 512;

/** Whether the bytes of the entries file from `offset` on, where no frame is, are the torn end of a batch. */
export async function isTornEntry(file: LogFile, offset: number): Promise<boolean> {
  const tail = await readTail(file, offset, BATCH_BYTES_MAX);
  if (tail === null) return false;
  const limits = { generation: file.header.generation, bodyBytesMax: LIMITS.entryBytes };
  const later = laterFrames(tail, offset, limits);
  // These say how much of the file was durable when they were written.
  if (later.some(({ mark }) => mark > offset)) return false;
  if (tail.length < FRAME_HEADER_BYTES || hasHole(tail, offset)) return true;
  return isShort(tail, limits) && !isWholeButForLength(tail, offset, later, limits);
}

/**
 * The same for the openings file of a log with `size` entries. A torn opening names an entry that never came:
 * the entries of a batch are written after its openings.
 */
export async function isTornOpening(file: LogFile, offset: number, size: number): Promise<boolean> {
  const tail = await readTail(file, offset, OPENING_BYTES_MAX + BATCH_BYTES_MAX);
  if (tail === null) return false;
  if (tail.length < FRAME_HEADER_BYTES || hasHole(tail, offset)) return true;
  const limits = { generation: file.header.generation, bodyBytesMax: OPENING_BYTES_MAX };
  const index = markOf(tail);
  return isShort(tail, limits) && index !== null && index >= size;
}

/** Null where it is more than one batch. */
async function readTail(file: LogFile, offset: number, bytesMax: number): Promise<Uint8Array | null> {
  const length = file.sizeBytes - offset;
  return length > bytesMax ? null : readUpTo(file.handle, offset, length);
}

/** Whether the part of some sector of the file that lies in the tail is nothing but zeros. */
function hasHole(tail: Uint8Array, offset: number): boolean {
  for (let at = 0; at < tail.length; ) {
    const end = Math.min(tail.length, at + SECTOR_BYTES - ((offset + at) % SECTOR_BYTES));
    if (tail.subarray(at, end).every((byte) => byte === 0)) return true;
    at = end;
  }
  return false;
}

interface Later {
  /** Where it begins in the tail. */
  readonly at: number;
  readonly mark: number;
}

function laterFrames(tail: Uint8Array, offset: number, limits: FrameLimits): readonly Later[] {
  const found: Later[] = [];
  for (let at = 1; at + FRAME_HEADER_BYTES < tail.length; ) {
    const result = decodeFrame(tail.subarray(at), offset + at, limits);
    if (result.ok) found.push({ at, mark: result.frame.mark });
    at += result.ok ? result.sizeBytes : 1;
  }
  return found;
}

/** Whether the frame at the start of the tail says that it goes on behind the end of the file. */
function isShort(tail: Uint8Array, limits: FrameLimits): boolean {
  const result = decodeFrame(tail, 0, limits);
  return !result.ok && result.problem === "short";
}

/** A frame that is all there was not torn, even if its length was changed. */
function isWholeButForLength(
  tail: Uint8Array,
  offset: number,
  later: readonly Later[],
  limits: FrameLimits,
): boolean {
  return [...later.map(({ at }) => at), tail.length].some((end) => {
    const frame = withLength(tail.subarray(0, end));
    return decodeFrame(frame, offset, limits).ok;
  });
}
