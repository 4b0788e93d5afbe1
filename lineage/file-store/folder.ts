/** A log's folder: how it comes to be, and which log it is. */
import { dirname, join, resolve } from "node:path";
import { decodeCheckpoint } from "../checkpoint.ts";
import { decodeNote, NOTE_BYTES_MAX } from "../note-form.ts";
import { LogError } from "../store.ts";
import {
  type Disk,
  nodeDisk,
  PRIVATE_FOLDER_MODE,
  PUBLIC_FILE_MODE,
  PUBLIC_FOLDER_MODE,
  readWhole,
  syncWayTo,
} from "./disk.ts";
import { errnoOf, ioError } from "./disk-errors.ts";
import {
  CHECKPOINT_FILE,
  NAME_FILE,
  PUBLIC_FOLDER,
  REQUESTS_FOLDER,
  replaceFile,
  SEQUENCES_FILE,
  STAGING_FOLDER,
  strangeNames,
  WAL_FOLDER,
} from "./layout.ts";
import { decodeLogName, encodeLogName, HEADER_BYTES_MAX } from "./segment-header.ts";

/** From JavaScript anything may arrive, even what cannot stand in a message. */
export function expectPath(dir: unknown): void {
  if (typeof dir === "string" && dir !== "") return;
  throw new LogError("log.not_a_folder", "the path of a log's folder is text, and this is none: check it");
}

/** Makes the folder where that is asked for; otherwise it must be there. */
export async function expectFolder(disk: Disk, dir: string, create: boolean): Promise<void> {
  try {
    if (!(await disk.isFolder(dir))) {
      throw new LogError("log.not_a_folder", `${dir} is a file: a log is a folder`);
    }
  } catch (error) {
    if (!create || errnoOf(error) !== "ENOENT") throw ioError(error, dir, "read");
    await makeFolders(disk, resolve(dir));
  }
}

/** Each folder's name is durable in the one above before anything is put into it. */
async function makeFolders(disk: Disk, dir: string): Promise<void> {
  const parent = dirname(dir);
  if ((await disk.names(parent)) === null) await makeFolders(disk, parent);
  if (await disk.makeFolder(dir, PUBLIC_FOLDER_MODE)) await disk.syncFolder(parent);
}

/** Whether the folder has a log, whole or of what is published only. */
export async function hasLog(dir: string, disk: Disk = nodeDisk): Promise<boolean> {
  return (await nameOf(disk, dir)) !== null || (await disk.identity(join(dir, CHECKPOINT_FILE))) !== null;
}

async function nameOf(disk: Disk, dir: string): Promise<Uint8Array | null> {
  return readWhole(disk, join(dir, NAME_FILE), HEADER_BYTES_MAX);
}

/** The log's name; null where the folder has none. */
export async function readOrigin(disk: Disk, dir: string): Promise<string | null> {
  const bytes = await nameOf(disk, dir);
  if (bytes === null) return null;
  const origin = decodeLogName(bytes);
  if (origin !== null) return origin;
  const message = "the line does not name a log, or was changed: restore the file from a copy";
  throw new LogError("log.malformed", message, { file: NAME_FILE, offset: 0 });
}

/** As the checkpoint says, whose signature is not looked at here. */
export async function publishedOrigin(disk: Disk, dir: string): Promise<string | null> {
  const bytes = await readWhole(disk, join(dir, CHECKPOINT_FILE), NOTE_BYTES_MAX);
  const form = bytes === null ? null : decodeNote(bytes);
  if (!form?.ok) return null;
  const decoded = decodeCheckpoint(form.form.text);
  return decoded.ok ? decoded.checkpoint.origin : null;
}

/** That a log may begin in the folder: nothing else is there, and nothing is left of one. */
export async function expectRoom(disk: Disk, dir: string): Promise<void> {
  const strange = await strangeNames(disk, dir);
  if (strange.length > 0) {
    const names = strange.slice(0, 3).join(", ");
    throw new LogError("log.not_empty", `${dir} has other files (${names}): a log wants a folder of its own`);
  }
  for (const folder of [PUBLIC_FOLDER, WAL_FOLDER, REQUESTS_FOLDER]) {
    const names = await disk.names(join(dir, folder));
    if (names === null || names.length === 0) continue;
    const advice = "restore that, or move this elsewhere";
    const message = `there is something in ${folder}, but no file \`${NAME_FILE}\`: ${advice}`;
    throw new LogError("log.not_empty", message, { file: `${folder}/${names[0]}` });
  }
}

/** An empty log. Its name comes last: a folder without it has no log yet, whatever else is there. */
export async function makeLog(disk: Disk, dir: string, origin: string): Promise<void> {
  await makeParts(disk, dir);
  await syncWayTo(disk, dir);
  // It would be of another log.
  await disk.remove(join(dir, SEQUENCES_FILE));
  await replaceFile(disk, dir, NAME_FILE, encodeLogName(origin), PUBLIC_FILE_MODE);
}

/** The folders that a writer needs, and nothing in the one for files that are being made. */
export async function makeParts(disk: Disk, dir: string): Promise<void> {
  await disk.makeFolder(join(dir, PUBLIC_FOLDER), PUBLIC_FOLDER_MODE);
  for (const folder of [WAL_FOLDER, REQUESTS_FOLDER, STAGING_FOLDER]) {
    await disk.makeFolder(join(dir, folder), PRIVATE_FOLDER_MODE);
  }
  const staging = join(dir, STAGING_FOLDER);
  for (const name of (await disk.names(staging)) ?? []) await disk.remove(join(staging, name));
  await disk.syncFolder(dir);
}

export function missing(dir: string, file: string): LogError {
  const advice = "check the path, or restore the file from a copy";
  return new LogError("log.missing", `there is no such file in ${dir}: ${advice}`, { file });
}
