/** What opens request commitments: segments beside the log. To erase something, one is written anew. */
import { eraseFields, type Opening } from "../commitment.ts";
import { type Disk, PRIVATE_FILE_MODE } from "./disk.ts";
import { ioError } from "./disk-errors.ts";
import { encodeFrame, FRAME_HEADER_BYTES, type Frame } from "./frame.ts";
import { replaceFile } from "./layout.ts";
import { decodeOpeningBody, encodeOpeningBody } from "./opening-body.ts";
import { damaged, endOf, framesOf, type PlacedFrame, readSegment, type Segment } from "./segment-read.ts";

/** Null where there is none, or it was erased. `firsts`: of the segments, ascending. */
export async function readOpening(
  disk: Disk,
  dir: string,
  firsts: readonly number[],
  index: number,
): Promise<Opening | null> {
  const found = await findOpening(disk, dir, firsts, index);
  return found === null || found.frame.isMarked ? null : openingOf(found.segment, found.frame);
}

interface Found {
  readonly segment: Segment;
  readonly frame: PlacedFrame;
}

async function findOpening(
  disk: Disk,
  dir: string,
  firsts: readonly number[],
  index: number,
): Promise<Found | null> {
  const first = lastUpTo(firsts, index);
  const segment = first === undefined ? null : await readSegment(disk, dir, "requests", first);
  if (segment === null) return null;
  const frames = framesOf(segment);
  for (let next = frames.next(); ; next = frames.next()) {
    if (next.done) {
      expectEnd(segment, next.value);
      return null;
    }
    if (next.value.index === index) return { segment, frame: next.value };
    if (next.value.index > index) return null;
  }
}

/** The largest number that is not above `index`. */
export function lastUpTo(firsts: readonly number[], index: number): number | undefined {
  let [low, high] = [0, firsts.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (firsts[middle]! <= index) low = middle + 1;
    else high = middle;
  }
  return firsts[low - 1];
}

/** What is being written looks like zeros, or like the beginning of a frame. */
export function expectEnd(segment: Segment, offset: number): void {
  const { dataEnd, later, isTorn } = endOf(segment, offset);
  if (dataEnd <= offset || (isTorn && later === null)) return;
  throw damaged(segment.file, offset, "the checksum of the record is wrong");
}

export function openingOf({ file }: Segment, { body, offset, index }: PlacedFrame): Opening {
  const decoded = decodeOpeningBody(body);
  if (decoded.ok) return decoded.opening;
  throw damaged(file, offset, decoded.message, index);
}

/**
 * Erases fields of an opening, or all of it where no pointers are given; false where there is nothing to
 * erase. The segment must not be one that is being filled. Either it is as it was, or without them.
 */
export async function eraseOpening(
  disk: Disk,
  dir: string,
  firsts: readonly number[],
  index: number,
  pointers: readonly string[],
): Promise<boolean> {
  const found = await findOpening(disk, dir, firsts, index);
  if (found === null || found.frame.isMarked) return false;
  const { segment, frame } = found;
  const fresh = erased(segment, frame, pointers);
  if (fresh === null) return false;
  const bytes = rewritten(segment, frame.offset, fresh);
  try {
    await replaceFile(disk, dir, segment.file, bytes, PRIVATE_FILE_MODE);
  } catch (error) {
    throw ioError(error, segment.file, "write");
  }
  return true;
}

/** The frame without what is to be erased; null where none of it is there. */
function erased(segment: Segment, frame: PlacedFrame, pointers: readonly string[]): Frame | null {
  if (pointers.length === 0) return { ...frame, isMarked: true, body: new Uint8Array() };
  const opening = openingOf(segment, frame);
  const rest = eraseFields(opening, pointers);
  if (rest.sensitive.length === opening.sensitive.length) return null;
  return { ...frame, body: encodeOpeningBody(rest) };
}

function rewritten(segment: Segment, offset: number, fresh: Frame): Buffer {
  const { bytes, start, header } = segment;
  const target = Buffer.alloc(bytes.length + FRAME_HEADER_BYTES);
  bytes.copy(target, 0, 0, start);
  let at = start;
  const frames = framesOf(segment);
  for (let next = frames.next(); ; next = frames.next()) {
    if (next.done) {
      expectEnd(segment, next.value);
      return target.subarray(0, at);
    }
    at = encodeFrame(target, at, next.value.offset === offset ? fresh : next.value, header.generation);
  }
}
