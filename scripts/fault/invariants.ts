/**
 * What must hold after every fault, docs/faults.md lists it as I1 to I6 and I8. The log is opened again as
 * its owner would do it, goes on for a few entries, and is then read by code that knows nothing of the store.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Entry } from "@polity/lineage/entry.ts";
import { LogError, type LogStore } from "@polity/lineage/store.ts";
import { type Erased, erasedBy, openingNow, promiseProblems, remainingProblems } from "./erasure.ts";
import { filesBelow } from "./files-below.ts";
import { indexProblems } from "./index-rebuild.ts";
import type { Ledger } from "./ledger.ts";
import { LOG_SIGNER, openFor, verifyFor } from "./log-api.ts";
import type { Place } from "./place.ts";
import { entryOf, expectedEntry, nodeName, nodeNumber, USUAL } from "./plan.ts";
import { rawCheckpoint, rawEntries, rawLeaf, rawPrefixRoots, tileProblems } from "./raw-log.ts";
import { ERASER, isRedaction } from "./redactions.ts";

export interface Found {
  /** Null where the log was opened again. */
  readonly refused: string | null;
  /** The code with which it would not go on; null where it did. */
  readonly stopped: string | null;
  readonly problems: readonly string[];
  /** Entries in the end. */
  readonly size: number;
}

export interface CheckOptions {
  /** Codes with which opening may answer instead; none unless bytes were changed behind the store's back. */
  readonly mayRefuse?: readonly string[];
  /** Whether the log goes on for some entries; then a checkpoint covers all. */
  readonly goesOn?: boolean;
}

const ANCHOR_BYTES_MAX = 1 << 20;
/** Shorter than any entry that was asked to have a size. */
const LONG_BYTES = 1_400;

/** Adds every note that lies where others, or the next opening, would read it. */
export function collectNotes({ dir, anchor }: Place, ledger: Ledger): void {
  const published = join(dir, "public", "checkpoint");
  const files = [published, ...filesBelow(anchor)];
  for (const file of files) {
    if (!existsSync(file) || statSync(file).size > ANCHOR_BYTES_MAX) continue;
    const text = readFileSync(file, "latin1");
    if (!text.includes("\n\n\u00e2\u0080\u0094 ")) continue;
    const note = Buffer.from(text, "latin1").toString("utf8");
    try {
      rawCheckpoint(note, LOG_SIGNER.publicKey.bytes);
      ledger.notes.add(note);
    } catch {
      // What is no note of ours cannot bind us; a changed one is the store's to find.
    }
  }
}

/** Opens the log again and holds it against the ledger. */
export async function checkAfter(
  place: Place,
  ledger: Ledger,
  { mayRefuse = [], goesOn = true }: CheckOptions = {},
): Promise<Found> {
  collectNotes(place, ledger);
  const gone = remainingProblems(place, erasedBy(ledger.erased));
  const opened = await openFor({ ...place, create: ledger.acknowledged.size === 0 });
  if (!opened.ok) {
    const { code, file, message } = opened.error;
    const problems = [...ledger.problems, ...gone];
    if (!mayRefuse.includes(code)) problems.push(`I4: it does not open again: ${code}: ${message}`);
    if (file === null) problems.push(`I4: the refusal names no file: ${code}: ${message}`);
    return { refused: code, stopped: null, problems, size: 0 };
  }
  const { store, nextSeq } = opened;
  const problems = [...ledger.problems, ...gone];
  problems.push(...(await storeProblems(place, store, ledger)));
  let stopped: string | null = null;
  if (goesOn) {
    try {
      await goOn(store, nextSeq, ledger);
    } catch (error) {
      stopped = error instanceof LogError ? error.code : "thrown";
      problems.push(`I4: it does not go on: ${error}`);
    }
  }
  await store.close();
  const { size } = store;
  if (problems.length === 0 && goesOn) {
    collectNotes(place, ledger);
    problems.push(...rawProblems(place, ledger));
    const verified = await verifyFor(place.dir);
    if (!verified.ok)
      problems.push(`the log does not verify: ${verified.error.code}: ${verified.error.message}`);
    problems.push(...(await indexProblems(place)));
  }
  return { refused: null, stopped, problems, size };
}

/** I1 and I5 as the store's own readers see them. */
async function storeProblems(place: Place, store: LogStore, ledger: Ledger): Promise<readonly string[]> {
  const problems: string[] = [];
  const due = new Map<number, number>();
  const entries: Uint8Array[] = [];
  for (let index = 0; index < store.size; index += 1) {
    try {
      const bytes = await store.entry(index);
      const problem = bytes === null ? "I1: is not there" : entryProblem(bytes, index, due, ledger);
      if (problem !== null) problems.push(`entry ${index} ${problem}`);
      else entries[index] = bytes!;
    } catch (error) {
      problems.push(`I1: entry ${index} cannot be read: ${error}`);
    }
  }
  const erased = erasedBy(redactionsIn(entries, ledger));
  for (const [index, bytes] of entries.entries()) {
    if (bytes === undefined || (await isOpened(store, index, bytes, erased))) continue;
    problems.push(`I5: entry ${index} has not the opening that it should have`);
  }
  problems.push(...remainingProblems(place, erased), ...(await promiseProblems(place)));
  for (const index of ledger.acknowledged.keys()) {
    if (index >= store.size)
      problems.push(`I1: entry ${index} was acknowledged, and the log has ${store.size}`);
  }
  return problems.slice(0, 5);
}

