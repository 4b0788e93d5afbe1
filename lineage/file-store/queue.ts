/** Entries on their way to the disk. */
import type { Sha256 } from "@polity/runtime/hash.ts";
import { checkOpening, type Opening } from "../commitment.ts";
import type { Entry } from "../entry.ts";
import { type WrittenEntry, writeEntry } from "../entry-codec.ts";
import { handedText } from "../handed-entry.ts";
import { dueAfter, sequenceProblem } from "../sequence.ts";
import { type Haste, LogError, type Receipt } from "../store.ts";
import { isKnownToOpen, takeWritten, writtenText } from "../written-opening.ts";
import { FRAME_HEADER_BYTES } from "./frame.ts";
import { BATCH_BYTES_MAX, OPENING_BYTES_MAX, QUEUE_BYTES_MAX, QUEUE_COUNT_MAX } from "./limits.ts";
import { decodeOpeningBody, encodeOpeningBody } from "./opening-body.ts";
import { makeSlab, type Slab } from "./slab.ts";

/** One entry that waits, and whoever waits for it. */
export interface Waiting {
  readonly body: Uint8Array;
  readonly opening: Uint8Array | null;
  readonly node: string;
  /** Of the node, once this entry is in. */
  readonly due: number;
  readonly haste: Haste;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: LogError) => void;
}

export interface Queue {
  readonly items: Waiting[];
  /** Of the items, with their frames. */
  bytes: number;
  /** Items that somebody waits for. */
  urgent: number;
  /** For each node, the `seq` that is due once the items are in. */
  readonly sequences: Map<string, number>;
  /** Called with the time that each accepted entry claims, in milliseconds since 1970. */
  readonly onTime: (at: number) => void;
  readonly sha256: Sha256;
  /** For entries, which stay until they are in tiles, and for openings, which go sooner. */
  readonly entrySlab: Slab;
  readonly openingSlab: Slab;
}

export function makeQueue(sequences: Queue["sequences"], onTime: Queue["onTime"], sha256: Sha256): Queue {
  const slabs = { entrySlab: makeSlab(), openingSlab: makeSlab() };
  return { items: [], bytes: 0, urgent: 0, sequences, onTime, sha256, ...slabs };
}

/**
 * Throws a LogError where the entry cannot be taken; then the queue is as it was. Entry and opening are read
 * once, to be written; what is judged is read back from the bytes, as whoever checks the log will read it.
 */
export function enqueue(
  queue: Queue,
  entry: Entry,
  opening: Opening | undefined,
  { haste, resolve, reject }: Pick<Waiting, "haste" | "resolve" | "reject">,
): void {
  if (queue.items.length >= QUEUE_COUNT_MAX) throw busy(`${queue.items.length} entries`);
  const { written, text } = read(entry, opening !== undefined);
  const problem = sequenceProblem(queue.sequences, written);
  if (problem !== null) throw invalid(problem);
  const { node } = written;
  const due = dueAfter(written);
  const item = {
    body: queue.entrySlab(text),
    opening: openingBytes(written, opening, queue),
    node,
    due,
    haste,
    resolve,
    reject,
  };
  const bytes = itemBytes(item);
  if (queue.bytes + bytes > QUEUE_BYTES_MAX) throw busy(`${queue.bytes} bytes`);
  queue.items.push(item);
  queue.bytes += bytes;
  if (haste === "now") queue.urgent += 1;
  queue.sequences.set(node, due);
  queue.onTime(written.at);
}

function read(entry: Entry, hasOpening: boolean): { readonly written: Entry; readonly text: string } {
  const handed = handedText(entry);
  if (handed !== null) return { written: entry, text: handed };
  const copy = copyOf(entry, hasOpening);
  const written = writeEntry(copy ?? entry);
  if (!written.ok || copy === null) throw invalid(refusalText(written));
  return { written: copy, text: written.text };
}

/**
 * What the store goes by, read once: members of what it was given may answer anew each time. Below the first
 * level that matters for openings alone.
 */
function ownCopy(entry: Entry, hasOpening: boolean): Entry {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return entry;
  const copy = { ...entry };
  if (!hasOpening || copy.kind !== "decision" || copy.request === null) return copy;
  const { commitment, sensitive } = copy.request;
  return { ...copy, request: { commitment, sensitive: sensitive.map((field) => ({ ...field })) } };
}

/** Null where a getter or a proxy threw, or the request is none. */
function copyOf(entry: Entry, hasOpening: boolean): Entry | null {
  try {
    return ownCopy(entry, hasOpening);
  } catch {
    return null;
  }
}

function refusalText(written: WrittenEntry): string {
  if (written.ok) return "the entry changed while it was read";
  const where = written.path === "" ? "" : `${written.path}: `;
  return `${where}${written.message} (${written.code})`;
}

/** What does not open its entry's commitment would be found by every later check of the log. */
function openingBytes(
  entry: Entry,
  opening: Opening | undefined,
  { sha256, openingSlab }: Queue,
): Uint8Array | null {
  if (opening === undefined) return null;
  if (entry.kind !== "decision" || entry.request === null) {
    throw new LogError("log.opening_mismatch", "there is an opening, but the entry commits to no request");
  }
  const known = takeWritten(opening);
  const { commitment, sensitive } = entry.request;
  if (known !== null && sensitive.length === 0 && isKnownToOpen(known, commitment, sha256)) {
    return keepable(openingSlab(writtenText(known)));
  }
  const bytes = keepable(bytesOf(opening));
  const decoded = decodeOpeningBody(bytes);
  const result = decoded.ok ? checkOpening(entry.request, decoded.opening, sha256) : decoded;
  if (!result.ok) throw new LogError("log.opening_mismatch", `${result.message} (${result.code})`);
  return bytes;
}

function keepable(bytes: Uint8Array): Uint8Array {
  if (bytes.length > OPENING_BYTES_MAX) {
    throw invalid(`the opening has ${bytes.length} bytes, at most ${OPENING_BYTES_MAX} are kept`);
  }
  return bytes;
}

function bytesOf(opening: Opening): Uint8Array {
  try {
    return encodeOpeningBody(opening);
  } catch (error) {
    const reason = error instanceof RangeError ? error.message : "it cannot be read";
    throw new LogError("log.opening_mismatch", `this is no opening: ${reason}`);
  }
}

/** As many of the first items as are written at once, of so many; at least one where there is any. */
export function takeBatch(queue: Queue, countMax: number): readonly Waiting[] {
  let count = 0;
  let bytes = 0;
  for (const item of queue.items) {
    if (count >= countMax) break;
    if (count > 0 && bytes + itemBytes(item) > BATCH_BYTES_MAX) break;
    count += 1;
    bytes += itemBytes(item);
    if (item.haste === "now") queue.urgent -= 1;
  }
  queue.bytes -= bytes;
  return queue.items.splice(0, count);
}

function itemBytes({ body, opening }: Pick<Waiting, "body" | "opening">): number {
  return frameBytes(body) + (opening === null ? 0 : frameBytes(opening));
}

function frameBytes(body: Uint8Array): number {
  return FRAME_HEADER_BYTES + body.length;
}

function invalid(message: string): LogError {
  return new LogError("log.entry_invalid", message);
}

function busy(what: string): LogError {
  const advice = "wait until some of them are in, or write down a gap";
  return new LogError("log.busy", `the disk is behind: ${what} wait for it already; ${advice}`);
}
