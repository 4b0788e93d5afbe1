/**
 * Appends to segments. A segment is a file of zeros at first, so that making what is written into it durable
 * changes nothing but its bytes; the next one is made while the last is being filled.
 */
import { join } from "node:path";
import { LogError } from "../store.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { PRIVATE_FILE_MODE } from "./disk.ts";
import { errnoOf, ioError } from "./disk-errors.ts";
import { encodeFrame, FRAME_HEADER_BYTES, type Frame } from "./frame.ts";
import { stagingPath } from "./layout.ts";
import { BATCH_BYTES_MAX, SEGMENT_BYTES_MIN } from "./limits.ts";
import { encodeSegmentHeader, HEADER_BYTES_MAX, newGeneration, type SegmentKind } from "./segment-header.ts";
import { segmentName } from "./segment-read.ts";

export interface SegmentWriter {
  /** First indices of the segments that there are, ascending; the last may be the one being filled. */
  readonly firsts: number[];
  /** Resolves once the frames are durable. After a rejection nothing may follow. */
  readonly append: (frames: readonly Frame[]) => Promise<void>;
  /** Takes the last batch back, which nobody was promised, as far as a failing disk lets us. */
  readonly abandon: () => Promise<void>;
  /**
   * Rejects where what was written last is not there. A disk that says that it wrote, and did not, leaves
   * zeros, and at the end of a segment nobody can tell them from what was never written.
   */
  readonly confirm: () => Promise<void>;
  /** What comes next begins a new segment; the last one stays as it is, once it is confirmed. */
  readonly finish: () => Promise<void>;
  /** Whether this segment is the one that is being filled. */
  readonly isActive: (first: number) => boolean;
  readonly close: () => Promise<void>;
}

export interface SegmentOptions {
  readonly disk: Disk;
  readonly dir: string;
  readonly kind: SegmentKind;
  readonly origin: string;
  readonly firsts: number[];
  readonly segmentBytesMax: number;
  /** Called with the time that each sync took. */
  readonly onSync: (seconds: number) => void;
}

interface Active {
  readonly file: DiskFile;
  readonly first: number;
  readonly generation: Uint8Array;
  readonly sizeBytes: number;
  /** Where the next frame goes. */
  end: number;
  /** Where the last batch began. */
  batch: number;
  /** The header of the last frame that was written, and where. */
  last: { readonly at: number; readonly header: Uint8Array } | null;
}

/** A file of zeros that has no place yet. */
interface Spare {
  readonly file: DiskFile;
  readonly path: string;
  readonly sizeBytes: number;
}

interface State {
  readonly options: SegmentOptions;
  active: Active | null;
  spare: Promise<Spare> | null;
  /** Of the next segment. */
  sizeBytes: number;
  /** Where frames are put together; each batch is on the disk before the next one begins. */
  batch: Buffer;
}

export function makeSegmentWriter(options: SegmentOptions): SegmentWriter {
  const state: State = {
    options,
    active: null,
    spare: null,
    sizeBytes: SEGMENT_BYTES_MIN,
    batch: Buffer.alloc(0),
  };
  const { firsts } = options;
  return {
    firsts,
    append: (frames) =>
      append(state, frames).catch((error: unknown) => {
        throw ioError(error, options.kind, "write");
      }),
    isActive: (first) => state.active?.first === first,
    confirm: () => confirm(state),
    finish: () => finish(state),
    async abandon() {
      const { active } = state;
      if (active === null) return;
      active.last = null;
      // The first failure is what is reported, and opening the log again finds out what is there.
      await active.file.truncate(active.batch).catch(() => {});
    },
    async close() {
      await finish(state);
      const spare = await state.spare?.catch(() => null);
      state.spare = null;
      if (spare) await discard(options.disk, spare);
    },
  };
}

async function append(state: State, frames: readonly Frame[]): Promise<void> {
  const first = frames[0];
  if (first === undefined) return;
  let sizeBytes = 0;
  for (const { body } of frames) sizeBytes += FRAME_HEADER_BYTES + body.length;
  const active = await room(state, first.index, sizeBytes);
  active.batch = active.end;
  if (sizeBytes > state.batch.length) state.batch = Buffer.allocUnsafeSlow(batchBytes(sizeBytes));
  const bytes = state.batch;
  let at = 0;
  for (const frame of frames) at = encodeFrame(bytes, at, frame, active.generation);
  const began = performance.now();
  await active.file.write(bytes.subarray(0, sizeBytes), active.end);
  state.options.onSync((performance.now() - began) / 1000);
  const lastAt = sizeBytes - FRAME_HEADER_BYTES - frames.at(-1)!.body.length;
  const header = bytes.subarray(lastAt, lastAt + FRAME_HEADER_BYTES);
  active.last = { at: active.end + lastAt, header: Uint8Array.from(header) };
  active.end += sizeBytes;
  if (active.end > active.sizeBytes / 2) prepare(state);
}