/** The redactions that were sent and that the log has. */
function redactionsIn(entries: readonly Uint8Array[], { variants }: Ledger): readonly string[] {
  const sent = [...variants].filter(isRedaction);
  if (sent.length === 0) return [];
  const read = entries.map((bytes) => JSON.parse(Buffer.from(bytes).toString()) as Entry);
  return read.flatMap((entry) => {
    if (entry.kind !== "redaction") return [];
    return sent.filter((variant) =>
      isDeepStrictEqual(entry.targets, (entryOf(ERASER, entry.seq, variant).entry as typeof entry).targets),
    );
  });
}

/** Entry and opening are one promise: the second must not be missing where the first is there. */
async function isOpened(store: LogStore, index: number, bytes: Uint8Array, erased: Erased): Promise<boolean> {
  const { node, seq } = JSON.parse(Buffer.from(bytes).toString());
  const number = nodeNumber(node) ?? 0;
  // Long entries commit to a request, too, and nobody keeps what opens it.
  if (expectedEntry(number, seq).opening === undefined || bytes.length > LONG_BYTES) return true;
  if (number === ERASER) return true;
  return isDeepStrictEqual(await store.opening(index), openingNow(number, seq, erased));
}

/** Null where the entry is the one that was promised, or else one that was sent, whole and in its place. */
function entryProblem(
  bytes: Uint8Array,
  index: number,
  due: Map<number, number>,
  { acknowledged, variants }: Ledger,
): string | null {
  let said: { node?: unknown; seq?: unknown };
  try {
    said = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return "I5: is no JSON";
  }
  const node = nodeNumber(String(said.node));
  const seq = Number(said.seq);
  if (node === null) return `I5: is of ${said.node}, who never wrote`;
  if ((due.get(node) ?? 0) !== seq)
    return `I5: is number ${seq} of ${nodeName(node)}, not ${due.get(node) ?? 0}`;
  due.set(node, seq + 1);
  const promised = acknowledged.get(index);
  if (promised !== undefined) {
    const leaf = `sha256:${rawLeaf(bytes).toString("hex")}`;
    if (leaf !== promised.leaf) return `I1: is under ${leaf}, and ${promised.leaf} was acknowledged`;
  }
  const wanted = Buffer.from(bytes);
  const isSent = [...variants].some((variant) => wanted.equals(expectedEntry(node, seq, variant).bytes));
  return isSent ? null : "I5: has other bytes than were sent";
}

async function goOn(store: LogStore, nextSeq: (node: string) => number, ledger: Ledger): Promise<void> {
  for (let node = 0; node < 2; node += 1) {
    const seq = nextSeq(nodeName(node));
    const { entry, opening } = entryOf(node, seq);
    const { index, leafHash } = await store.append(entry, opening);
    ledger.acknowledged.set(index, { node, seq, variant: USUAL, leaf: leafHash });
  }
  ledger.notes.add(await store.checkpoint());
}

/** I1, I2 and I3 from the public files alone, and whether the tiles are those of the entries. */
export function rawProblems({ dir }: Place, ledger: Ledger): readonly string[] {
  const publicDir = join(dir, "public");
  if (!existsSync(publicDir)) return []; // TRANSIENT
  try {
    const head = rawCheckpoint(
      readFileSync(join(publicDir, "checkpoint"), "utf8"),
      LOG_SIGNER.publicKey.bytes,
    );
    const entries = rawEntries(publicDir, head.size);
    const leaves = entries.map(rawLeaf);
    const problems: string[] = [];
    for (const [index, { leaf }] of ledger.acknowledged) {
      const found = leaves[index] === undefined ? "nothing" : `sha256:${leaves[index].toString("hex")}`;
      if (found !== leaf)
        problems.push(`I1: the bundles have ${found} at ${index}, and ${leaf} was acknowledged`);
    }
    const checkpoints = [...ledger.notes].map((note) => rawCheckpoint(note, LOG_SIGNER.publicKey.bytes));
    const roots = rawPrefixRoots(leaves, new Set(checkpoints.map(({ size }) => size)));
    for (const { origin, size, root } of checkpoints) {
      if (origin !== head.origin) problems.push(`I3: a checkpoint of ${origin} was signed`);
      else if (size > leaves.length)
        problems.push(`I2: a checkpoint of ${size} was signed, now it is ${head.size}`);
      else if (roots.get(size) !== root) {
        problems.push(`I2: the checkpoint of ${size} that was signed is no beginning of the tree`);
      }
    }
    return [...problems, ...tileProblems(publicDir, leaves)].slice(0, 5);
  } catch (error) {
    return [`the public files cannot be read: ${error}`];
  }
}
