/**
 * A bundle from the disk, a folder or an archive, with every size known before anything is read. Links are
 * not followed: what is read lies where it seems to lie.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  opendirSync,
  openSync,
  readSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import {
  ARCHIVE_BYTES_MAX,
  type ArchiveCode,
  type BundleFiles,
  readArchive,
} from "@polity/runtime/archive.ts";
import {
  BUNDLE_BYTES_MAX,
  BUNDLE_FILES_MAX,
  BUNDLED_BYTES_MAX,
  pathProblem,
} from "@polity/runtime/bundle-paths.ts";

export type BundleFilesResult =
  | {
      readonly ok: true;
      readonly files: BundleFiles;
      readonly form: "folder" | "archive";
    }
  | {
      readonly ok: false;
      readonly code: ArchiveCode | "bundle.unreadable";
      readonly message: string;
    };

/** Beyond what the files of a bundle need, at most as many folders. */
const ENTRIES_MAX = 2 * BUNDLE_FILES_MAX;

/** `bytesMax`: of all files together, at most 256 MiB. Never throws. */
export function readBundle(path: string, bytesMax: number = BUNDLE_BYTES_MAX): BundleFilesResult {
  try {
    if (statSync(path).isDirectory()) return { ok: true, files: readFolder(path, bytesMax), form: "folder" };
    const read = readArchive(readBounded(path, Math.min(bytesMax, BUNDLE_BYTES_MAX) + ARCHIVE_OVERHEAD));
    return read.ok ? { ...read, form: "archive" } : read;
  } catch (error) {
    return refusalOf(error);
  }
}

const ARCHIVE_OVERHEAD = ARCHIVE_BYTES_MAX - BUNDLE_BYTES_MAX;

const REFUSED = Symbol("refused");

interface Refused extends Error {
  readonly code: ArchiveCode;
  readonly [REFUSED]: true;
}

/** To throw for what a bundle does not have; it ends the reading. */
function refused(code: ArchiveCode, message: string): Refused {
  return Object.assign(new Error(message), { code, [REFUSED]: true as const });
}

function refusalOf(error: unknown): Extract<BundleFilesResult, { ok: false }> {
  if (error instanceof Error && REFUSED in error) {
    const { code, message } = error as Refused;
    return { ok: false, code, message };
  }
  const system = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : "";
  return { ok: false, code: "bundle.unreadable", message: `it cannot be read: ${system}` };
}

function readFolder(folder: string, bytesMax: number): BundleFiles {
  const paths = pathsIn(folder);
  let left = Math.min(bytesMax, BUNDLE_BYTES_MAX);
  for (const path of paths) left -= lstatSync(join(folder, path)).size;
  if (!(left >= 0)) throw refused("bundle.too_large", "more bytes in all files than a bundle may have");
  const files = new Map<string, Uint8Array>();
  for (const path of paths) files.set(path, readBounded(join(folder, path), BUNDLED_BYTES_MAX));
  return files;
}

/** Paths of files, ascending. */
function pathsIn(folder: string): readonly string[] {
  const paths: string[] = [];
  const waiting = [""];
  let entries = 0;
  for (let above = waiting.pop(); above !== undefined; above = waiting.pop()) {
    const listing = opendirSync(join(folder, above));
    try {
      for (let entry = listing.readSync(); entry !== null; entry = listing.readSync()) {
        const path = above === "" ? entry.name : `${above}/${entry.name}`;
        entries += 1;
        if (entries > ENTRIES_MAX || paths.length > BUNDLE_FILES_MAX) {
          throw refused("bundle.too_large", `more than ${BUNDLE_FILES_MAX} files`);
        }
        if (entry.isSymbolicLink()) throw refused("bundle.link", `${JSON.stringify(path)} is a link`);
        if (entry.isDirectory() && path.length < FOLDER_CHARACTERS_MAX) {
          waiting.push(path);
          continue;
        }
        const wrong = entry.isFile() ? pathProblem(path) : "neither a file nor a folder";
        if (wrong !== null) throw refused("bundle.path", `${JSON.stringify(path)}: ${wrong}`);
        paths.push(path);
      }
    } finally {
      listing.closeSync();
    }
  }
  return paths.sort();
}

const FOLDER_CHARACTERS_MAX = 255;

/** Of one open file, whose size nobody can change between a look and the reading. */
function readBounded(path: string, bytesMax: number): Uint8Array {
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const file = openSync(path, flags);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw refused("bundle.path", "neither a file nor a folder");
    if (!(stat.size <= bytesMax)) throw refused("bundle.too_large", `more than ${bytesMax} bytes`);
    const bytes = new Uint8Array(stat.size);
    let filled = 0;
    while (filled < bytes.length) {
      const read = readSync(file, bytes, filled, bytes.length - filled, filled);
      if (read === 0) break;
      filled += read;
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(file);
  }
}
