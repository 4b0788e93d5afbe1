/** The folder of a log: what lies where. Nothing below `public` is private. */
import { dirname, join } from "node:path";
import type { Disk } from "./disk.ts";
import { PUBLIC_FILE_MODE, readWhole, writeNew } from "./disk.ts";

/** Names the log, and is written last: a folder without it has no log yet. */
export const NAME_FILE = "log";
export const PUBLIC_FOLDER = "public";
export const CHECKPOINT_FILE = "public/checkpoint";
export const WAL_FOLDER = "wal";
export const REQUESTS_FOLDER = "requests";
/** Where files are made that then get their place by a link or a new name. */
export const STAGING_FOLDER = "staging";
export const LOCK_FILE = "lock.db";
/** Bytes that are given up so that a full disk still takes a last checkpoint. */
export const RESERVE_FILE = "reserve";
/** Which `seq` is due for each node: what a restart would otherwise have to read the whole log for. */
export const SEQUENCES_FILE = "sequences";

/** What was promised to be erased, until it is. */
export const PENDING_FILE = "redacting";

/** Which segments of openings are being made one. */
export const MERGING_FILE = "merging";

/** What others keep in the folder: the index of entries, evaluators and facts. */
const OTHERS = ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm", "artefacts"] as const;
const OURS = [
  NAME_FILE,
  PUBLIC_FOLDER,
  WAL_FOLDER,
  REQUESTS_FOLDER,
  STAGING_FOLDER,
  LOCK_FILE,
  "lock.db-probe",
  RESERVE_FILE,
  SEQUENCES_FILE,
  PENDING_FILE,
  MERGING_FILE,
];
const KNOWN: ReadonlySet<string> = new Set([...OTHERS, ...OURS]);

/** Names in the folder that are no part of a log, sorted. */
export async function strangeNames(disk: Disk, dir: string): Promise<readonly string[]> {
  return ((await disk.names(dir)) ?? []).filter((name) => !KNOWN.has(name));
}

let staged = 0;

/** A name that nothing else has, in the folder for files that are being made. */
export function stagingPath(dir: string, what: string): string {
  staged += 1;
  return join(dir, STAGING_FOLDER, `${what}-${staged}`);
}

/**
 * Puts a file in its place, whole and durable, or leaves what was there: under another name first, then
 * renamed, then the folder's own list of names is made durable too.
 */
export async function replaceFile(
  disk: Disk,
  dir: string,
  file: string,
  bytes: Uint8Array,
  mode: number,
): Promise<void> {
  const fresh = stagingPath(dir, "file");
  await writeNew(disk, fresh, bytes, mode);
  const path = join(dir, file);
  await disk.rename(fresh, path);
  await disk.syncFolder(dirname(path));
}

/** As `replaceFile`, but what is there already must have the same bytes; false where it has not. */
export async function placeFile(
  disk: Disk,
  dir: string,
  fresh: string,
  file: string,
  bytes: Uint8Array,
): Promise<boolean> {
  const path = join(dir, file);
  const isNew = await disk.link(fresh, path);
  await disk.remove(fresh);
  if (isNew) return true;
  const found = await readWhole(disk, path, bytes.length);
  return found !== null && Buffer.compare(found, bytes) === 0;
}

/** A new file of public bytes in the folder for files that are being made; its path. */
export async function stagePublic(disk: Disk, dir: string, bytes: Uint8Array): Promise<string> {
  const fresh = stagingPath(dir, "tile");
  await writeNew(disk, fresh, bytes, PUBLIC_FILE_MODE);
  return fresh;
}
