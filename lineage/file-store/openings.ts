/** What opens request commitments: segments beside the log. To erase something, one is written anew. */

import { join } from "node:path";
import { eraseFields, type Opening } from "../commitment.ts";
import { LogError } from "../store.ts";
import { type Disk, PRIVATE_FILE_MODE } from "./disk.ts";
import { ioError } from "./disk-errors.ts";
import { encodeFrame, FRAME_HEADER_BYTES, type Frame } from "./frame.ts";
import { REQUESTS_FOLDER, replaceFile, STAGING_FOLDER } from "./layout.ts";
import { decodeOpeningBody, encodeOpeningBody } from "./opening-body.ts";
import {
  damaged,
  endOf,
  framesOf,
  type PlacedFrame,
  readSegment,
  type Segment,
  segmentFirsts,
} from "./segment-read.ts";

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
  const segment = await segmentWith(disk, dir, firsts, index);
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

async function segmentWith(
  disk: Disk,
  dir: string,
  firsts: readonly number[],
  index: number,
): Promise<Segment | null> {
  const first = lastUpTo(firsts, index);
  if (first === undefined) return null;
  const segment = await readSegment(disk, dir, "requests", first);
  if (segment !== null) return segment;
  // The next writer has made one of several.
  const now = lastUpTo(await segmentFirsts(disk, dir, "requests"), index);
  return now === undefined ? null : readSegment(disk, dir, "requests", now);
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
  const fresh = found === null ? null : erased(found.segment, found.frame, pointers);
  try {
    if (found !== null && fresh !== null) {
      const { segment, frame } = found;
      const bytes = rewritten(segment, frame.offset, fresh);
      await replaceFile(disk, dir, segment.file, bytes, PRIVATE_FILE_MODE);
      await expectErased(disk, dir, firsts, fresh);
    }
    // Also where nothing is left to do: whoever did it may have been killed before it was durable. And copies
    // that were made on the way to an earlier erasure have what this one erases.
    await disk.syncFolder(join(dir, REQUESTS_FOLDER));
    await disk.syncFolder(join(dir, STAGING_FOLDER));
  } catch (error) {
    throw ioError(error, found?.segment.file ?? REQUESTS_FOLDER, "write");
  }
  return fresh !== null;
}

/** Nobody is told that something is gone which the disk still has, whatever it said. */
async function expectErased(disk: Disk, dir: string, firsts: readonly number[], fresh: Frame): Promise<void> {
  const found = await findOpening(disk, dir, firsts, fresh.index);
  const isThere = found !== null && found.frame.isMarked === fresh.isMarked;
  if (isThere && Buffer.compare(found.frame.body, fresh.body) === 0) return;
  const message =
    "the disk has still what was erased, although it reported no error: check it, open the log again";
  throw new LogError("log.failed", message, {
    file: found?.segment.file ?? REQUESTS_FOLDER,
    index: fresh.index,
  });
}

/** The frame without what is to be erased; null where none of it is there. */
function erased(segment: Segment, frame: PlacedFrame, pointers: readonly string[]): Frame | null {
  if (frame.isMarked) return null;
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
