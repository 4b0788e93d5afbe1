/**
 * What a writer finds when it opens a log: the published tree from its right edge, then the entries that no
 * checkpoint covers yet, from the segments of the log. Nothing is changed here.
 */

import { join } from "node:path";
import type { Entry } from "../entry.ts";
import { decodeEntry } from "../entry-codec.ts";
import { dueAfter, sequenceProblem } from "../sequence.ts";
import { LogError } from "../store.ts";
import type { Disk } from "./disk.ts";
import { FRAME_HEADER_BYTES } from "./frame.ts";
import { CHECKPOINT_FILE, PUBLIC_FOLDER } from "./layout.ts";
import { lastUpTo } from "./openings.ts";
import {
  damaged,
  endOf,
  framesOf,
  type PlacedFrame,
  readSegment,
  type Segment,
  segmentFirsts,
  segmentName,
} from "./segment-read.ts";

/** Where a segment is to be cut off. */
export interface Cut {
  readonly kind: "wal" | "requests";
  readonly first: number;
  readonly sizeBytes: number;
  /** Whether no record is left, so that it goes away. */
  readonly isEmpty: boolean;
}

export interface Found {
  /** Entries that are durable. */
  readonly size: number;
  readonly walFirsts: readonly number[];
  readonly requestsFirsts: readonly number[];
  /** For each segment of the log, where its first frame lies that no checkpoint covers. */
  readonly starts: ReadonlyMap<number, number>;
  readonly cuts: readonly Cut[];
  /** Of entries that nobody was promised. */
  readonly tornBytes: number;
}

export interface Scan {
  readonly disk: Disk;
  readonly dir: string;
  readonly origin: string;
  /** Entries that a checkpoint covers. */
  readonly covered: number;
}

/** The records of the last segment that has any, as far as they are right. */
interface Last {
  readonly segment: Segment;
  /** Where what is right ends. */
  readonly offset: number;
  /** Behind the last byte that is not zero. */
  readonly dataEnd: number;
  /** Of the first entry of the last batch. */
  readonly batchFirst: number;
  /** The index that comes next. */
  readonly next: number;
}

/** What a walk over the segments of the log gathers, of entries that no checkpoint covers. */
interface Uncovered {
  readonly starts: Map<number, number>;
  /** Entries that came with an opening. */
  readonly marked: { readonly first: number; readonly index: number; readonly offset: number }[];
}

/** Looks at all segments that may have entries from `covered` on, and says what is durable. */
export async function scanSegments(scan: Scan): Promise<Found> {
  const { disk, dir, covered } = scan;
  const walFirsts = await segmentFirsts(disk, dir, "wal");
  const requestsFirsts = await segmentFirsts(disk, dir, "requests");
  if (covered === 0 && walFirsts[0] !== 0) await expectNoTiles(scan);
  const uncovered: Uncovered = { starts: new Map(), marked: [] };
  const last = await scanWal(scan, walFirsts, uncovered);
  const batchFirst = last?.batchFirst ?? covered;
  const openings = await scanRequests(scan, requestsFirsts, batchFirst);
  const cut = last === null ? null : missingOpening(uncovered, last, openings);
  const size = Math.max(cut?.index ?? last?.next ?? covered, covered);
  const cuts: Cut[] = [];
  let tornBytes = 0;
  if (last !== null) {
    const from = cut?.offset ?? last.offset;
    tornBytes = Math.max(0, last.dataEnd - from);
    const { header, start } = last.segment;
    cuts.push({ kind: "wal", first: header.first, sizeBytes: from, isEmpty: from === start });
  }
  const end = await requestsCuts(scan, requestsFirsts, size);
  cuts.push(...end);
  return { size, walFirsts, requestsFirsts, starts: uncovered.starts, cuts, tornBytes };
}

/** Segments go away only once a checkpoint covers them. */
async function expectNoTiles({ disk, dir }: Scan): Promise<void> {
  if ((await disk.names(join(dir, PUBLIC_FOLDER, "tile"))) === null) return;
  const message = "there are tiles, but no checkpoint and no entries before them: restore it from a copy";
  throw new LogError("log.missing", message, { file: CHECKPOINT_FILE });
}

async function segmentAt(scan: Scan, kind: "wal" | "requests", first: number): Promise<Segment> {
  const { disk, dir, origin } = scan;
  const segment = await readSegment(disk, dir, kind, first);
  const file = `${kind}/${segmentName(first)}`;
  if (segment === null) throw new LogError("log.failed", "was deleted while it was read", { file });
  if (segment.header.origin === origin) return segment;
  const message = `this is of the log ${segment.header.origin}, not of ${origin}: restore it from a copy`;
  throw new LogError("log.other_origin", message, { file, offset: 0 });
}

/** Every segment must go on where the one before it ended; only the last may have a torn end. */
async function scanWal(scan: Scan, firsts: readonly number[], uncovered: Uncovered): Promise<Last | null> {
  const { covered } = scan;
  const from = firsts.indexOf(lastUpTo(firsts, covered) ?? -1);
  const relevant = firsts.slice(Math.max(from, 0));
  let next: number | null = null;
  let last: Last | null = null;
  for (const [at, first] of relevant.entries()) {
    if ((next ?? covered) < first) throw lost(first, next ?? covered);
    const segment = await segmentAt(scan, "wal", first);
    const walked = walkWal(segment, covered, uncovered);
    expectContinues(segment, first, next);
    const end = endOf(segment, walked.offset);
    const isClean = end.dataEnd <= end.offset;
    const isLast = at === relevant.length - 1;
    const isTorn =
      isLast && walked.next >= covered && end.isTorn && (end.later?.durableBefore ?? 0) <= walked.next;
    if (!isClean && !isTorn) throw changed(segment, walked.offset, walked.next);
    last = { segment, ...walked, dataEnd: Math.max(end.dataEnd, walked.offset) };
    next = walked.next;
  }
  return last;
}

