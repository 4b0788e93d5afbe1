/**
 * Puts small segments of openings together: each session begins one, and whoever reads them opens them all.
 * A file says which ones become one, until the others are gone: then what was erased is in none of them.
 */
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { utf8 } from "@polity/runtime/hash.ts";
import { readCount } from "../count.ts";
import { LogError } from "../store.ts";
import { type Disk, PRIVATE_FILE_MODE, readWhole } from "./disk.ts";
import { ioError } from "./disk-errors.ts";
import { encodeFrame, FRAME_HEADER_BYTES } from "./frame.ts";
import { MERGING_FILE, REQUESTS_FOLDER, replaceFile } from "./layout.ts";
import { REQUESTS_SEGMENT_BYTES_MAX } from "./limits.ts";
import { expectEnd } from "./openings.ts";
import { encodeSegmentHeader, newGeneration } from "./segment-header.ts";
import { framesOf, readSegment, type Segment, segmentName } from "./segment-read.ts";

/** Fewer are not worth it; so many are made one at a time. */
const COUNT_MIN = 16;
const COUNT_MAX = 64;

/** Of a log whose writer holds the lock. Rejects with a LogError; then nothing is lost. */
export async function finishMerging(disk: Disk, dir: string): Promise<void> {
  const bytes = await readWhole(disk, join(dir, MERGING_FILE), MARK_BYTES_MAX);
  if (bytes === null) return;
  const firsts = decodeMark(bytes);
  if (firsts === null) {
    const message = "this is no list of segments: delete the file, every opening is in its segment";
    throw new LogError("log.malformed", message, { file: MERGING_FILE });
  }
  const [first, second] = firsts as [number, number];
  const segment = await readSegment(disk, dir, "requests", first);
  const isMerged = segment !== null && [...framesOf(segment)].some(({ index }) => index >= second);
  await changing(MERGING_FILE, async () => {
    // The new name may be in memory only, and the others go.
    await disk.syncFolder(join(dir, REQUESTS_FOLDER));
    if (isMerged) await removeRest(disk, dir, firsts);
    await removeMark(disk, dir);
  });
}

/**
 * The last segments become one, where many of them fit into one; then those before them. None of them is
 * being filled. Changes `firsts`. A full disk leaves all as it is.
 */
export async function mergeOpenings(
  disk: Disk,
  dir: string,
  origin: string,
  firsts: number[],
): Promise<void> {
  for (let end = firsts.length; end >= COUNT_MIN; ) {
    const segments = await lastFitting(disk, dir, firsts.slice(0, end));
    if (segments.length < COUNT_MIN) return;
    const from = end - segments.length;
    try {
      await mergeOne(disk, dir, origin, segments);
    } catch (error) {
      if (error instanceof LogError && error.code === "log.full") return;
      throw error;
    }
    firsts.splice(from + 1, segments.length - 1);
    end = from;
  }
}

/** As many of the last ones, in order, as are together no larger than a segment gets. */
async function lastFitting(disk: Disk, dir: string, firsts: readonly number[]): Promise<readonly Segment[]> {
  const found: Segment[] = [];
  let sizeBytes = 0;
  for (const first of firsts.slice(-COUNT_MAX).reverse()) {
    const segment = await readSegment(disk, dir, "requests", first);
    sizeBytes += segment?.bytes.length ?? 0;
    if (segment === null || sizeBytes > REQUESTS_SEGMENT_BYTES_MAX) break;
    found.unshift(segment);
  }
  return found;
}

async function mergeOne(
  disk: Disk,
  dir: string,
  origin: string,
  segments: readonly Segment[],
): Promise<void> {
  const firsts = segments.map(({ header }) => header.first);
  const bytes = merged(segments, origin);
  const file = segments[0]!.file;
  await changing(file, async () => {
    await replaceFile(disk, dir, MERGING_FILE, encodeMark(firsts), PRIVATE_FILE_MODE);
    await replaceFile(disk, dir, file, bytes, PRIVATE_FILE_MODE);
    await removeRest(disk, dir, firsts);
    await removeMark(disk, dir);
  });
}

/** All frames, those of what was erased too, in a generation of their own. */
function merged(segments: readonly Segment[], origin: string): Uint8Array {
  const generation = newGeneration();
  const { first } = segments[0]!.header;
  const header = encodeSegmentHeader({ kind: "requests", origin, generation, first });
  const frames = segments.flatMap((segment) => {
    const own = [...framesOf(segment)];
    const last = own.at(-1);
    expectEnd(
      segment,
      last === undefined ? segment.start : last.offset + FRAME_HEADER_BYTES + last.body.length,
    );
    return own;
  });
  const sizeBytes = frames.reduce((sum, { body }) => sum + FRAME_HEADER_BYTES + body.length, header.length);
  const target = Buffer.alloc(sizeBytes);
  target.set(header);
  let at = header.length;
  for (const frame of frames) at = encodeFrame(target, at, frame, generation);
  return target;
}

/** From the lowest up: what is still there has what comes after it, too. */
async function removeRest(disk: Disk, dir: string, firsts: readonly number[]): Promise<void> {
  for (const first of firsts.slice(1)) await disk.remove(join(dir, REQUESTS_FOLDER, segmentName(first)));
  await disk.syncFolder(join(dir, REQUESTS_FOLDER));
}

async function removeMark(disk: Disk, dir: string): Promise<void> {
  await disk.remove(join(dir, MERGING_FILE));
  await disk.syncFolder(dir);
}

async function changing(file: string, change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    throw ioError(error, file, "write");
  }
}

// ---- which ones become one

const MARK_BYTES_MAX = 4_096;

function encodeMark(firsts: readonly number[]): Uint8Array {
  const text = `polity-log/2 merging ${firsts.join(" ")}`;
  return utf8(`${text} ${crc32(text)}\n`);
}

/** Two at least, ascending; null for anything that `encodeMark` does not write. */
function decodeMark(bytes: Uint8Array): readonly number[] | null {
  const match = /^polity-log\/2 merging ([0-9 ]+) \d+\n$/.exec(new TextDecoder().decode(bytes));
  const firsts = (match?.[1] ?? "").split(" ").map(readCount);
  if (firsts.length < 2) return null;
  const isAscending = firsts.every((first, at) => first !== null && (at === 0 || first > firsts[at - 1]!));
  if (!isAscending) return null;
  const written = encodeMark(firsts as number[]);
  return Buffer.compare(written, bytes) === 0 ? (firsts as number[]) : null;
}
