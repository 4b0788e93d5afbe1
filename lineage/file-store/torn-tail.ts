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
/** Undamaged frames have fewer zeros in a row, and so do frames with a byte that became zero. */
const HOLE_BYTES_MIN = 16;
/**
 * Of what could be frames in a tail: several times what an interrupted batch takes. A tail that takes more
 * was made by somebody, and is not cut off.
 */
const EFFORT_BYTES_MAX = 8 * BATCH_BYTES_MAX;
/** What a look at a frame costs besides its bytes. */
const FRAME_EFFORT_BYTES = 256;

/** Whether the bytes of the entries file from `offset` on, where no frame is, are the torn end of a batch. */
export async function isTornEntry(file: LogFile, offset: number): Promise<boolean> {
  const tail = await readTail(file, offset, BATCH_BYTES_MAX);
  if (tail === null) return false;
  const limits = { generation: file.header.generation, bodyBytesMax: LIMITS.entryBytes };
  const search: Search = { tail, offset, limits, effortBytes: 0 };
  const later = laterFrames(search);
  // These say how much of the file was durable when they were written.
  if (later === null || later.some(({ mark }) => mark > offset)) return false;
  if (tail.length < FRAME_HEADER_BYTES || hasHole(tail, offset)) return true;
  return isShort(tail, limits) && isNothingButBegun(search, later);
}

/**
 * The same for the openings file of a log with `size` entries. A torn opening names an entry that never came:
 * the entries of a batch are written after its openings.
 */
export async function isTornOpening(file: LogFile, offset: number, size: number): Promise<boolean> {
  const tail = await readTail(file, offset, OPENING_BYTES_MAX + BATCH_BYTES_MAX);
  if (tail === null) return false;
  if (tail.length < FRAME_HEADER_BYTES) return true;
  const limits = { generation: file.header.generation, bodyBytesMax: OPENING_BYTES_MAX };
  const index = markOf(tail);
  const isAhead = index !== null && index >= size;
  if (hasHole(tail, offset)) return isAhead || isHeaderLost(tail, offset);
  return isShort(tail, limits) && isAhead;
}

/** Whether a sector of zeros could have taken a part of what the frame at the start says of itself. */
function isHeaderLost(tail: Uint8Array, offset: number): boolean {
  if ((offset % SECTOR_BYTES) + FRAME_HEADER_BYTES > SECTOR_BYTES) return true;
  return tail.subarray(0, FRAME_HEADER_BYTES).every((byte) => byte === 0);
}

/** Null where it is more than one batch. */
async function readTail(file: LogFile, offset: number, bytesMax: number): Promise<Uint8Array | null> {
  const length = file.sizeBytes - offset;
  return length > bytesMax ? null : readUpTo(file.handle, offset, length);
}

/**
 * Whether there are sectors in the tail with nothing but zeros. Of a sector of which only a few bytes are in
 * the tail that says little: these may be zero in a frame that is all there.
 */
function hasHole(tail: Uint8Array, offset: number): boolean {
  let zeros = 0;
  for (let at = 0; at < tail.length; ) {
    const end = Math.min(tail.length, at + SECTOR_BYTES - ((offset + at) % SECTOR_BYTES));
    zeros = tail.subarray(at, end).every((byte) => byte === 0) ? zeros + (end - at) : 0;
    if (zeros >= HOLE_BYTES_MIN) return true;
    at = end;
  }
  return false;
}

interface Search {
  readonly tail: Uint8Array;
  /** Of the tail in the file. */
  readonly offset: number;
  readonly limits: FrameLimits;
  effortBytes: number;
}

/** Whether one more frame of such a size may be looked at. */
function mayLookAt(search: Search, sizeBytes: number): boolean {
  search.effortBytes += sizeBytes + FRAME_EFFORT_BYTES;
  return search.effortBytes <= EFFORT_BYTES_MAX;
}

interface Later {
  /** Where it begins in the tail. */
  readonly at: number;
  readonly mark: number;
}

/** Frames that begin behind the start of the tail; null where looking for them takes too long. */
function laterFrames(search: Search): readonly Later[] | null {
  const { tail, offset, limits } = search;
  const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
  const found: Later[] = [];
  for (let at = 1; at + FRAME_HEADER_BYTES < tail.length; ) {
    // Most bytes of text cannot begin a frame: the length would be too large.
    const sizeBytes = FRAME_HEADER_BYTES + view.getUint32(at, true);
    const isPossible = sizeBytes <= FRAME_HEADER_BYTES + limits.bodyBytesMax && at + sizeBytes <= tail.length;
    if (!isPossible || sizeBytes === FRAME_HEADER_BYTES) {
      at += 1;
      continue;
    }
    if (!mayLookAt(search, sizeBytes)) return null;
    const result = decodeFrame(tail.subarray(at, at + sizeBytes), offset + at, limits);
    if (result.ok) found.push({ at, mark: result.frame.mark });
    at += result.ok ? sizeBytes : 1;
  }
  return found;
}

/** Whether the frame at the start of the tail says that it goes on behind the end of the file. */
function isShort(tail: Uint8Array, limits: FrameLimits): boolean {
  const result = decodeFrame(tail, 0, limits);
  return !result.ok && result.problem === "short";
}

/** Whether the frame at the start is not all there: if it is, its length was changed, and nothing torn. */
function isNothingButBegun(search: Search, later: readonly Later[]): boolean {
  const { tail, offset, limits } = search;
  for (const end of [...later.map(({ at }) => at), tail.length]) {
    if (end > FRAME_HEADER_BYTES + limits.bodyBytesMax) break;
    if (!mayLookAt(search, end)) return false;
    if (decodeFrame(withLength(tail.subarray(0, end)), offset, limits).ok) return false;
  }
  return true;
}
