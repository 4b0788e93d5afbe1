/** A log's folder: which files it has, how they begin, and how they come to be. */
import { type FileHandle, mkdir, readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { equalBytes } from "@polity/runtime/hash.ts";
import { ARTEFACTS_FOLDER } from "../node/artefact-folder.ts";
import { LogError } from "../store.ts";
import {
  errnoOf,
  FOLDER_MODE,
  ioError,
  openOrNull,
  PRIVATE_MODE,
  PUBLIC_MODE,
  readSmall,
  readUpTo,
  replaceFile,
  syncFolder,
} from "./disk.ts";
import {
  decodeFileHeader,
  encodeFileHeader,
  FILE_HEADER_BYTES_MAX,
  type FileHeader,
  type FileKind,
  GENERATION_BYTES,
} from "./file-header.ts";
import { CHECKPOINT_FILE } from "./published.ts";

export const ENTRIES_FILE = "entries";
export const OPENINGS_FILE = "openings";
export const LOCK_FILE = "lock";
const FILES: readonly string[] = [ENTRIES_FILE, OPENINGS_FILE, CHECKPOINT_FILE, LOCK_FILE, ARTEFACTS_FOLDER];

/** A file whose first line was read. */
export interface LogFile {
  readonly name: FileKind;
  readonly handle: FileHandle;
  readonly header: FileHeader;
  /** Where the first frame lies. */
  readonly firstFrame: number;
  /** When it was opened. */
  readonly sizeBytes: number;
}

export interface LogFiles {
  readonly entries: LogFile;
  /** Null where there is none: whoever got a copy may have none. */
  readonly openings: LogFile | null;
}

/** From JavaScript anything may arrive, even what cannot stand in a message. */
export function expectPath(dir: unknown): void {
  if (typeof dir === "string" && dir !== "") return;
  throw new LogError("log.not_a_folder", "the path of a log's folder is text, and this is none: check it");
}

/** Makes the folder where that is asked for; otherwise it must be there. */
export async function expectFolder(dir: string, create: boolean): Promise<void> {
  try {
    if (!(await stat(dir)).isDirectory()) {
      throw new LogError("log.not_a_folder", `${dir} is a file: a log is a folder`);
    }
  } catch (error) {
    if (!create || errnoOf(error) !== "ENOENT") throw ioError(error, dir, "read");
    const first = await mkdir(dir, { recursive: true, mode: FOLDER_MODE });
    if (first !== undefined) await syncAround(resolve(first), resolve(dir));
  }
}

/** Makes the folders from `first` down to `last` durable: each has its name in the one above. */
async function syncAround(first: string, last: string): Promise<void> {
  for (let made = last; ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

/** Files that are no part of a log, by name, sorted. */
export async function strangeFiles(dir: string): Promise<readonly string[]> {
  return (await readdir(dir)).filter((name) => !FILES.includes(name)).sort();
}

export async function hasLog(dir: string): Promise<boolean> {
  const handle = await openOrNull(join(dir, ENTRIES_FILE), "r");
  await handle?.close();
  return handle !== null;
}

/** An empty log. The entries come last: a folder without them has no log yet, whatever else is there. */
export async function makeLog(dir: string, origin: string): Promise<void> {
  const strange = (await strangeFiles(dir)).filter((name) => !LEFT_BEHIND.test(name));
  const checkpoint = await openOrNull(join(dir, CHECKPOINT_FILE), "r");
  await checkpoint?.close();
  if (checkpoint !== null) throw missing(dir, ENTRIES_FILE);
  if (strange.length > 0) {
    const names = strange.slice(0, 3).join(", ");
    throw new LogError("log.not_empty", `${dir} has other files (${names}): a log wants a folder of its own`);
  }
  await expectNoOpenings(dir);
  const generation = crypto.getRandomValues(new Uint8Array(GENERATION_BYTES));
  const headerOf = (kind: FileKind) => encodeFileHeader({ kind, origin, generation });
  await replaceFile(dir, OPENINGS_FILE, headerOf("openings"), PRIVATE_MODE);
  await replaceFile(dir, ENTRIES_FILE, headerOf("entries"), PUBLIC_MODE);
}

/** Of a write, or of the takeover of a lock, that was interrupted. */
const LEFT_BEHIND = /\.new$|^lock(?:\.[0-9a-f-]{36})+$/;

/** Where the entries are gone, openings may be all that is left of them. */
async function expectNoOpenings(dir: string): Promise<void> {
  const bytes = await readSmall(join(dir, OPENINGS_FILE), FILE_HEADER_BYTES_MAX + 1);
  if (bytes === null) return;
  const line = bytes.indexOf(0x0a);
  // Without a line's end this may be the beginning of a first line.
  const isMore = line === -1 ? bytes.length > FILE_HEADER_BYTES_MAX : line + 1 < bytes.length;
  if (!isMore) return;
  const message = "there are openings, but no entries: restore the entries, or move this file elsewhere";
  throw new LogError("log.not_empty", message, { file: OPENINGS_FILE });
}

export function missing(dir: string, file: string): LogError {
  const advice = "check the path, or restore the file from a copy";
  return new LogError("log.missing", `there is no such file in ${dir}: ${advice}`, { file });
}

/** Opens what is there and checks that it is one log's. The caller closes it with `closeFiles`. */
export async function openFiles(dir: string, flags: "r" | "r+"): Promise<LogFiles> {
  const entries = await openFile(dir, ENTRIES_FILE, flags);
  if (entries === null) throw missing(dir, ENTRIES_FILE);
  let openings: LogFile | null = null;
  try {
    openings = await openFile(dir, OPENINGS_FILE, flags);
    if (openings !== null) expectSameLog(entries.header, openings.header);
    return { entries, openings };
  } catch (error) {
    await closeFiles({ entries, openings });
    throw error;
  }
}

export async function closeFiles({ entries, openings }: LogFiles): Promise<void> {
  await entries.handle.close();
  await openings?.handle.close();
}

async function openFile(dir: string, name: FileKind, flags: "r" | "r+"): Promise<LogFile | null> {
  const handle = await openOrNull(join(dir, name), flags).catch((error: unknown) => {
    throw ioError(error, name, flags === "r" ? "read" : "write");
  });
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    const decoded = decodeFileHeader(await readUpTo(handle, 0, Math.min(size, FILE_HEADER_BYTES_MAX)));
    if (!decoded.ok) throw damaged(name, `${decoded.message}: restore the file from a copy`);
    const { header, sizeBytes: firstFrame } = decoded;
    if (header.kind !== name) throw damaged(name, `this is the file ${header.kind}, under another name`);
    return { name, handle, header, firstFrame, sizeBytes: size };
  } catch (error) {
    await handle.close();
    throw ioError(error, name, "read");
  }
}

function expectSameLog(entries: FileHeader, openings: FileHeader): void {
  if (entries.origin === openings.origin && equalBytes(entries.generation, openings.generation)) return;
  throw damaged(
    OPENINGS_FILE,
    `this is the file of another log (${openings.origin}): restore it from a copy`,
  );
}

function damaged(file: string, message: string): LogError {
  return new LogError("log.malformed", message, { file, offset: 0 });
}
