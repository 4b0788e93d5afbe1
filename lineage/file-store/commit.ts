/** Makes a batch durable: openings first, so that no entry is ever there without the one it came with. */
import { digestName } from "@polity/runtime/hash.ts";
import { LogError } from "../store.ts";
import { leafHash } from "../tree.ts";
import { ioError, writeAll } from "./disk.ts";
import { type LogFile, missing, OPENINGS_FILE } from "./folder.ts";
import { encodeFrame, FRAME_HEADER_BYTES, type Frame } from "./frame.ts";
import type { LogState } from "./log-state.ts";
import type { Waiting } from "./queue.ts";

/** Rejects with a LogError where a write failed; then nothing of the batch counts, and nothing may follow. */
export async function commitBatch(state: LogState, batch: readonly Waiting[]): Promise<void> {
  const first = state.tree.size;
  const openings: Frame[] = [];
  for (const [at, { opening }] of batch.entries()) {
    if (opening !== null) openings.push({ mark: first + at, body: opening });
  }
  const openingsAt = await appendFrames(openingsOf(state), state.openingsEnd, openings);
  const entries = batch.map(({ body }): Frame => ({ mark: state.entriesEnd, body }));
  // The processor hashes while the disk writes.
  const [entriesAt, leaves] = await Promise.all([
    appendFrames(state.files.entries, state.entriesEnd, entries),
    hashAll(state, batch),
  ]);
  state.openingsEnd = openingsAt.end;
  state.entriesEnd = entriesAt.end;
  let opening = 0;
  for (const [at, leaf] of leaves.entries()) {
    state.tree.append(leaf);
    state.entryOffsets.push(entriesAt.offsets[at]!);
    const hasOpening = openings[opening]?.mark === first + at;
    state.openingOffsets.push(hasOpening ? openingsAt.offsets[opening]! : -1);
    if (hasOpening) opening += 1;
  }
  for (const [at, { resolve }] of batch.entries()) {
    resolve({ index: first + at, leafHash: digestName(leaves[at]!) });
  }
}

async function hashAll({ crypto }: LogState, batch: readonly Waiting[]): Promise<readonly Uint8Array[]> {
  return batch.map(({ body }) => leafHash(body, crypto.sha256));
}

function openingsOf({ dir, files }: LogState): LogFile {
  if (files.openings === null) throw missing(dir, OPENINGS_FILE);
  return files.openings;
}

interface Appended {
  /** Of each frame. */
  readonly offsets: readonly number[];
  readonly end: number;
}

async function appendFrames(file: LogFile, end: number, frames: readonly Frame[]): Promise<Appended> {
  if (frames.length === 0) return { offsets: [], end };
  const offsets: number[] = [];
  let next = end;
  for (const { body } of frames) {
    offsets.push(next);
    next += FRAME_HEADER_BYTES + body.length;
  }
  const bytes = new Uint8Array(next - end);
  for (const [at, frame] of frames.entries()) {
    encodeFrame(bytes, offsets[at]! - end, offsets[at]!, frame, file.header.generation);
  }
  await expectUntouched(file, end);
  try {
    await writeAll(file.handle, bytes, end);
    await file.handle.datasync();
  } catch (error) {
    await takeBack(file, end);
    throw ioError(error, file.name, "write");
  }
  return { offsets, end: next };
}

async function expectUntouched(file: LogFile, end: number): Promise<void> {
  const { size } = await file.handle.stat();
  if (size === end) return;
  const message = `the file has ${size} bytes, not ${end}: find out what else writes to the folder`;
  throw new LogError("log.failed", message, { file: file.name });
}

/** Whoever is told that an entry is not in the log should find it so, as far as a failing disk lets us. */
async function takeBack({ handle }: LogFile, end: number): Promise<void> {
  try {
    await handle.truncate(end);
    await handle.sync();
  } catch {
    // The first failure is what is reported, and opening the log again finds out what is there.
  }
}
