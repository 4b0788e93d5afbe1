/**
 * Checks a log's folder from outside: nothing is believed but a public key. Entries are covered by hashes
 * that are signed and openings by the entries, against people; all else in the files by checksums, against
 * accidents. The first thing that is wrong is the answer.
 */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { digestName, equalBytes } from "@polity/runtime/hash.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import type { Checkpoint } from "../checkpoint.ts";
import type { Entry } from "../entry.ts";
import { decodeEntry } from "../entry-codec.ts";
import { LIMITS } from "../entry-schema.ts";
import { type NoteKey, noteKey } from "../note.ts";
import { makeRollingRoot } from "../rolling-root.ts";
import { dueAfter, sequenceProblem } from "../sequence.ts";
import { LogError, type LogPlace } from "../store.ts";
import { leafHash } from "../tree.ts";
import { ioError } from "./disk.ts";
import {
  closeFiles,
  ENTRIES_FILE,
  expectFolder,
  expectPath,
  type LogFile,
  type LogFiles,
  openFiles,
  strangeFiles,
} from "./folder.ts";
import { type FrameRead, makeFrameReader } from "./frame-reader.ts";
import { CHECKPOINT_FILE, type Published, readPublished } from "./published.ts";
import { expectMark } from "./scan.ts";
import { isTornEntry } from "./torn-tail.ts";
import { makeOpeningsCheck, type OpeningsCheck } from "./verify-openings.ts";

export interface LogSummary {
  readonly origin: string;
  /** Entries. */
  readonly size: number;
  /** `sha256:` and 64 hex digits. */
  readonly root: string;
  /** Earliest and latest time that entries claim, in milliseconds since 1970; null without entries. */
  readonly time: { readonly fromMs: number; readonly toMs: number } | null;
  /** How many entries there are of each kind, in the order in which kinds came first. */
  readonly kinds: ReadonlyMap<string, number>;
  /** Of decisions. */
  readonly verdicts: ReadonlyMap<string, number>;
  /** Entries that commit to a request, and those of them that an opening is there for. */
  readonly commitments: number;
  readonly openings: number;
  /** What a stranger should know and what is nobody's fault. */
  readonly warnings: readonly string[];
}

export type VerifyResult =
  | ({ readonly ok: true } & LogSummary)
  | { readonly ok: false; readonly error: LogError };

/**
 * Whether the folder is, whole, what the owner of `key` signed: checkpoint, header, every frame, every entry,
 * each node's count, every opening, and the root. Entries that no checkpoint covers are refused. Parents are
 * not looked up. Reads only, without the writer's lock: what is written meanwhile may show as uncovered, or
 * as a warning about openings. Memory does not grow with entries, only with the number of nodes that wrote
 * them. Never rejects.
 */
export async function verifyLog(dir: string, key: PublicKey, crypto: CryptoPort): Promise<VerifyResult> {
  try {
    expectPath(dir);
    await expectFolder(dir, false);
    const published = await readPublished(dir, (origin) => keyOf(origin, key, crypto), crypto);
    const files = await openFiles(dir, "r");
    try {
      return { ok: true, ...(await verifyFiles(dir, files, published, crypto)) };
    } finally {
      await closeFiles(files);
    }
  } catch (error) {
    return { ok: false, error: ioError(error, dir, "read") };
  }
}

function keyOf(origin: string, publicKey: PublicKey, { sha256 }: CryptoPort): NoteKey {
  const named = noteKey(origin, publicKey, sha256);
  if (named.ok) return named.key;
  throw new LogError("log.bad_origin", named.message, { file: CHECKPOINT_FILE, offset: 0 });
}

async function verifyFiles(
  dir: string,
  files: LogFiles,
  published: Published | null,
  crypto: CryptoPort,
): Promise<LogSummary> {
  if (published === null) throw unsigned();
  const { checkpoint } = published;
  const { header } = files.entries;
  if (header.origin !== checkpoint.origin) {
    const message = `a checkpoint of ${checkpoint.origin} beside entries of ${header.origin}`;
    throw new LogError("log.other_origin", `${message}: restore it from a copy`, {
      file: CHECKPOINT_FILE,
      offset: 0,
    });
  }
  const openings = makeOpeningsCheck(files.openings, checkpoint.size);
  const tally = await verifyEntries(files, checkpoint, openings, crypto);
  const ahead = await openings.expectEnd();
  return {
    origin: checkpoint.origin,
    size: checkpoint.size,
    root: digestName(checkpoint.root),
    time: tally.time,
    kinds: tally.kinds,
    verdicts: tally.verdicts,
    commitments: tally.commitments,
    openings: openings.found(),
    warnings: [...(ahead === null ? [] : [ahead]), ...(await warningsOf(dir, files, published))],
  };
}

interface Tally {
  readonly due: Map<string, number>;
  readonly kinds: Map<string, number>;
  readonly verdicts: Map<string, number>;
  commitments: number;
  time: LogSummary["time"];
}

