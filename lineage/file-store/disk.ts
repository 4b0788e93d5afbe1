/**
 * Everything that the store does with files, behind a port, so that a test can be the disk. Nothing is tried
 * twice: what failed is for the caller to report. Errors are those of the system.
 */
import { constants } from "node:fs";
import { type FileHandle, link, mkdir, open, readdir, rename, rmdir, stat, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { LogError } from "../store.ts";
import { errnoOf } from "./disk-errors.ts";

/** Everybody may read what is published; all else in the folder is the owner's alone. */
export const PUBLIC_FILE_MODE = 0o644;
export const PRIVATE_FILE_MODE = 0o600;
export const PUBLIC_FOLDER_MODE = 0o755;
export const PRIVATE_FOLDER_MODE = 0o700;

export interface DiskFile {
  /** Fewer bytes only where the file ends. */
  readonly read: (position: number, bytesMax: number) => Promise<Uint8Array>;
  /** Writes all bytes: the system may take fewer at a time. */
  readonly write: (bytes: Uint8Array, position: number) => Promise<void>;
  readonly truncate: (sizeBytes: number) => Promise<void>;
  readonly sync: () => Promise<void>;
  /** As `sync`, without times of the file. */
  readonly datasync: () => Promise<void>;
  readonly size: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** `durable`: to read and write, and each write resolves once its bytes are durable, as after `datasync`. */
export type Access = "read" | "update" | "durable";

export interface Disk {
  /** Null where there is nothing of that name; whatever is no file is refused. */
  readonly open: (path: string, access: Access) => Promise<DiskFile | null>;
  /** A file that was not there before. */
  readonly create: (path: string, mode: number) => Promise<DiskFile>;
  /** False where the name is taken. */
  readonly link: (from: string, to: string) => Promise<boolean>;
  readonly rename: (from: string, to: string) => Promise<void>;
  /** Nothing happens where there is no such file. */
  readonly remove: (path: string) => Promise<void>;
  /** True where it was made; false where something of that name was there. */
  readonly makeFolder: (path: string, mode: number) => Promise<boolean>;
  /** Nothing happens where there is none, or one that is not empty. */
  readonly removeFolder: (path: string) => Promise<void>;
  /** Makes what was done to the names in a folder durable. */
  readonly syncFolder: (path: string) => Promise<void>;
  /** The names in a folder, sorted; null where there is no such folder. */
  readonly names: (path: string) => Promise<readonly string[] | null>;
  /** Tells apart files that had the same name one after the other; null where there is nothing. */
  readonly identity: (path: string) => Promise<string | null>;
  readonly isFolder: (path: string) => Promise<boolean>;
  /** Its permissions; null where there is none. */
  readonly folderMode: (path: string) => Promise<number | null>;
}

export const nodeDisk: Disk = Object.freeze({
  async open(path: string, access: Access) {
    const flags = FLAGS[access];
    let handle: FileHandle;
    try {
      // Otherwise opening a pipe waits until somebody opens its other end.
      handle = await open(path, flags | (constants.O_NONBLOCK ?? 0));
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return null;
      if (NO_FILE_ERRORS.has(errnoOf(error))) throw noFile(path);
      throw error;
    }
    if ((await handle.stat()).isFile()) return access === "durable" ? durableFile(handle) : fileOf(handle);
    await handle.close();
    throw noFile(path);
  },
  create: async (path: string, mode: number) => fileOf(await open(path, "wx+", mode)),
  async link(from: string, to: string) {
    try {
      await link(from, to);
      return true;
    } catch (error) {
      if (errnoOf(error) === "EEXIST") return false;
      throw error;
    }
  },
  rename,
  async remove(path: string) {
    try {
      await unlink(path);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  },
  async makeFolder(path: string, mode: number) {
    try {
      await mkdir(path, { mode });
      return true;
    } catch (error) {
      if (errnoOf(error) === "EEXIST") return false;
      throw error;
    }
  },
  async removeFolder(path: string) {
    try {
      await rmdir(path);
    } catch (error) {
      if (!KEPT_FOLDER_ERRORS.has(errnoOf(error))) throw error;
    }
  },
  async syncFolder(path: string) {
    // Windows cannot open folders, and needs no call.
    if (process.platform === "win32") return;
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async names(path: string) {
    try {
      return (await readdir(path)).sort();
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return null;
      throw error;
    }
  },
  async identity(path: string) {
    try {
      const { dev, ino } = await stat(path, { bigint: true });
      return `${dev}:${ino}`;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return null;
      throw error;
    }
  },
  isFolder: async (path: string) => (await stat(path)).isDirectory(),
  async folderMode(path: string) {
    try {
      return (await stat(path)).mode & 0o777;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return null;
      throw error;
    }
  },
});

function fileOf(handle: FileHandle): DiskFile {
  return {
    async read(position, bytesMax) {
      const bytes = new Uint8Array(bytesMax);
      let filled = 0;
      while (filled < bytesMax) {
        const { bytesRead } = await handle.read(bytes, filled, bytesMax - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    },
    async write(bytes, position) {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
        if (bytesWritten === 0) throw new Error("the system wrote nothing");
        at += bytesWritten;
      }
    },
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    sync: () => handle.sync(),
    datasync: () => handle.datasync(),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  };
}

/** One call in place of two, where the system has such a one (POSIX `O_DSYNC`). */
const WRITES_DURABLY = constants.O_DSYNC ?? 0;

const FLAGS: Readonly<Record<Access, number>> = {
  read: constants.O_RDONLY,
  update: constants.O_RDWR,
  durable: constants.O_RDWR | WRITES_DURABLY,
};

function durableFile(handle: FileHandle): DiskFile {
  const file = fileOf(handle);
  if (WRITES_DURABLY !== 0) return file;
  return {
    ...file,
    async write(bytes, position) {
      await file.write(bytes, position);
      await file.datasync();
    },
  };
}

const KEPT_FOLDER_ERRORS: ReadonlySet<string> = new Set(["ENOENT", "ENOTEMPTY", "EEXIST"]);

/** What opening a folder for writing, or a socket, gives. */
const NO_FILE_ERRORS: ReadonlySet<string> = new Set(["EISDIR", "ENXIO"]);

function noFile(path: string): LogError {
  const message =
    "what has this name is no file: find out what put it there, and restore the file from a copy";
  return new LogError("log.malformed", message, { file: basename(path) });
}

/** All bytes of a file of at most so many; one more where it has more. Null where there is none. */
export async function readWhole(disk: Disk, path: string, bytesMax: number): Promise<Uint8Array | null> {
  const file = await disk.open(path, "read");
  if (file === null) return null;
  try {
    return await file.read(0, Math.min(await file.size(), bytesMax + 1));
  } finally {
    await file.close();
  }
}

/** A new file with these bytes, durable except for its name. */
export async function writeNew(disk: Disk, path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const file = await disk.create(path, mode);
  let isWhole = false;
  try {
    await file.write(bytes, 0);
    await file.sync();
    isWhole = true;
  } finally {
    await file.close();
    // So that a full disk has the room again.
    if (!isWhole) await disk.remove(path);
  }
}

/**
 * Makes durable that something is where it is: all names on the way to it. Whoever made one of the folders
 * may have been killed before that, and nobody can see it afterwards. For when a promise is made there first.
 */
export async function syncWayTo(disk: Disk, path: string): Promise<void> {
  const nearest = dirname(resolve(path));
  for (let folder = nearest; ; folder = dirname(folder)) {
    try {
      await disk.syncFolder(folder);
    } catch (error) {
      // Whose folder we may not even list was made by somebody else.
      if (folder === nearest || !OTHERS_FOLDER_ERRORS.has(errnoOf(error))) throw error;
    }
    if (folder === dirname(folder)) return;
  }
}

const OTHERS_FOLDER_ERRORS: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EINVAL", "ENOTSUP", "EROFS"]);

/**
 * Puts a file into a folder, whole and durable, or leaves what was there: as `NAME.new` first, then renamed,
 * then the folder's own list of names is made durable too. For folders that only one process writes to.
 */
export async function replaceInFolder(
  disk: Disk,
  folder: string,
  name: string,
  bytes: Uint8Array,
  mode: number,
): Promise<void> {
  const fresh = join(folder, `${name}.new`);
  // What an interrupted process left.
  await disk.remove(fresh);
  await writeNew(disk, fresh, bytes, mode);
  await disk.rename(fresh, join(folder, name));
  await disk.syncFolder(folder);
}