function expectContinues(segment: Segment, first: number, next: number | null): void {
  if (next === null || next === first) return;
  throw damaged(segment.file, 0, `the segment before this one ends with entry ${next - 1}`);
}

function lost(first: number, next: number): LogError {
  const file = `wal/${segmentName(first)}`;
  const message = `entries ${next} to ${first - 1} are in no file: restore the segments before this one`;
  return new LogError("log.truncated", message, { file, offset: 0, index: next });
}

function walkWal(
  segment: Segment,
  covered: number,
  { starts, marked }: Uncovered,
): Pick<Last, "offset" | "batchFirst" | "next"> {
  const { first } = segment.header;
  let next = first;
  let batchFirst = next;
  const frames = framesOf(segment);
  for (let read = frames.next(); ; read = frames.next()) {
    if (read.done) return { offset: read.value, batchFirst, next };
    const { index, place, offset, isMarked } = read.value;
    if (index !== next) throw damaged(segment.file, offset, `here is entry ${index}`, next);
    if (index >= covered && !starts.has(first)) starts.set(first, offset);
    if (index >= covered && isMarked) marked.push({ first, index, offset });
    batchFirst = index - place;
    next += 1;
  }
}

function changed(segment: Segment, offset: number, index: number): LogError {
  const message = "the record is not right, and no interrupted write leaves such bytes: they were changed";
  return damaged(segment.file, offset, message, index);
}

/** Entries from `covered` on that have an opening, or had one. */
async function scanRequests(
  scan: Scan,
  firsts: readonly number[],
  batchFirst: number,
): Promise<ReadonlySet<number>> {
  const indices = new Set<number>();
  const from = Math.max(firsts.indexOf(lastUpTo(firsts, scan.covered) ?? -1), 0);
  for (const [at, first] of firsts.entries()) {
    if (at < from) continue;
    const segment = await segmentAt(scan, "requests", first);
    const frames = framesOf(segment);
    for (let read = frames.next(); ; read = frames.next()) {
      if (!read.done) {
        if (read.value.index >= scan.covered) indices.add(read.value.index);
        continue;
      }
      const end = endOf(segment, read.value);
      const isTorn = end.isTorn && (end.later === null || end.later.indexMin >= batchFirst);
      if (end.dataEnd > end.offset && !(isTorn && at === firsts.length - 1)) {
        throw changed(segment, end.offset, first);
      }
      break;
    }
  }
  return indices;
}

/** The first entry whose opening did not become durable with it; nobody was promised that entry. */
function missingOpening(
  { marked }: Uncovered,
  { segment, batchFirst }: Last,
  openings: ReadonlySet<number>,
): { readonly index: number; readonly offset: number } | null {
  const missing = marked.find(({ index }) => !openings.has(index));
  if (missing === undefined) return null;
  const { first, index, offset } = missing;
  if (first === segment.header.first && index >= batchFirst) return { index, offset };
  const message = "what opens its request is gone: restore the folder `requests` from a copy";
  throw new LogError("log.missing", message, { file: "requests", index });
}

/** What comes after the last whole opening of an entry that is there. */
async function requestsCuts(scan: Scan, firsts: readonly number[], size: number): Promise<readonly Cut[]> {
  const cuts: Cut[] = [];
  for (const first of firsts.toReversed()) {
    const segment = await segmentAt(scan, "requests", first);
    let end = segment.start;
    for (const { index, offset, body } of framesOf(segment)) {
      if (index < size) end = offset + FRAME_HEADER_BYTES + body.length;
    }
    const isEmpty = end === segment.start;
    cuts.push({ kind: "requests", first, sizeBytes: end, isEmpty });
    if (!isEmpty) break;
  }
  return cuts;
}

/** The frames of entries that no checkpoint covers, in order. */
export async function* uncoveredFrames(
  scan: Scan,
  { walFirsts, starts, size }: Found,
): AsyncGenerator<{ readonly file: string; readonly frame: PlacedFrame }> {
  for (const first of walFirsts) {
    const start = starts.get(first);
    if (start === undefined) continue;
    const segment = await segmentAt(scan, "wal", first);
    for (const frame of framesOf(segment, start)) {
      if (frame.index >= size) return;
      yield { file: segment.file, frame };
    }
  }
}

/** The entry of a frame, which continues its node's count; then `due` has the next one. */
export function expectEntry(file: string, frame: PlacedFrame, due: Map<string, number>): Entry {
  const decoded = decodeEntry(frame.body);
  const problem = decoded.ok ? sequenceProblem(due, decoded.entry) : decoded.message;
  if (decoded.ok && problem === null) {
    due.set(decoded.entry.node, dueAfter(decoded.entry));
    return decoded.entry;
  }
  const message = `${problem}: restore the file from a copy, or ask who wrote the log`;
  throw new LogError("log.entry_invalid", message, { file, offset: frame.offset, index: frame.index });
}

/** The tiles are not those that were signed. */
export function otherTree(size: number): LogError {
  const message = `the tiles of the ${size} entries do not have the root that was signed: restore \`public\``;
  return new LogError("log.other_root", message, { file: CHECKPOINT_FILE });
}
