/** What an opened log has in its files: everything is read once, and only hashes and offsets are kept. */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { digestName, equalBytes } from "@polity/runtime/hash.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { decodeEntry } from "../entry-codec.ts";
import { LIMITS } from "../entry-schema.ts";
import { dueAfter, sequenceProblem } from "../sequence.ts";
import { LogError } from "../store.ts";
import { leafHash, makeTree, type Tree } from "../tree.ts";
import { ENTRIES_FILE, type LogFile, OPENINGS_FILE } from "./folder.ts";
import { type FrameRead, makeFrameReader } from "./frame-reader.ts";
import { OPENING_BYTES_MAX } from "./limits.ts";
import { isTornEntry, isTornOpening } from "./torn-tail.ts";

export interface ScannedEntries {
  readonly tree: Tree;
  /** Of each entry's frame. */
  readonly offsets: number[];
  /** For each node, the `seq` that is due. */
  readonly sequences: Map<string, number>;
  /** Where whole frames end; what follows was never promised to anybody. */
  readonly end: number;
}

/** Rejects where anything is damaged but a tail that an interrupted write may have left. */
export async function scanEntries(
  file: LogFile,
  published: Checkpoint | null,
  crypto: CryptoPort,
): Promise<ScannedEntries> {
  const covered = published?.size ?? 0;
  const { generation } = file.header;
  const source = { generation, bodyBytesMax: LIMITS.entryBytes, handle: file.handle };
  const reader = makeFrameReader({ ...source, from: file.firstFrame, until: file.sizeBytes });
  const scanned = {
    tree: makeTree(crypto.sha256),
    offsets: [] as number[],
    sequences: new Map<string, number>(),
  };
  for (;;) {
    const read = await reader.next();
    if (read.kind === "frame") {
      expectMark(read, scanned.offsets.length);
      noteSequence(scanned.sequences, read, scanned.offsets.length, covered);
      scanned.tree.append(leafHash(read.body, crypto.sha256));
      scanned.offsets.push(read.offset);
      continue;
    }
    await expectTail(file, read, scanned.offsets.length, covered);
    if (published !== null) expectRoot(scanned.tree, published);
    return { ...scanned, end: read.offset };
  }
}

async function expectTail(
  file: LogFile,
  read: Exclude<FrameRead, { kind: "frame" }>,
  index: number,
  covered: number,
): Promise<void> {
  const place = { file: file.name, offset: read.offset, index };
  if (index < covered) {
    const message = read.kind === "end" ? "the file ends" : read.message;
    const code = read.kind === "wrong" ? "log.malformed" : "log.truncated";
    const promise = `the checkpoint promises ${covered} entries: restore the file from a copy`;
    throw new LogError(code, `${message}, but ${promise}`, place);
  }
  if (read.kind === "end" || (await isTornEntry(file, read.offset))) return;
  const why = "no crash leaves such bytes, so they were changed later";
  throw new LogError("log.malformed", `${read.message}; ${why}: restore the file from a copy`, place);
}

function expectRoot(tree: Tree, { size, root }: Checkpoint): void {
  const found = tree.root(size);
  if (equalBytes(found, root)) return;
  throw new LogError(
    "log.other_root",
    `the checkpoint promises ${size} entries under the root ${digestName(root)}, but these are under ` +
      `${digestName(found)}: an entry was changed or replaced; restore the file from a copy`,
    { file: ENTRIES_FILE },
  );
}

/** Nothing can have been durable that was not written yet. */
export function expectMark({ mark, offset }: FrameOfEntry, index: number): void {
  if (mark <= offset) return;
  const place = { file: ENTRIES_FILE, offset, index };
  throw new LogError(
    "log.malformed",
    "the record's mark lies behind it: restore the file from a copy",
    place,
  );
}

type FrameOfEntry = Extract<FrameRead, { kind: "frame" }>;

/**
 * What the checkpoint covers was whole when it was signed, and the root vouches for that. What comes after
 * is about to be signed and therefore looked at with all care.
 */
function noteSequence(due: Map<string, number>, read: FrameOfEntry, index: number, covered: number): void {
  const place = { file: ENTRIES_FILE, offset: read.offset, index };
  if (index < covered) {
    const { node, seq } = trustedEntry(read.body);
    if (typeof node !== "string" || typeof seq !== "number") {
      throw new LogError("log.entry_invalid", "this is no entry: restore the file from a copy", place);
    }
    due.set(node, dueAfter({ seq }));
    return;
  }
  const decoded = decodeEntry(read.body);
  const problem = decoded.ok ? sequenceProblem(due, decoded.entry) : decoded.message;
  if (problem !== null)
    throw new LogError("log.entry_invalid", `${problem}: restore the file from a copy`, place);
  if (decoded.ok) due.set(decoded.entry.node, dueAfter(decoded.entry));
}

const decoder = new TextDecoder();

function trustedEntry(body: Uint8Array): { readonly node?: unknown; readonly seq?: unknown } {
  try {
    return Object(JSON.parse(decoder.decode(body)));
  } catch {
    return {};
  }
}

export interface ScannedOpenings {
  /** For each entry, where in the file its opening lies; -1 where there is none. */
  readonly offsets: number[];
  /** Where the openings of entries that are in the log end. */
  readonly end: number;
}

/**
 * Openings are durable before their entries are written, so some may belong to entries that never came.
 * `size` is how many did.
 */
export async function scanOpenings(file: LogFile, size: number): Promise<ScannedOpenings> {
  const source = { generation: file.header.generation, bodyBytesMax: OPENING_BYTES_MAX, handle: file.handle };
  const reader = makeFrameReader({ ...source, from: file.firstFrame, until: file.sizeBytes });
  const offsets: number[] = [];
  for (;;) {
    const read = await reader.next();
    if (read.kind === "frame" && read.mark < size) {
      if (read.mark < offsets.length)
        throw openingDamaged("openings are not in order", read.offset, read.mark);
      padTo(offsets, read.mark);
      offsets.push(read.offset);
      continue;
    }
    if (read.kind !== "frame" && read.kind !== "end" && !(await isTornOpening(file, read.offset, size))) {
      throw openingDamaged(read.message, read.offset);
    }
    padTo(offsets, size);
    return { offsets, end: read.offset };
  }
}

function padTo(offsets: number[], size: number): void {
  while (offsets.length < size) offsets.push(-1);
}

function openingDamaged(message: string, offset: number, index?: number): LogError {
  const place = { file: OPENINGS_FILE, offset, ...(index === undefined ? {} : { index }) };
  return new LogError("log.malformed", `${message}: restore the file from a copy`, place);
}
