/** The few things that the store does with a file system, and what its errors mean to a log. */
import { constants } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { type LogCode, LogError } from "../store.ts";

/** Everybody may read entries and checkpoint; what opens a commitment is the owner's alone. */
export const PUBLIC_MODE = 0o644;
export const PRIVATE_MODE = 0o600;
export const FOLDER_MODE = 0o755;

const WRITE_ERRORS: ReadonlyMap<string, readonly [LogCode, string]> = new Map([
  ["ENOSPC", ["log.full", "the disk is full: free some space, then open the log again"]],
  ["EDQUOT", ["log.full", "the disk quota is used up: free some space, then open the log again"]],
  ["EFBIG", ["log.full", "the file may not grow any further: begin a log of another origin"]],
  ["EROFS", ["log.read_only", "the file system is read-only: log elsewhere, or open without a signer"]],
  ["EACCES", ["log.read_only", "writing is not permitted: check owner and mode of the folder and its files"]],
  ["EPERM", ["log.read_only", "writing is not permitted: check owner, mode and attributes of the files"]],
]);

const READ_ERRORS: ReadonlyMap<string, readonly [LogCode, string]> = new Map([
  ["ENOENT", ["log.missing", "there is no such file or folder: check the path"]],
  ["ENOTDIR", ["log.not_a_folder", "a log is a folder, and something in this path is none"]],
  [
    "EACCES",
    ["log.unreadable", "reading is not permitted: check owner and mode of the folder and its files"],
  ],
]);

/** What a failed file operation means to the log. */
export function ioError(error: unknown, file: string, operation: "read" | "write"): LogError {
  if (error instanceof LogError) return error;
  const known = (operation === "write" ? WRITE_ERRORS : READ_ERRORS).get(errnoOf(error));
  const detail = error instanceof Error ? error.message : "what was thrown is no error";
  if (known !== undefined) return new LogError(known[0], `${known[1]} (${detail})`, { file });
  return operation === "read"
    ? new LogError("log.unreadable", `cannot be read: ${detail}`, { file })
    : new LogError("log.failed", `cannot be written: ${detail}; check the disk, then open the log again`, {
        file,
      });
}

export function errnoOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code ?? "";
}

/** Writes all bytes: the system may take fewer at a time. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    if (bytesWritten === 0) throw new Error("the system wrote nothing");
    at += bytesWritten;
  }
}

/** The first `bytesMax` bytes of a small file; null where there is none. */
export async function readSmall(path: string, bytesMax: number): Promise<Uint8Array | null> {
  const handle = await openOrNull(path, "r");
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    return await readUpTo(handle, 0, Math.min(size, bytesMax));
  } finally {
    await handle.close();
  }
}

/** Fewer bytes only where the file ends. */
export async function readUpTo(handle: FileHandle, position: number, bytesMax: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(bytesMax);
  let filled = 0;
  while (filled < bytesMax) {
    const { bytesRead } = await handle.read(bytes, filled, bytesMax - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Null where there is nothing of that name; whatever is no file is refused. */
export async function openOrNull(path: string, flags: "r" | "r+"): Promise<FileHandle | null> {
  const access = flags === "r" ? constants.O_RDONLY : constants.O_RDWR;
  let handle: FileHandle;
  try {
    // Otherwise opening a pipe waits until somebody opens its other end.
    handle = await open(path, access | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    if (NO_FILE_ERRORS.has(errnoOf(error))) throw noFile(path);
    throw error;
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw noFile(path);
}

/** What opening a folder for writing, or a socket, gives. */
const NO_FILE_ERRORS: ReadonlySet<string> = new Set(["EISDIR", "ENXIO"]);

function noFile(path: string): LogError {
  const message =
    "what has this name is no file: find out what put it there, and restore the file from a copy";
  return new LogError("log.malformed", message, { file: basename(path) });
}

/**
 * Puts a file in its place, whole and durable, or leaves what was there: under another name first, then
 * renamed, then the folder's own list of names is made durable too.
 */
export async function replaceFile(dir: string, name: string, bytes: Uint8Array, mode: number): Promise<void> {
  const fresh = join(dir, `${name}.new`);
  await removeIfThere(fresh);
  const handle = await open(fresh, "wx", mode);
  try {
    await writeAll(handle, bytes, 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, join(dir, name));
  await syncFolder(dir);
}

export async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
