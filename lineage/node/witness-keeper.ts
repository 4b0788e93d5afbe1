/**
 * A witness with its memory: a folder with one file a log, `<SHA-256 of the origin>/checkpoint`, the last
 * checkpoint that it has cosigned, with its own cosignature. Any web server over the folder shows monitors
 * what it has seen.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { toHex, utf8 } from "@polity/runtime/hash.ts";
import { type Checkpoint, decodeCheckpoint } from "../checkpoint.ts";
import { type Cosigner, cosign, openCosignatures } from "../cosignature.ts";
import {
  nodeDisk,
  PUBLIC_FILE_MODE,
  PUBLIC_FOLDER_MODE,
  readWhole,
  replaceInFolder,
  syncWayTo,
} from "../file-store/disk.ts";
import { ioError } from "../file-store/disk-errors.ts";
import { expectFolder } from "../file-store/folder.ts";
import { type Lock, takeLock } from "../file-store/lock.ts";
import type { NoteKey } from "../note.ts";
import { decodeNote, encodeNote, NOTE_BYTES_MAX } from "../note-form.ts";
import { LogError } from "../store.ts";
import { type WitnessAdvance, type WitnessRefusal, witnessStep } from "../witness.ts";

const CHECKPOINT_FILE = "checkpoint";
const LOCK_FILE = "lock.db";

export interface KeeperOptions {
  /** What it remembers; made where it is not there. */
  readonly dir: string;
  readonly cosigner: Cosigner;
  /** The logs that it knows; a log may have several keys. */
  readonly logs: readonly NoteKey[];
  readonly crypto: CryptoPort;
  /** POSIX time. */
  readonly nowSeconds: () => number;
}

export type Judged =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly lines: string }
  | WitnessRefusal;

export interface WitnessKeeper {
  readonly cosigner: Cosigner;
  /**
   * Judges the body of a request; one after the other for each log. What it cosigns is on the disk before it
   * is returned. Rejects with a `LogError` once something could not be written, and from then on always.
   */
  readonly add: (body: Uint8Array) => Promise<Judged>;
  /** The cosigned checkpoint of the log whose origin has this SHA-256, in hex; null where there is none. */
  readonly latest: (originHash: string) => string | null;
  /** Sizes that are cosigned, by origin. */
  readonly sizes: () => ReadonlyMap<string, number>;
  readonly close: () => Promise<void>;
}

export type KeeperResult =
  | { readonly ok: true; readonly keeper: WitnessKeeper }
  | { readonly ok: false; readonly error: LogError };

interface Kept {
  readonly note: string;
  readonly checkpoint: Checkpoint;
  readonly timeSeconds: number;
}

interface State extends KeeperOptions {
  readonly lock: Lock;
  /** By origin. */
  readonly kept: Map<string, Kept>;
  /** By origin: what is under way. */
  readonly turns: Map<string, Promise<unknown>>;
  failure: LogError | null;
}

