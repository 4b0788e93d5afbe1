/**
 * An epoch floor in a folder of its own, for hosts of one set in one place on one machine. It is durable
 * before `write` resolves, and never goes down, whichever process writes. That there was one is remembered
 * beside the folder too, so that deleting the folder does not begin anew.
 */
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { FloorKeeper } from "@polity/runtime/bundle.ts";
import { type EpochCode, type EpochFloor, mayReplace } from "@polity/runtime/epoch.ts";
import { equalBytes, utf8 } from "@polity/runtime/hash.ts";
import { nodeDisk, syncWayTo } from "../file-store/disk.ts";
import { type Lock, takeLock } from "../file-store/lock.ts";
import { decodeFloor, encodeFloor, FLOOR_BYTES_MAX } from "../floor-file.ts";
import { LogError } from "../store.ts";

export type FloorCode = EpochCode | "epoch.missing" | "epoch.malformed" | "epoch.locked" | "epoch.failed";

/** What a keeper rejects with: nothing may be activated then. */
export class FloorError extends Error {
  readonly code: FloorCode;
  constructor(code: FloorCode, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

export interface FloorOptions {
  /** Whether there may be none yet: true for the first start of a host, false ever after. */
  readonly mayBegin: boolean;
  /** A file that says that there was a floor; beside the folder, with `.begun`, where it is left out. */
  readonly marker?: string;
  /** How long another process may take, in milliseconds; 10 s where it is left out. */
  readonly waitMs?: number;
}

const FLOOR_FILE = "floor";
const LOCK_FILE = "lock.db";
const MARKER = utf8("polity-epoch-floor-begun/1\n");
const WAIT_MS_USUAL = 10_000;
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Touches nothing until it is asked. */
export function folderFloor(folder: string, options: FloorOptions): FloorKeeper {
  const dir = resolve(folder);
  const { mayBegin, waitMs = WAIT_MS_USUAL } = options;
  const place: Place = { dir, mayBegin, waitMs, marker: resolve(options.marker ?? `${dir}.begun`) };
  return Object.freeze({
    read: () => guarded(place, () => readDurable(place)),
    write: (floor: EpochFloor) => guarded(place, () => writeFloor(place, floor)),
  });
}

interface Place {
  readonly dir: string;
  readonly marker: string;
  readonly mayBegin: boolean;
  readonly waitMs: number;
}

/** Whatever the system objects to is a refusal with a code and a path. */
async function guarded<T>({ dir }: Place, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FloorError) throw error;
    const detail = error instanceof Error ? error.message : "what was thrown is no error";
    throw new FloorError("epoch.failed", `${dir}: ${detail}`);
  }
}

/** Whoever is told acts on it; who wrote it may have been killed before its name was durable. */
async function readDurable(place: Place): Promise<EpochFloor | null> {
  const floor = await readFloor(place);
  if (floor !== null) await nodeDisk.syncFolder(place.dir);
  return floor;
}

async function readFloor({ dir, marker, mayBegin }: Place): Promise<EpochFloor | null> {
  const path = join(dir, FLOOR_FILE);
  const bytes = await readWhole(path);
  if (bytes !== null) {
    const read = decodeFloor(bytes);
    if (read.ok) return read.floor;
    throw new FloorError("epoch.malformed", `${path}: ${read.message}; ${RESTORE}`);
  }
  if ((await readWhole(marker)) !== null) {
    throw new FloorError(
      "epoch.missing",
      `${path} is gone, and ${marker} says that it was there; ${RESTORE}`,
    );
  }
  if (mayBegin) return null;
  throw new FloorError("epoch.missing", `${path} is not there, and this is not the first start; ${RESTORE}`);
}

const RESTORE =
  "find out what happened to it, and which epoch was the latest here, before you let this host begin anew";

async function writeFloor(place: Place, floor: EpochFloor): Promise<void> {
  const { dir, marker } = place;
  const bytes = encodeFloor(floor);
  await mkdir(dir, { recursive: true, mode: FOLDER_MODE });
  const lock = await locked(place);
  try {
    const kept = await readFloor(place);
    const refused = kept === null ? null : mayReplace(kept, floor);
    if (refused !== null) throw new FloorError(refused.code, refused.message);
    const path = join(dir, FLOOR_FILE);
    // The folder's own name too: whoever made it may have been interrupted before that was durable.
    if (kept === null) await syncWayTo(nodeDisk, dir);
    await putFile(path, bytes);
    // After the floor: a marker alone would keep a host that never had one from its first start.
    if ((await readWhole(marker)) === null) await putFile(marker, MARKER);
    const there = await readWhole(path);
    if (there === null || !equalBytes(there, bytes)) {
      throw new FloorError("epoch.failed", `${path} does not have what was written to it: check the disk`);
    }
  } finally {
    lock.release();
  }
}

/** Other processes need it for some file operations only. */
async function locked({ dir, waitMs }: Place): Promise<Lock> {
  try {
    return await takeLock(dir, LOCK_FILE, nodeDisk, waitMs);
  } catch (error) {
    if (!(error instanceof LogError) || error.code !== "log.locked") throw error;
    throw new FloorError("epoch.locked", `${dir}: ${error.message}`);
  }
}

// ---- files

/** Null where there is none; one that is longer than it can be is cut, and refused for that. */
async function readWhole(path: string): Promise<Uint8Array | null> {
  const handle = await open(path, "r").catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  });
  if (handle === null) return null;
  try {
    const bytes = new Uint8Array(FLOOR_BYTES_MAX + 1);
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

/** Whole and durable, or what was there before: only one process at a time gets here. */
async function putFile(path: string, bytes: Uint8Array): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  const handle = await open(fresh, "wx", FILE_MODE);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, path);
  await nodeDisk.syncFolder(dirname(path));
}

function errnoOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code ?? "";
}
