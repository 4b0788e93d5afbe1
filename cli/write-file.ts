/** The only file that writes files. A reader sees the old file or the whole new one, never a part. */
import {
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { failure, fileFailure } from "./failure.ts";
import { quoted } from "./words.ts";

/**
 * Writes to a new file in the same folder, brings it to the disk and gives it the name; if any of that fails,
 * what was there before is still there and the new file is gone. Devices and pipes are written as they are.
 * `mode` is for a file that was not there; another one keeps what it has.
 */
export function writeWhole(path: string, content: string | Uint8Array, mode = 0o666): void {
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing !== undefined && !existing.isFile()) writeFileSync(path, content);
    // A link stays a link: the file it names is replaced.
    else if (existing === undefined) replaceFile(path, content, mode);
    else replaceFile(realpathSync(path), content, existing.mode & 0o777);
  } catch (error) {
    throw fileFailure("write", quoted(path), error);
  }
}

/**
 * As `writeWhole`, in a folder where others write too: whatever has the name now, a link to elsewhere for
 * example, is replaced, and nothing is written through it. Fails for a folder of that name.
 */
export function writeInPlace(path: string, content: string, mode: number): void {
  try {
    replaceFile(path, content, mode);
  } catch (error) {
    throw fileFailure("write", quoted(path), error);
  }
}

/** As `writeWhole`, piece by piece: for what does not fit into memory. */
export async function writePieces<T>(
  path: string,
  produce: (put: (piece: string) => Promise<void>) => Promise<T>,
  mode = 0o666,
): Promise<T> {
  const draft = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    const file = await open(draft, "wx", mode);
    try {
      const done = await produce((piece) => file.appendFile(piece));
      await file.sync();
      await file.close();
      renameSync(draft, path);
      bringFolderToDisk(dirname(path));
      return done;
    } catch (error) {
      await file.close().catch(() => {});
      rmSync(draft, { force: true });
      throw error;
    }
  } catch (error) {
    throw fileFailure("write", quoted(path), error);
  }
}

export interface NewFile {
  readonly path: string;
  readonly content: string;
  /** What its owner and others may do, from its first moment on. */
  readonly mode: number;
}

/** Writes files that are not there yet: all of them, or none where one is there or cannot be written. */
export function writeNew(files: readonly NewFile[]): void {
  const made: string[] = [];
  let current = "";
  try {
    for (const { path, content, mode } of files) {
      current = path;
      // `wx` follows no link and takes no existing file, so what is removed below is ours.
      const file = openSync(path, "wx", mode);
      made.push(path);
      try {
        writeFileSync(file, content);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    }
    for (const folder of new Set(made.map(dirname))) bringFolderToDisk(folder);
  } catch (error) {
    for (const path of made) rmSync(path, { force: true });
    throw fileFailure("write", quoted(current), error);
  }
}

/** Fails for what can be known before the work: there is no such folder, or a folder is in the way. */
export function expectWritable(path: string): void {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
      throw failure(`${quoted(path)} is a folder`);
    if (!statSync(dirname(path)).isDirectory()) throw failure(`${quoted(dirname(path))} is not a folder`);
  } catch (error) {
    throw fileFailure("write", quoted(path), error);
  }
}

/** Whether both names mean one existing file, by whatever links. */
export function isSameFile(a: string, b: string): boolean {
  const [first, second] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false, bigint: true }));
  return first !== undefined && second !== undefined && first.dev === second.dev && first.ino === second.ino;
}

function replaceFile(path: string, content: string | Uint8Array, mode: number): void {
  const folder = dirname(path);
  const draft = join(folder, `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    const file = openSync(draft, "wx", mode);
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  bringFolderToDisk(folder);
}

/** The new name is on the disk only when the folder is. Windows cannot open folders, and needs no call. */
export function bringFolderToDisk(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