/** Reads and checks everything that it remembers. Never rejects. */
export async function openKeeper(options: KeeperOptions): Promise<KeeperResult> {
  const { dir } = options;
  try {
    await expectFolder(nodeDisk, dir, true);
    const lock = await takeLock(dir, LOCK_FILE);
    try {
      const kept = new Map<string, Kept>();
      for (const { name } of options.logs) {
        const found = await readKept(name, options);
        if (found !== null) kept.set(name, found);
      }
      await settle(options, [...kept.keys()]);
      const state: State = { ...options, lock, kept, turns: new Map(), failure: null };
      return { ok: true, keeper: keeperOf(state) };
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    return { ok: false, error: ioError(error, dir, "write") };
  }
}

/**
 * What is remembered stays, and so do the names on the way to it, whatever an earlier witness had time for
 * before it was killed: from now on it is shown to everybody.
 */
async function settle({ dir, crypto }: KeeperOptions, known: readonly string[]): Promise<void> {
  if (known.length === 0) return syncWayTo(nodeDisk, dir);
  for (const origin of known) await nodeDisk.syncFolder(join(dir, hashOf(origin, crypto)));
  await nodeDisk.syncFolder(dir);
}

function keeperOf(state: State): WitnessKeeper {
  const { crypto } = state;
  return {
    cosigner: state.cosigner,
    add: (body) => inTurn(body, state),
    latest: (originHash) => {
      for (const [origin, { note }] of state.kept) if (hashOf(origin, crypto) === originHash) return note;
      return null;
    },
    sizes: () => new Map([...state.kept].map(([origin, { checkpoint }]) => [origin, checkpoint.size])),
    close: async () => {
      await Promise.allSettled(state.turns.values());
      state.lock.release();
    },
  };
}

/** Requests about one log wait for each other, so that none sees what another is about to replace. */
function inTurn(body: Uint8Array, state: State): Promise<Judged> {
  const origin = originOf(body, state.logs);
  const before = state.turns.get(origin) ?? Promise.resolve();
  const turn = before.then(() => add(body, state));
  state.turns.set(
    origin,
    turn.catch(() => undefined),
  );
  return turn;
}

async function add(body: Uint8Array, state: State): Promise<Judged> {
  if (state.failure !== null) throw state.failure;
  const { logs, kept, crypto } = state;
  const judged = witnessStep(
    body,
    {
      keysOf: (origin) => logs.filter(({ name }) => name === origin),
      lastOf: (origin) => kept.get(origin)?.checkpoint ?? null,
    },
    crypto,
  );
  return judged.ok ? advance(judged, state) : judged;
}

async function advance({ checkpoint, text, note }: WitnessAdvance, state: State): Promise<Judged> {
  const { cosigner, kept } = state;
  const { origin } = checkpoint;
  // A clock that was set back must not make the later cosignature look like the earlier one.
  const timeSeconds = Math.max(state.nowSeconds(), kept.get(origin)?.timeSeconds ?? 1);
  const line = await cosign(text, cosigner, timeSeconds);
  const lines = encodeNote({ text, lines: [line] }).slice(text.length + 1);
  const signed = logLines(note, state);
  const next: Kept = { note: encodeNote({ text, lines: [...signed, line] }), checkpoint, timeSeconds };
  await write(origin, next, state);
  kept.set(origin, next);
  return { ok: true, checkpoint, lines };
}

/** Lines by others are left out: anybody may add them, and they would be kept for ever. */
function logLines(note: string, { logs }: State) {
  const decoded = decodeNote(note);
  if (!decoded.ok) throw new Error(`a note that was opened is none: ${decoded.message}`);
  return decoded.form.lines.filter((line) =>
    logs.some(({ name, hint }) => name === line.name && hint === line.hint),
  );
}

/** What the disk says after a failed write cannot be trusted, so that ends it. */
async function write(origin: string, { note }: Kept, state: State): Promise<void> {
  const folder = join(state.dir, hashOf(origin, state.crypto));
  try {
    if (!(await state.lock.isHeld())) {
      throw new LogError("log.failed", "the lock changed: find out what else is a witness in this folder");
    }
    await mkdir(folder, { recursive: true, mode: PUBLIC_FOLDER_MODE });
    await replaceInFolder(nodeDisk, folder, CHECKPOINT_FILE, utf8(note), PUBLIC_FILE_MODE);
    await nodeDisk.syncFolder(state.dir);
  } catch (error) {
    state.failure = ioError(error, join(folder, CHECKPOINT_FILE), "write");
    throw state.failure;
  }
}

async function readKept(origin: string, options: KeeperOptions): Promise<Kept | null> {
  const { dir, crypto, cosigner } = options;
  const file = join(hashOf(origin, crypto), CHECKPOINT_FILE);
  const bytes = await readWhole(nodeDisk, join(dir, file), NOTE_BYTES_MAX);
  if (bytes === null) return null;
  const bad = (message: string) => {
    const advice = "restore it from a copy that is not older than the last cosignature";
    return new LogError("witness.state", `what the witness remembers of ${origin} ${message}: ${advice}`, {
      file,
    });
  };
  const decoded = decodeNote(bytes);
  if (!decoded.ok) throw bad(`is no note (${decoded.message})`);
  const opened = openCosignatures(decoded.form, [cosigner.key], crypto);
  if (!opened.ok) throw bad(`was changed (${opened.message})`);
  const [cosignature] = opened.cosignatures;
  if (cosignature === undefined) throw bad(`has no cosignature by ${cosigner.key.name}`);
  const checkpoint = decodeCheckpoint(decoded.form.text);
  if (!checkpoint.ok) throw bad(`is no checkpoint (${checkpoint.message})`);
  if (checkpoint.checkpoint.origin !== origin) throw bad(`is about ${checkpoint.checkpoint.origin}`);
  const { timeSeconds } = cosignature;
  return { note: encodeNote(decoded.form), checkpoint: checkpoint.checkpoint, timeSeconds };
}

/** The known log that a request is about; requests about no known one wait for each other. */
function originOf(body: Uint8Array, logs: readonly NoteKey[]): string {
  const text = new TextDecoder().decode(body);
  const start = text.indexOf("\n\n") + 2;
  const origin = text.slice(start, text.indexOf("\n", start));
  return logs.some(({ name }) => name === origin) ? origin : "";
}

function hashOf(origin: string, { sha256 }: CryptoPort): string {
  return toHex(sha256(utf8(origin)));
}
