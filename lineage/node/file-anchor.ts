/** An anchor that is a folder with one file, for any number of processes of one machine. */
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { sha256, toHex, utf8 } from "@polity/runtime/hash.ts";
import type { Anchor } from "../anchor.ts";
import {
  type Disk,
  nodeDisk,
  PRIVATE_FILE_MODE,
  PRIVATE_FOLDER_MODE,
  readWhole,
  replaceInFolder,
  syncWayTo,
} from "../file-store/disk.ts";
import { takeLock } from "../file-store/lock.ts";
import { NOTE_BYTES_MAX } from "../note-form.ts";

const NOTE_FILE = "checkpoint";
const LOCK_FILE = "lock.db";
/** Another process holds the lock for the time that it takes to replace a file. */
const WAIT_MS = 10_000;

/** Where the anchor of a log is unless somebody says otherwise: see the XDG Base Directory Specification. */
export function usualAnchorFolder(origin: string): string {
  const given = process.env.XDG_STATE_HOME ?? "";
  const state = isAbsolute(given) ? given : join(homedir(), ".local", "state");
  return join(state, "polity", "anchors", toHex(sha256(utf8(origin))));
}

/** The folder is made when something is kept in it first. */
export function fileAnchor(folder: string, disk: Disk = nodeDisk): Anchor {
  const path = join(folder, NOTE_FILE);

  async function load(): Promise<string | null> {
    const bytes = await readWhole(disk, path, NOTE_BYTES_MAX);
    return bytes === null ? null : new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }

  return {
    place: path,
    async read() {
      const note = await load();
      // Whoever is told acts on it; who wrote it may have been killed before its name was durable.
      if (note !== null) await disk.syncFolder(folder);
      return note;
    },
    async swap(expected, next) {
      await makeFolders(disk, resolve(folder));
      // Whoever made it may have been interrupted.
      if (expected === null) await syncWayTo(disk, folder);
      const lock = await takeLock(folder, LOCK_FILE, disk, WAIT_MS);
      try {
        if ((await load()) !== expected) return false;
        await replaceInFolder(disk, folder, NOTE_FILE, utf8(next), PRIVATE_FILE_MODE);
        return true;
      } finally {
        lock.release();
      }
    },
  };
}

async function makeFolders(disk: Disk, folder: string): Promise<void> {
  if ((await disk.names(folder)) !== null) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeFolders(disk, parent);
  if (await disk.makeFolder(folder, PRIVATE_FOLDER_MODE)) await disk.syncFolder(parent);
}
