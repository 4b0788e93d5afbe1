/** Reads a segment, and tells the end that an interrupted write left from bytes that were changed. */
import { join } from "node:path";
import { LIMITS } from "../entry-schema.ts";
import { LogError } from "../store.ts";
import { type Disk, readWhole } from "./disk.ts";
import { ioError } from "./disk-errors.ts";
import { decodeFrame, decodeWithLength, FRAME_HEADER_BYTES, type Frame } from "./frame.ts";
import { OPENING_BYTES_MAX, SEGMENT_READ_BYTES_MAX } from "./limits.ts";
import { decodeSegmentHeader, type SegmentHeader, type SegmentKind } from "./segment-header.ts";

export interface Segment {
  /** In the log's folder. */
  readonly file: string;
  readonly header: SegmentHeader;
  readonly bytes: Buffer;
  /** Where the first frame lies. */
  readonly start: number;
}

export interface PlacedFrame extends Frame {
  readonly offset: number;
}

/** What lies behind the frames that are right. */
export interface SegmentEnd {
  /** Where the next frame would begin. */
  readonly offset: number;
  /** Behind the last byte that is not zero; at most `offset` where there is nothing more. */
  readonly dataEnd: number;
  /** Frames of the segment that are right but lie behind something that is not. */
  readonly later: LaterFrames | null;
  /** Whether it can be what a write leaves that was interrupted; changed bytes look otherwise. */
  readonly isTorn: boolean;
}

export interface LaterFrames {
  /** The lowest index among them. */
  readonly indexMin: number;
  /** All entries before this one were durable when one of them was written. */
  readonly durableBefore: number;
}

const NAME = /^\d{16}$/;

export function segmentName(first: number): string {
  return String(first).padStart(16, "0");
}

/** The first index of each segment in the folder, ascending. */
export async function segmentFirsts(disk: Disk, dir: string, kind: SegmentKind): Promise<number[]> {
  const names = (await disk.names(join(dir, kind))) ?? [];
  const strange = names.find((name) => !NAME.test(name) || !Number.isSafeInteger(Number(name)));
  if (strange === undefined) return names.map(Number);
  const message = "this is no segment's name: find out what put it there, and move it elsewhere";
  throw new LogError("log.malformed", message, { file: `${kind}/${strange}` });
}

/** Null where there is no such file, as when it was deleted meanwhile. */
export async function readSegment(
  disk: Disk,
  dir: string,
  kind: SegmentKind,
  first: number,
): Promise<Segment | null> {
  const file = `${kind}/${segmentName(first)}`;
  const found = await readWhole(disk, join(dir, file), SEGMENT_READ_BYTES_MAX).catch((error: unknown) => {
    throw ioError(error, file, "read");
  });
  if (found === null) return null;
  if (found.length > SEGMENT_READ_BYTES_MAX) throw damaged(file, 0, "this file is larger than any segment");
  const bytes = Buffer.from(found.buffer, found.byteOffset, found.length);
  const decoded = decodeSegmentHeader(bytes);
  if (decoded === null) throw damaged(file, 0, "the first line does not name a segment, or was changed");
  const { header, sizeBytes: start } = decoded;
  if (header.kind !== kind || header.first !== first) {
    throw damaged(file, 0, `this is the segment ${header.kind}/${segmentName(header.first)}, renamed`);
  }
  return { file, header, bytes, start };
}

export function damaged(file: string, offset: number, message: string, index?: number): LogError {
  const place = index === undefined ? { file, offset } : { file, offset, index };
  return new LogError("log.malformed", `${message}: restore the file from a copy`, place);
}

function bodyBytesMax(kind: SegmentKind): number {
  return kind === "wal" ? LIMITS.entryBytes : OPENING_BYTES_MAX;
}

