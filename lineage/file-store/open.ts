/** Opens a log's folder, for one writer or for any number of readers. */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { isOrigin } from "../checkpoint.ts";
import { type NoteKey, noteKey } from "../note.ts";
import { LogError, type LogStore } from "../store.ts";
import { ioError } from "./disk.ts";
import {
  closeFiles,
  ENTRIES_FILE,
  expectFolder,
  expectPath,
  hasLog,
  LOCK_FILE,
  type LogFile,
  makeLog,
  missing,
  OPENINGS_FILE,
  openFiles,
} from "./folder.ts";
import { takeLock } from "./lock.ts";
import type { LogState } from "./log-state.ts";
import type { Signing } from "./publish.ts";
import { CHECKPOINT_FILE, readPublished } from "./published.ts";
import { makeReading } from "./read-log.ts";
import { scanEntries, scanOpenings } from "./scan.ts";
import { type LogWriting, makeWriting } from "./write-log.ts";

export interface OpenOptions {
  /** The log's name; null takes the one that the folder has. */
  readonly origin: string | null;
  /** Signs checkpoints; a published one must be by its key. */
  readonly signer: Signer | null;
  readonly crypto: CryptoPort;
  /** Whether to make the folder and an empty log in it where there is none. */
  readonly create: boolean;
}

export type OpenResult =
  | {
      readonly ok: true;
      readonly store: LogStore;
      /** Bytes of entries that nobody was promised, which an interrupted write had left; they are gone. */
      readonly recoveredBytes: number;
      /** The `seq` that is due for a node: 0 where it has not written to this log. */
      readonly nextSeq: (node: string) => number;
    }
  | { readonly ok: false; readonly error: LogError };

/**
 * Reads and checks everything that is in the folder, see docs/lineage.md. Without a signer and without
 * `create` nothing is written, there is no lock, the store answers for what was there when it was opened, and
 * the signature of its checkpoint goes unchecked; `append`, `flush` and `checkpoint` reject with
 * `log.read_only`. Never rejects.
 */
export async function openFileLog(dir: string, options: OpenOptions): Promise<OpenResult> {
  let isWriter = true;
  try {
    expectPath(dir);
    isWriter = options.signer !== null || options.create;
    if (options.origin !== null && !isOrigin(options.origin)) throw badOrigin(options.origin);
    await expectFolder(dir, options.create);
    if (!options.create && !(await hasLog(dir))) throw missing(dir, ENTRIES_FILE);
    return isWriter ? await openWriter(dir, options) : await openReader(dir, options);
  } catch (error) {
    return { ok: false, error: ioError(error, dir, isWriter ? "write" : "read") };
  }
}

async function openReader(dir: string, options: OpenOptions): Promise<OpenResult> {
  const opened = await openState(dir, options, "r");
  const { state, sequences } = opened;
  const refuse = async () => {
    throw new LogError("log.read_only", "the log was opened for reading: open it with a signer to write");
  };
  const store = storeOf(state, {
    append: refuse,
    checkpoint: refuse,
    flush: async () => {},
    close: async () => {
      if (state.isClosed) return;
      state.isClosed = true;
      await closeFiles(state.files);
    },
  });
  return { ok: true, store, recoveredBytes: 0, nextSeq: (node) => sequences.get(node) ?? 0 };
}

/** The lock comes first: what is read under it stays as it is. */
async function openWriter(dir: string, options: OpenOptions): Promise<OpenResult> {
  const lock = await takeLock(dir, LOCK_FILE);
  try {
    if (!(await hasLog(dir))) {
      if (options.origin === null) throw badOrigin("");
      await makeLog(dir, options.origin);
    }
    const { state, sequences, signing } = await openState(dir, options, "r+");
    try {
      const recoveredBytes = await cutTails(state);
      const store = storeOf(state, makeWriting(state, sequences, lock, signing));
      return { ok: true, store, recoveredBytes, nextSeq: (node) => sequences.get(node) ?? 0 };
    } catch (error) {
      await closeFiles(state.files);
      throw error;
    }
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function storeOf(state: LogState, writing: LogWriting): LogStore {
  return {
    origin: state.origin,
    get size() {
      return state.tree.size;
    },
    ...makeReading(state),
    ...writing,
  };
}

interface Opened {
  readonly state: LogState;
  readonly sequences: Map<string, number>;
  readonly signing: Signing | null;
}

async function openState(dir: string, options: OpenOptions, flags: "r" | "r+"): Promise<Opened> {
  const { crypto, signer } = options;
  // Before the entries: a writer that is at work makes them durable before it promises them.
  const published = await readPublished(dir, signer && ((origin) => keyOf(origin, signer, crypto)), crypto);
  const files = await openFiles(dir, flags);
  try {
    const { origin } = files.entries.header;
    expectOrigin(origin, options.origin, ENTRIES_FILE);
    if (published !== null) expectOrigin(published.checkpoint.origin, origin, CHECKPOINT_FILE);
    if (flags === "r+" && files.openings === null) throw missing(dir, OPENINGS_FILE);
    const entries = await scanEntries(files.entries, published?.checkpoint ?? null, crypto);
    const { openings } = files;
    const scanned = openings && (await scanOpenings(openings, entries.tree.size));
    const state: LogState = {
      dir,
      origin,
      crypto,
      files,
      tree: entries.tree,
      entryOffsets: entries.offsets,
      openingOffsets: scanned?.offsets ?? [],
      entriesEnd: entries.end,
      openingsEnd: scanned?.end ?? 0,
      published,
      isClosed: false,
    };
    const signing = signer && { key: keyOf(origin, signer, crypto), sign: signer.sign };
    return { state, sequences: entries.sequences, signing };
  } catch (error) {
    await closeFiles(files);
    throw ioError(error, ENTRIES_FILE, "read");
  }
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

/** Takes away what an interrupted write left, and returns how many bytes of entries that were. */
async function cutTails({ files, entriesEnd, openingsEnd }: LogState): Promise<number> {
  const recoveredBytes = await cut(files.entries, entriesEnd);
  if (files.openings !== null) await cut(files.openings, openingsEnd);
  return recoveredBytes;
}

async function cut({ name, handle, sizeBytes }: LogFile, end: number): Promise<number> {
  if (sizeBytes === end) return 0;
  try {
    await handle.truncate(end);
    await handle.sync();
  } catch (error) {
    throw ioError(error, name, "write");
  }
  return sizeBytes - end;
}