async function verifyEntries(
  files: LogFiles,
  checkpoint: Checkpoint,
  openings: OpeningsCheck,
  { sha256 }: CryptoPort,
): Promise<Tally> {
  const { handle, header, firstFrame, sizeBytes } = files.entries;
  const limits = { generation: header.generation, bodyBytesMax: LIMITS.entryBytes };
  const reader = makeFrameReader({ ...limits, handle, from: firstFrame, until: sizeBytes });
  const rolling = makeRollingRoot(sha256);
  const tally: Tally = {
    due: new Map(),
    kinds: new Map(),
    verdicts: new Map(),
    commitments: 0,
    time: null,
  };
  for (let index = 0; ; index += 1) {
    if (index === checkpoint.size) expectRoot(rolling.root(), checkpoint);
    const read = await reader.next();
    const place = { file: ENTRIES_FILE, offset: read.offset, index };
    if (read.kind !== "frame") {
      await expectEnd(files.entries, read, checkpoint.size, place);
      return tally;
    }
    if (index >= checkpoint.size) throw uncovered(checkpoint.size, place);
    expectMark(read, index);
    const decoded = decodeEntry(read.body);
    const problem = decoded.ok ? sequenceProblem(tally.due, decoded.entry) : decoded.message;
    if (!decoded.ok || problem !== null) {
      const message = `${problem}: restore the file from a copy, or ask who wrote the log`;
      throw new LogError("log.entry_invalid", message, place);
    }
    rolling.append(leafHash(read.body, sha256));
    count(tally, decoded.entry);
    await openings.expectOpens(decoded.entry, index);
  }
}

function count(tally: Tally, entry: Entry): void {
  const { at, kind, node } = entry;
  tally.due.set(node, dueAfter(entry));
  tally.kinds.set(kind, (tally.kinds.get(kind) ?? 0) + 1);
  tally.time = {
    fromMs: Math.min(tally.time?.fromMs ?? at, at),
    toMs: Math.max(tally.time?.toMs ?? at, at),
  };
  if (entry.kind !== "decision") return;
  tally.verdicts.set(entry.verdict, (tally.verdicts.get(entry.verdict) ?? 0) + 1);
  if (entry.request !== null) tally.commitments += 1;
}

function expectRoot(found: Uint8Array, { size, root }: Checkpoint): void {
  if (equalBytes(found, root)) return;
  const message =
    `the ${size} entries are under the root ${digestName(found)}, but the checkpoint of ${size} was signed ` +
    `for ${digestName(root)}: an entry was changed or replaced; restore the file from a copy`;
  throw new LogError("log.other_root", message, { file: ENTRIES_FILE });
}

async function expectEnd(
  file: LogFile,
  read: Exclude<FrameRead, { kind: "frame" }>,
  size: number,
  place: LogPlace & { index: number },
): Promise<void> {
  if (place.index < size) {
    const promise = `the checkpoint covers ${size} entries: restore the file from a copy`;
    if (read.kind === "wrong") throw damaged(read.message, place);
    const message = read.kind === "end" ? "the file ends" : read.message;
    throw new LogError("log.truncated", `${message}, but ${promise}`, place);
  }
  if (read.kind === "end") return;
  if (!(await isTornEntry(file, read.offset))) {
    throw damaged(`${read.message}; no crash leaves such bytes, so they were changed later`, place);
  }
  const what = "behind what the checkpoint covers is the beginning of an entry";
  const advice = "a writer was interrupted, or is at work; sign with `pol log checkpoint` when it is done";
  throw new LogError("log.uncovered", `${what}: ${advice}`, place);
}

function damaged(message: string, place: LogPlace): LogError {
  return new LogError("log.malformed", `${message}: restore the file from a copy`, place);
}

/** An entry is durable before it is signed: after a crash there may be no signature at all. */
function unsigned(): LogError {
  const advice = "sign one with `pol log checkpoint`; if there was one, restore it from a copy";
  return new LogError("log.uncovered", `there is no checkpoint, so nobody vouches for the log: ${advice}`, {
    file: CHECKPOINT_FILE,
  });
}

function uncovered(size: number, place: LogPlace): LogError {
  const advice = "nobody vouches for it yet; sign a checkpoint with `pol log checkpoint`, or append and sign";
  return new LogError(
    "log.uncovered",
    `the checkpoint covers ${size} entries, and here is one more: ${advice}`,
    place,
  );
}

/** Windows has no such modes. */
async function modeWarnings({ handle, name }: LogFile): Promise<string[]> {
  const mode = (await handle.stat()).mode & 0o777;
  if (process.platform === "win32" || (mode & 0o077) === 0) return [];
  return [`${name} may be read or changed by other users (mode ${mode.toString(8)}): chmod 600 ${name}`];
}

async function warningsOf(dir: string, { openings }: LogFiles, { unknown }: Published): Promise<string[]> {
  const warnings = (await strangeFiles(dir)).map((name) => `${name} is no part of the log and was not read`);
  if (openings === null)
    warnings.push("there are no openings: no request was checked against its commitment");
  else warnings.push(...(await modeWarnings(openings)));
  if (unknown > 0)
    warnings.push(`${unknown} more signatures on the checkpoint, by keys that are not known here`);
  return warnings;
}
