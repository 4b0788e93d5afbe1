/**
 * Assembled programs that were made before, in a folder of the user's. A disk is not believed: an entry that
 * is not whole is no entry. Whatever goes wrong here costs time and nothing else.
 */
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Assembly } from "@polity/compiler/4-emit/assembly.ts";
import { sha256, utf8 } from "@polity/runtime/hash.ts";

/** Where entries of this form lie; another form takes another name. */
const FOLDER = "build-1";
const MAGIC = Buffer.from("polity build 1\n\n");
const DIGEST_BYTES = 32;
const HEAD_BYTES = MAGIC.length + 2 * DIGEST_BYTES;
const ENTRY_BYTES_MAX = 64 * 1024 * 1024;
const BYTES_MAX = 256 * 1024 * 1024;
const ENTRIES_MAX = 512;
/** What pruning leaves of either, so that it is not done each time. */
const LEFT = 0.75;
/** A draft that old belongs to a process that ended before it was done. */
const DRAFT_MS_MAX = 3_600_000;

export interface BuildCache {
  readonly get: (key: Buffer) => Uint8Array<ArrayBuffer> | null;
  readonly put: (key: Buffer, bytes: Uint8Array) => void;
}

/**
 * The folder that `POLITY_CACHE` names, else `polity` where the user's caches are; null where it is empty or
 * there is none that only this user can write.
 */
export function openBuildCache(env: NodeJS.ProcessEnv = process.env): BuildCache | null {
  const root = rootFolder(env);
  if (root === null) return null;
  const folder = join(root, FOLDER);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isOurs(root) || !isOurs(folder)) return null;
  } catch {
    return null;
  }
  return {
    get: (key) => attempt(() => read(folder, key)),
    put: (key, bytes) => void attempt(() => write(folder, key, bytes)),
  };
}

/** Two assemblies have the same only if an assembler makes the same of them. */
export function assemblyKey({ assembler, options, files }: Assembly): Buffer {
  return Buffer.from(sha256(utf8(JSON.stringify([assembler, options, [...files]]))));
}

function rootFolder({ POLITY_CACHE, XDG_CACHE_HOME }: NodeJS.ProcessEnv): string | null {
  if (POLITY_CACHE !== undefined) return POLITY_CACHE === "" ? null : POLITY_CACHE;
  // A relative one counts as not set (XDG Base Directory Specification).
  if (XDG_CACHE_HOME !== undefined && isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, "polity");
  const home = homedir();
  return isAbsolute(home) ? join(home, ".cache", "polity") : null;
}

/** Whoever else can write here could decide what is built. */
function isOurs(folder: string): boolean {
  const stat = statSync(folder);
  return stat.isDirectory() && isOnlyOurs(stat);
}

function isOnlyOurs({ uid, mode }: Stats): boolean {
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
}

function attempt<T>(task: () => T): T | null {
  try {
    return task();
  } catch {
    return null;
  }
}

function pathOf(folder: string, key: Buffer): string {
  return join(folder, key.toString("hex"));
}

/** Of one open file, which nobody can exchange between a look and the next. */
function read(folder: string, key: Buffer): Uint8Array<ArrayBuffer> | null {
  const file = openSync(pathOf(folder, key), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || !isOnlyOurs(stat)) return null;
    if (stat.size < HEAD_BYTES || stat.size > ENTRY_BYTES_MAX) return null;
    const entry = readFileSync(file);
    const body = entry.subarray(HEAD_BYTES);
    if (!entry.subarray(0, HEAD_BYTES).equals(headOf(key, body))) return null;
    const now = new Date();
    // What is used stays longest.
    attempt(() => futimesSync(file, now, now));
    return new Uint8Array(body);
  } finally {
    closeSync(file);
  }
}

function headOf(key: Buffer, body: Uint8Array): Buffer {
  return Buffer.concat([MAGIC, key, sha256(body)]);
}

/** Nobody finds an entry before it is whole; it need not outlive a power cut, which its sum would show. */
function write(folder: string, key: Buffer, body: Uint8Array): void {
  if (HEAD_BYTES + body.length > ENTRY_BYTES_MAX) return;
  const draft = join(folder, `${crypto.randomUUID()}.tmp`);
  try {
    writeFileSync(draft, Buffer.concat([headOf(key, body), body]), { flag: "wx", mode: 0o600 });
    renameSync(draft, pathOf(folder, key));
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  prune(folder);
}

/** Takes away what was used longest ago where there is too much, and drafts that nobody will finish. */
function prune(folder: string): void {
  const entries: { readonly path: string; readonly stat: BigIntStats }[] = [];
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stat = attempt(() => lstatSync(path, { bigint: true }));
    if (stat === null || !stat.isFile()) continue;
    if (!name.endsWith(".tmp")) entries.push({ path, stat });
    else if (Date.now() - Number(stat.mtimeMs) > DRAFT_MS_MAX) rmSync(path, { force: true });
  }
  let bytes = entries.reduce((sum, { stat }) => sum + Number(stat.size), 0);
  let count = entries.length;
  if (bytes <= BYTES_MAX && count <= ENTRIES_MAX) return;
  entries.sort((a, b) => Number(a.stat.mtimeNs - b.stat.mtimeNs));
  for (const { path, stat } of entries) {
    if (bytes <= BYTES_MAX * LEFT && count <= ENTRIES_MAX * LEFT) return;
    rmSync(path, { force: true });
    bytes -= Number(stat.size);
    count -= 1;
  }
}
