/**
 * A bundle as one file: a POSIX `ustar` archive (IEEE Std 1003.1, pax) in the one form that is written here.
 * `tar` unpacks it. Nothing is compressed, so a file is never larger than what came, and the same files are
 * the same bytes on every machine.
 */
import {
  BUNDLE_BYTES_MAX,
  BUNDLE_FILES_MAX,
  BUNDLED_BYTES_MAX,
  MANIFEST_PATH,
  meetingPaths,
  pathProblem,
} from "./bundle-paths.ts";
import { equalBytes, isBytes, utf8 } from "./hash.ts";
import { compareText } from "./text-order.ts";

/** By path; in any order. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>;

export type ArchiveCode = "bundle.archive" | "bundle.link" | "bundle.path" | "bundle.too_large";

export type ArchiveResult =
  | { readonly ok: true; readonly files: BundleFiles }
  | { readonly ok: false; readonly code: ArchiveCode; readonly message: string };

const BLOCK = 512;
/** Each file may have a header and a block that it does not fill; two blocks of zeros end the archive. */
export const ARCHIVE_BYTES_MAX = BUNDLE_BYTES_MAX + BUNDLE_FILES_MAX * 2 * BLOCK + 2 * BLOCK;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

/** The manifest first, the others ascending by path. Throws for what `readArchive` would refuse. */
export function writeArchive(files: BundleFiles): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const path of archiveOrder([...files.keys()])) {
    const content = files.get(path)!;
    const header = headerOf(path, content.length);
    if (header === null) throw new RangeError(`${path}: too long for an archive`);
    blocks.push(header, content, new Uint8Array(padding(content.length)));
  }
  blocks.push(new Uint8Array(2 * BLOCK));
  const archive = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const block of blocks) {
    archive.set(block, at);
    at += block.length;
  }
  const read = readArchive(archive);
  if (!read.ok) throw new RangeError(`no archive of a bundle: ${read.message}`);
  return archive;
}

function archiveOrder(paths: readonly string[]): readonly string[] {
  const others = paths.filter((path) => path !== MANIFEST_PATH).sort(compareText);
  return paths.includes(MANIFEST_PATH) ? [MANIFEST_PATH, ...others] : others;
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** A regular file that everybody may read, of nobody and no time; null where the path does not fit. */
function headerOf(path: string, size: number): Uint8Array | null {
  const parts = partsOf(path);
  if (parts === null) return null;
  const header = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => header.set(utf8(text), at);
  put(0, parts.name);
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${size.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar\0");
  put(263, "00");
  put(329, "0000000\0");
  put(337, "0000000\0");
  put(345, parts.prefix);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return header;
}

/** A long path is split at the first place that leaves a name of 100 bytes or fewer. */
function partsOf(path: string): { readonly name: string; readonly prefix: string } | null {
  if (path.length <= NAME_BYTES) return { name: path, prefix: "" };
  const at = path.indexOf("/", path.length - NAME_BYTES - 1);
  if (at < 1 || at > PREFIX_BYTES) return null;
  return { name: path.slice(at + 1), prefix: path.slice(0, at) };
}

/**
 * Only what `writeArchive` wrote; anything else is refused with what is wrong. The contents are views of
 * `archive`. Never throws.
 */
export function readArchive(archive: Uint8Array): ArchiveResult {
  if (!isBytes(archive)) return refuse("bundle.archive", "no bytes");
  if (archive.length > ARCHIVE_BYTES_MAX) {
    return refuse("bundle.too_large", `more than ${ARCHIVE_BYTES_MAX} bytes`);
  }
  if (archive.length % BLOCK !== 0) return refuse("bundle.archive", `not in blocks of ${BLOCK} bytes`);
  const files = new Map<string, Uint8Array>();
  let at = 0;
  let total = 0;
  while (at < archive.length && !isZero(archive.subarray(at, at + BLOCK))) {
    const entry = readEntry(archive, at);
    if ("code" in entry) return entry;
    const { path, content } = entry;
    total += content.length;
    if (files.size === BUNDLE_FILES_MAX) return tooLarge(`more than ${BUNDLE_FILES_MAX} files`);
    if (total > BUNDLE_BYTES_MAX) return tooLarge(`more than ${BUNDLE_BYTES_MAX} bytes in all files`);
    if (files.has(path)) return refuse("bundle.path", `${path} is there twice`);
    files.set(path, content);
    at += BLOCK + content.length + padding(content.length);
  }
  if (archive.length - at !== 2 * BLOCK || !isZero(archive.subarray(at))) {
    return refuse("bundle.archive", `after ${at} bytes there are not exactly two blocks of zeros`);
  }
  const paths = [...files.keys()];
  const meeting = meetingPaths(paths);
  if (meeting !== null) return refuse("bundle.path", `${meeting[0]} and ${meeting[1]} meet in one place`);
  const sorted = archiveOrder(paths);
  const misplaced = paths.find((path, index) => path !== sorted[index]);
  if (misplaced !== undefined) return refuse("bundle.archive", `${misplaced} is not in its place`);
  return { ok: true, files };
}

type Refusal = Extract<ArchiveResult, { ok: false }>;

function readEntry(
  archive: Uint8Array,
  at: number,
): { readonly path: string; readonly content: Uint8Array } | Refusal {
  const header = archive.subarray(at, at + BLOCK);
  if (at === 0 && !isOurs(header))
    return refuse("bundle.archive", "no `ustar` archive, as it is written here");
  const prefix = textIn(header, 345, PREFIX_BYTES);
  const name = textIn(header, 0, NAME_BYTES);
  const path = prefix === "" ? name : `${prefix}/${name}`;
  const shown = JSON.stringify(path);
  const kind = String.fromCharCode(header[156]!);
  if (kind === "1" || kind === "2") return refuse("bundle.link", `${shown} is a link`);
  const wrong = pathProblem(path);
  if (wrong !== null) return refuse("bundle.path", `${shown}: ${wrong}`);
  const size = /^[0-7]{11}$/.test(textIn(header, 124, 11)) ? Number.parseInt(textIn(header, 124, 11), 8) : -1;
  if (size > BUNDLED_BYTES_MAX) return tooLarge(`${path} has more than ${BUNDLED_BYTES_MAX} bytes`);
  const expected = size < 0 ? null : headerOf(path, size);
  if (expected === null || !equalBytes(expected, header)) {
    return refuse("bundle.archive", `the header of ${path} is not in the one form`);
  }
  const start = at + BLOCK;
  if (size > archive.length - start) return refuse("bundle.archive", `${path} is cut off`);
  if (!isZero(archive.subarray(start + size, start + size + padding(size)))) {
    return refuse("bundle.archive", `something stands behind ${path}`);
  }
  return { path, content: archive.subarray(start, start + size) };
}

function isOurs(header: Uint8Array): boolean {
  return textIn(header, 257, 8) === "ustar";
}

/** Up to the first zero; what is no ASCII cannot be mistaken for it. */
function textIn(header: Uint8Array, at: number, length: number): string {
  let text = "";
  for (const byte of header.subarray(at, at + length)) {
    if (byte === 0) break;
    text += String.fromCharCode(byte);
  }
  return text;
}

function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}

function tooLarge(message: string): Refusal {
  return refuse("bundle.too_large", message);
}

function refuse(code: ArchiveCode, message: string): Refusal {
  return { ok: false, code, message };
}
