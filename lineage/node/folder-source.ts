/** The files of a log in a folder: what lies below `DIR/public`, or a copy of that. */
import { constants } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { FsckSource } from "../fsck.ts";
import { LogError } from "../store.ts";
import { type TileSource, tooLong } from "../tile-source.ts";
import { CHECKPOINT_PATH } from "../tiles.ts";

const PUBLIC_FOLDER = "public";

/** The public files in a folder. */
export function folderSource(dir: string): TileSource {
  return { name: dir, read: (path, bytesMax) => readFile(join(dir, path), path, bytesMax) };
}

/**
 * Where the public files of a log lie: in `public` below its folder, or in the folder itself where that is
 * a copy of the public part alone. Rejects with a `LogError` where it is no folder.
 */
export async function publicFolder(dir: string): Promise<string> {
  const inner = join(dir, PUBLIC_FOLDER);
  try {
    if (!(await stat(dir)).isDirectory()) {
      throw new LogError("log.not_a_folder", `${dir} is a file: a log is a folder`);
    }
    const isInner = await stat(inner).then((found) => found.isDirectory(), isAbsent);
    const isCopy =
      !isInner && (await stat(join(dir, CHECKPOINT_PATH)).then((found) => found.isFile(), isAbsent));
    return isCopy ? dir : inner;
  } catch (error) {
    throw readError(error, dir);
  }
}

function isAbsent(error: unknown): false {
  if (ABSENT.has(codeOf(error))) return false;
  throw error;
}

async function readFile(path: string, name: string, bytesMax: number): Promise<Uint8Array | null> {
  try {
    // Otherwise opening a pipe waits until somebody opens its other end.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const found = await file.stat();
      if (!found.isFile()) throw noFile(name);
      if (found.size > bytesMax) throw tooLong(name, bytesMax);
      const bytes = new Uint8Array(found.size);
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (ABSENT.has(codeOf(error))) return null;
    throw readError(error, name);
  }
}

/** A part of a path that is a file makes the path one that is not there. */
const ABSENT: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);

function noFile(file: string): LogError {
  const message =
    "what has this name is no file: find out what put it there, and restore the file from a copy";
  return new LogError("log.malformed", message, { file });
}

function codeOf(error: unknown): string {
  return (error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined) ?? "";
}

function readError(error: unknown, file: string): LogError {
  if (error instanceof LogError) return error;
  const code = codeOf(error);
  if (code === "EISDIR" || code === "ENXIO") return noFile(file);
  if (code === "ENOENT") {
    return new LogError("log.missing", "there is no such file or folder: check the path", { file });
  }
  const detail = error instanceof Error ? error.message : "what was thrown is no error";
  return new LogError("log.unreadable", `cannot be read: ${detail}; check owner, modes and disk`, { file });
}

/** As `folderSource`, for whoever looks at files that no checkpoint implies. */
export function folderWithNames(dir: string): FsckSource {
  return {
    ...folderSource(dir),
    names: async (folder) => {
      try {
        return (await readdir(join(dir, folder))).sort();
      } catch (error) {
        if (ABSENT.has(codeOf(error))) return [];
        throw readError(error, folder);
      }
    },
  };
}