/** The frames from a place on, up to the first where there is none that is right. */
export function* framesOf(
  { bytes, start, header }: Segment,
  from: number = start,
): Generator<PlacedFrame, number> {
  const max = bodyBytesMax(header.kind);
  let offset = from;
  for (;;) {
    const frame = decodeFrame(bytes, offset, header.generation, max);
    if (frame === null) return offset;
    yield { ...frame, offset };
    offset += FRAME_HEADER_BYTES + frame.body.length;
  }
}

/** Looks at what begins at `offset`, where `framesOf` ended. */
export function endOf(segment: Segment, offset: number): SegmentEnd {
  const dataEnd = dataEndOf(segment.bytes, offset);
  if (dataEnd <= offset) return { offset, dataEnd, later: null, isTorn: false };
  const found = laterFrames(segment, offset);
  // Too much that looks like frames, and is none: no crash leaves that.
  if (found === "too much") return { offset, dataEnd, later: null, isTorn: false };
  const until = found?.at ?? dataEnd;
  const isTorn = hasHole(segment.bytes, offset, until) || (found === null && isShort(segment, offset, until));
  return { offset, dataEnd, later: found, isTorn };
}

function dataEndOf(bytes: Buffer, from: number): number {
  let end = bytes.length;
  // Most of it is the zeros that were written ahead.
  for (; end - ZEROS.length >= from; end -= ZEROS.length) {
    if (bytes.compare(ZEROS, 0, ZEROS.length, end - ZEROS.length, end) !== 0) break;
  }
  while (end > from && bytes[end - 1] === 0) end -= 1;
  return end;
}

const ZEROS = Buffer.alloc(4096);

/** How much is looked at more closely, for each byte of the segment. */
const EFFORT_MAX = 8;

function laterFrames(
  { bytes, header }: Segment,
  offset: number,
): (LaterFrames & { readonly at: number }) | null | "too much" {
  const { generation, kind } = header;
  const max = bodyBytesMax(kind);
  let effort = EFFORT_MAX * bytes.length;
  let found: { at: number; indexMin: number; durableBefore: number } | null = null;
  for (let from = offset + 1 + 16; ; ) {
    const mark = bytes.indexOf(generation, from);
    if (mark === -1) return found;
    const at = mark - 16;
    effort -= FRAME_HEADER_BYTES + Math.min(bytes.readUInt32LE(at), max);
    if (effort < 0) return "too much";
    const frame = decodeFrame(bytes, at, generation, max);
    from = mark + 1;
    if (frame === null) continue;
    const { index, place } = frame;
    found ??= { at, indexMin: index, durableBefore: 0 };
    found.indexMin = Math.min(found.indexMin, index);
    found.durableBefore = Math.max(found.durableBefore, index - place);
    from = at + FRAME_HEADER_BYTES + frame.body.length + 16;
  }
}

/** Disks write whole sectors. */
const SECTOR_BYTES = 512;
/** In a frame that is all there fewer zeros follow each other. */
const HOLE_BYTES_MIN = 16;

/** Whether a sector, as far as it lies between the two, has nothing but zeros. */
function hasHole(bytes: Buffer, from: number, until: number): boolean {
  let zeros = 0;
  for (let at = from; at < until; ) {
    const end = Math.min(until, at + SECTOR_BYTES - (at % SECTOR_BYTES));
    zeros = bytes.subarray(at, end).every((byte) => byte === 0) ? zeros + (end - at) : 0;
    if (zeros >= HOLE_BYTES_MIN) return true;
    at = end;
  }
  return false;
}

/** Whether what begins there is a frame that ends too early, not one that is whole with another length. */
function isShort({ bytes, header }: Segment, offset: number, until: number): boolean {
  if (until - offset <= FRAME_HEADER_BYTES) return true;
  const length = bytes.readUInt32LE(offset);
  if (length > bodyBytesMax(header.kind) || offset + FRAME_HEADER_BYTES + length <= until) return false;
  return decodeWithLength(bytes, offset, header.generation, until - offset - FRAME_HEADER_BYTES) === null;
}
