/** Opens a log's folder, for one writer or for any number of readers. */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import type { Anchor } from "../anchor.ts";
import { isOrigin } from "../checkpoint.ts";
import { type NoteKey, noteKey } from "../note.ts";
import { resume } from "../redaction.ts";
import { LogError, type LogStore } from "../store.ts";
import type { Witnesses } from "../witnesses.ts";
import { type Disk, nodeDisk } from "./disk.ts";
import { ioError } from "./disk-errors.ts";
import {
  expectFolder,
  expectPath,
  expectRoom,
  hasLog,
  makeLog,
  missing,
  publishedOrigin,
  readOrigin,
} from "./folder.ts";
import { CHECKPOINT_FILE, LOCK_FILE, NAME_FILE } from "./layout.ts";
import { takeLock } from "./lock.ts";
import type { LogState } from "./log-state.ts";
import type { LogMetrics } from "./metrics.ts";
import { openWriting } from "./open-writing.ts";
import { pendingFile } from "./pending-redaction.ts";
import { readPublished } from "./published.ts";
import { makeReading, readOnly } from "./read-log.ts";
import { segmentFirsts } from "./segment-read.ts";
import { makeTileReader } from "./tile-read.ts";

export interface OpenOptions {
  /** The log's name; null takes the one that the folder has. */
  readonly origin: string | null;
  /** Signs checkpoints; a published one must be by its key. */
  readonly signer: Signer | null;
  readonly crypto: CryptoPort;
  /** Whether to make the folder and an empty log in it where there is none. */
  readonly create: boolean;
  /** Keeps what was signed last outside of the folder. Without one, an old copy of the folder goes on. */
  readonly anchor?: (origin: string) => Anchor;
  readonly witnesses?: Witnesses;
  /** A checkpoint after so many milliseconds in which the log grew; 0: only when asked for. Usually 1000. */
  readonly checkpointMs?: number;
  /** The last checkpoint again, for fresh cosignatures, after so many milliseconds without a new one. */
  readonly heartbeatMs?: number;
  /** For tests of what a disk can do. */
  readonly disk?: Disk;
}

export type OpenResult =
  | {
      readonly ok: true;
      readonly store: LogStore;
      /** Bytes of entries that nobody was promised, which an interrupted write had left; they are gone. */
      readonly recoveredBytes: number;
      /** The `seq` that is due for a node: 0 where it has not written to this log. Readers are told 0. */
      readonly nextSeq: (node: string) => number;
      readonly metrics: () => LogMetrics | null;
    }
  | { readonly ok: false; readonly error: LogError };

/**
 * Reads and checks what a writer goes on from, see docs/lineage.md. Without a signer and without `create`
 * nothing is written, there is no lock, the store answers for what is published, and the signature of its
 * checkpoint goes unchecked; `append`, `flush`, `erase` and `checkpoint` reject with `log.read_only`. Never
 * rejects.
 */
export async function openFileLog(dir: string, options: OpenOptions): Promise<OpenResult> {
  let isWriter = true;
  try {
    expectPath(dir);
    isWriter = options.signer !== null || options.create;
    if (options.origin !== null && !isOrigin(options.origin)) throw badOrigin(options.origin);
    const disk = options.disk ?? nodeDisk;
    await expectFolder(disk, dir, options.create);
    if (!options.create && !(await hasLog(dir, disk))) throw missing(dir, NAME_FILE);
    return isWriter ? await openWriter(disk, dir, options) : await openReader(disk, dir, options);
  } catch (error) {
    return { ok: false, error: ioError(error, dir, isWriter ? "write" : "read") };
  }
}

/** Of what is published; the writer may be at work. */
async function openReader(disk: Disk, dir: string, options: OpenOptions): Promise<OpenResult> {
  const { crypto } = options;
  const published = await readPublished(disk, dir, null, crypto);
  const origin = (await readOrigin(disk, dir)) ?? published?.checkpoint.origin ?? null;
  if (origin === null) throw missing(dir, NAME_FILE);
  expectOrigin(origin, options.origin, NAME_FILE);
  if (published !== null) expectOrigin(published.checkpoint.origin, origin, CHECKPOINT_FILE);
  const size = published?.checkpoint.size ?? 0;
  const firsts = await segmentFirsts(disk, dir, "requests");
  const state: LogState = {
    disk,
    dir,
    origin,
    crypto,
    tiles: makeTileReader(disk, dir, () => size, crypto.sha256, null),
    size: () => size,
    requestsFirsts: () => firsts,
    published,
    isClosed: false,
  };
  const refuse = async () => {
    throw readOnly();
  };
  const store: LogStore = {
    origin,
    size,
    ...makeReading(state),
    append: refuse,
    checkpoint: refuse,
    erase: refuse,
    flush: async () => {},
    onPublished: () => () => {},
    close: async () => {
      state.isClosed = true;
    },
  };
  return { ok: true, store, recoveredBytes: 0, nextSeq: () => 0, metrics: () => null };
}

/** The lock comes first: what is read under it stays as it is. */
async function openWriter(disk: Disk, dir: string, options: OpenOptions): Promise<OpenResult> {
  const { signer, crypto } = options;
  if ((await readOrigin(disk, dir)) === null) await expectBeginning(disk, dir, options.origin);
  const lock = await takeLock(dir, LOCK_FILE, disk);
  try {
    const found = await readOrigin(disk, dir);
    if (found === null) await makeLog(disk, dir, await expectBeginning(disk, dir, options.origin));
    const origin = found ?? options.origin ?? "";
    expectOrigin(origin, options.origin, NAME_FILE);
    const published = await readPublished(
      disk,
      dir,
      signer && ((name) => keyOf(name, signer, crypto)),
      crypto,
    );
    if (published !== null) expectOrigin(published.checkpoint.origin, origin, CHECKPOINT_FILE);
    const signing = signer && {
      key: keyOf(origin, signer, crypto),
      sign: signer.sign,
      anchor: options.anchor?.(origin) ?? null,
      witnesses: options.witnesses ?? null,
    };
    const { checkpointMs = 1000, heartbeatMs = 0 } = options;
    const parts = { disk, dir, origin, crypto, lock, published, signing, checkpointMs, heartbeatMs };
    const opened = await openWriting(parts);
    try {
      // The log says that it is gone: before anything else is promised, it is.
      await resume(opened.store, pendingFile(dir, disk));
    } catch (error) {
      await opened.store.close();
      throw error;
    }
    return { ok: true, ...opened };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The name of the log that is to begin. */
async function expectBeginning(disk: Disk, dir: string, origin: string | null): Promise<string> {
  // Only what is published was copied: nobody may go on from that without knowing what is missing.
  if ((await publishedOrigin(disk, dir)) !== null) throw missing(dir, NAME_FILE);
  await expectRoom(disk, dir);
  if (origin === null) throw badOrigin("");
  return origin;
}

function keyOf(origin: string, signer: Signer, { sha256 }: CryptoPort): NoteKey {
  const named = noteKey(origin, signer.publicKey, sha256);
  if (named.ok) return named.key;
  throw badOrigin(origin);
}

function badOrigin(origin: string | null): LogError {
  const rule = "an origin is a URL without its scheme, such as example.com/eu/agents, up to 255 bytes";
  return new LogError("log.bad_origin", `${JSON.stringify(origin)} cannot name a log: ${rule}`);
}

function expectOrigin(found: string, expected: string | null, file: string): void {
  if (expected === null || found === expected) return;
  const advice = "use that origin, or another folder";
  throw new LogError("log.other_origin", `this is of the log ${found}, not of ${expected}: ${advice}`, {
    file,
    offset: 0,
  });
}
