/** The only file that writes files. A reader sees the old file or the whole new one, never a part. */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { failure, fileFailure } from "./failure.ts";
import { quoted } from "./words.ts";

/**
 * Writes to a new file in the same folder, brings it to the disk and gives it the name; if any of that fails,
 * what was there before is still there and the new file is gone. Devices and pipes are written as they are.
 */
export function writeWhole(path: string, content: string | Uint8Array): void {
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing !== undefined && !existing.isFile()) writeFileSync(path, content);
    // A link stays a link: the file it names is replaced.
    else replaceFile(existing === undefined ? path : realpathSync(path), content, existing);
  } catch (error) {
    throw fileFailure("write", quoted(path), error);
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

function replaceFile(path: string, content: string | Uint8Array, existing: Stats | undefined): void {
  const folder = dirname(path);
  const draft = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = openSync(draft, "wx", existing === undefined ? 0o666 : existing.mode & 0o777);
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
function bringFolderToDisk(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