async function confirm({ active, options: { kind } }: State): Promise<void> {
  if (!active?.last) return;
  const { at, header } = active.last;
  const found = await active.file.read(at, header.length);
  if (Buffer.compare(found, header) === 0) return;
  // Told once: whoever closes the log after that has nothing to do about it.
  active.last = null;
  const file = `${kind}/${segmentName(active.first)}`;
  const message = "the disk said that it wrote the last record, and it is not there: replace the disk";
  throw new LogError("log.failed", message, { file });
}

/** So much that most batches find room; only a single large record needs more than the bound of batches. */
function batchBytes(neededBytes: number): number {
  return Math.max(neededBytes, Math.min(2 * neededBytes, BATCH_BYTES_MAX));
}

/** The segment that has room for so many bytes, which is a new one where the last has not. */
async function room(state: State, first: number, sizeBytes: number): Promise<Active> {
  const { active } = state;
  if (active !== null && active.end + sizeBytes <= active.sizeBytes) return active;
  await finish(state);
  const neededBytes = HEADER_BYTES_MAX + sizeBytes;
  if (state.sizeBytes < neededBytes) state.sizeBytes = neededBytes;
  const made = state.spare ?? makeSpare(state);
  state.spare = null;
  // A disk without room for a large segment may have it for a small one.
  let spare = await made.catch((error: unknown) => {
    if (errnoOf(error) !== "ENOSPC") throw error;
    state.sizeBytes = neededBytes;
    return makeSpare(state);
  });
  if (spare.sizeBytes < neededBytes) {
    await discard(state.options.disk, spare);
    state.sizeBytes = Math.max(state.sizeBytes, neededBytes);
    spare = await makeSpare(state);
  }
  state.active = await begin(state, spare, first);
  return state.active;
}

async function discard(disk: Disk, { file, path }: Spare): Promise<void> {
  await file.close();
  await disk.remove(path);
}

async function finish(state: State): Promise<void> {
  const { active } = state;
  if (active === null) return;
  const confirmed = confirm(state);
  state.active = null;
  try {
    await confirmed;
    // What was written ahead is of no use any more.
    await active.file.truncate(active.end);
  } finally {
    await active.file.close();
  }
}

/** Whoever needs the segment is told where it could not be made. */
function prepare(state: State): void {
  if (state.spare !== null) return;
  state.spare = makeSpare(state);
  state.spare.catch(() => {});
}

const ZEROS = new Uint8Array(1024 * 1024);

async function makeSpare(state: State): Promise<Spare> {
  const { disk, dir, kind, segmentBytesMax } = state.options;
  const { sizeBytes } = state;
  state.sizeBytes = Math.min(sizeBytes * 4, segmentBytesMax);
  const path = stagingPath(dir, kind);
  const file = await disk.create(path, PRIVATE_FILE_MODE);
  try {
    for (let at = 0; at < sizeBytes; at += ZEROS.length) {
      await file.write(ZEROS.subarray(0, Math.min(ZEROS.length, sizeBytes - at)), at);
    }
    await file.sync();
    return { file, path, sizeBytes };
  } catch (error) {
    await file.close();
    // So that a full disk has the room again.
    await disk.remove(path);
    throw error;
  }
}

async function begin(state: State, spare: Spare, first: number): Promise<Active> {
  try {
    return await nameSpare(state, spare, first);
  } finally {
    await spare.file.close();
  }
}

/** The first line is durable before the file has its name. */
async function nameSpare(state: State, { file, path, sizeBytes }: Spare, first: number): Promise<Active> {
  const { disk, dir, kind, origin, firsts } = state.options;
  const generation = newGeneration();
  const header = encodeSegmentHeader({ kind, origin, generation, first });
  await file.write(header, 0);
  await file.datasync();
  const target = join(dir, kind, segmentName(first));
  if (!(await disk.link(path, target))) throw new Error(`${target} is there already`);
  await disk.remove(path);
  await disk.syncFolder(join(dir, kind));
  const named = await openBeginning(disk, target, header);
  firsts.push(first);
  return { file: named, first, generation, sizeBytes, end: header.length, batch: header.length, last: null };
}

/**
 * The file of this name, which begins with these bytes as no other file does: a file without a name is lost
 * once it is closed, with all that was said to be durable.
 */
async function openBeginning(disk: Disk, path: string, bytes: Uint8Array): Promise<DiskFile> {
  const file = await disk.open(path, "durable");
  if (file !== null) {
    if (Buffer.compare(await file.read(0, bytes.length), bytes) === 0) return file;
    await file.close();
  }
  throw new Error(`${path} was made and is not there`);
}
