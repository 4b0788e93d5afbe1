/**
 * One writer per folder: an exclusive transaction on a database without content. The system ends it with the
 * process that holds it, however that ends, and nobody has to judge whether a holder is still alive.
 */
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { LogError } from "../store.ts";
import { type Disk, nodeDisk, PRIVATE_FILE_MODE } from "./disk.ts";
import { errnoOf, ioError } from "./disk-errors.ts";

export interface Lock {
  /** Whether the file is still the one that was locked: somebody may have deleted it by hand. */
  readonly isHeld: () => Promise<boolean>;
  readonly release: () => void;
}

/** SQLITE_BUSY, SQLite result codes. */
const BUSY = 5;
const POLL_MS = 5;

/** `wait`: for as long as another process may take for a few file operations; otherwise not at all. */
export async function takeLock(dir: string, name: string, disk: Disk = nodeDisk, waitMs = 0): Promise<Lock> {
  const path = join(dir, name);
  // An import by name would keep older versions of Node from reading logs.
  const sqlite = process.getBuiltinModule?.("node:sqlite");
  if (sqlite === undefined) {
    const message = `a folder is locked with Node 22.13 or later, and this is ${process.version}: use that`;
    throw new LogError("log.unsupported", message);
  }
  if ((await disk.identity(path)) === null) await expectWritable(disk, path);
  const until = performance.now() + waitMs;
  let database = tryLock(sqlite.DatabaseSync, path);
  // The library's own waiting would keep everything else in this process waiting too.
  while (database === "busy" && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    database = tryLock(sqlite.DatabaseSync, path);
  }
  if (database === "busy") {
    const advice = "close it there; a process that was stopped holds it too";
    throw new LogError("log.locked", `another process has it open: ${advice}`, { file: name });
  }
  if (database === "unusable") {
    // The library's errors do not tell a file system that is read-only from a file that is no database.
    await expectWritable(disk, `${path}-probe`);
    await disk.remove(`${path}-probe`);
    const message = "this is no lock: find out what put it there, and delete it";
    throw new LogError("log.malformed", message, { file: name });
  }
  const held = database;
  const own = await disk.identity(path);
  return {
    isHeld: async () => own !== null && (await disk.identity(path)) === own,
    release: () => {
      if (held.isOpen) held.close();
    },
  };
}

function tryLock(Database: typeof DatabaseSync, path: string): DatabaseSync | "busy" | "unusable" {
  let database: DatabaseSync | null = null;
  try {
    database = new Database(path);
    // Nothing is ever written to it.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database?.close();
    return (error as { readonly errcode?: number }).errcode === BUSY ? "busy" : "unusable";
  }
}

/** Makes the file; whoever could read it could keep others from locking it. */
async function expectWritable(disk: Disk, path: string): Promise<void> {
  try {
    await (await disk.create(path, PRIVATE_FILE_MODE)).close();
  } catch (error) {
    // Somebody else made it meanwhile.
    if (errnoOf(error) !== "EEXIST") throw ioError(error, path, "write");
  }
}
