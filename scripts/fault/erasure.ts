/**
 * What must hold of erased requests after every fault, in docs/faults.md as I8: once the log says so, all of
 * it is gone, and not only a part; otherwise all of it is there.
 */
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { eraseFields, type Opening } from "@polity/lineage/commitment.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { pendingFile } from "@polity/lineage/file-store/pending-redaction.ts";
import { nodeCrypto, nodeRecording } from "@polity/lineage/node/crypto.ts";
import { openRecorder } from "@polity/lineage/recorder.ts";
import { redact } from "@polity/lineage/redaction.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { verifyInclusion } from "@polity/lineage/tree-proof.ts";
import { filesBelow } from "./files-below.ts";
import type { Ledger } from "./ledger.ts";
import { openFor, verifyFor } from "./log-api.ts";
import { homeOf, type Place } from "./place.ts";
import { expectedEntry, nodeName } from "./plan.ts";
import { rawLeaf } from "./raw-log.ts";
import { ERASER, isRedaction, REASON, type RedactStep, redactionVariant, targetOf } from "./redactions.ts";

/** By node and number: what the log says is gone; null stands for the whole request. */
export type Erased = ReadonlyMap<string, ReadonlySet<string> | null>;

export function erasedBy(variants: Iterable<string>): Erased {
  const erased = new Map<string, Set<string> | null>();
  for (const variant of variants) {
    if (!isRedaction(variant)) continue;
    const { node, seq, pointers } = targetOf(variant);
    const known = erased.get(`${node} ${seq}`);
    const isWhole = known === null || pointers.length === 0;
    erased.set(`${node} ${seq}`, isWhole ? null : new Set([...(known ?? []), ...pointers]));
  }
  return erased;
}

/** What opens the request of an entry now. */
export function openingNow(node: number, seq: number, erased: Erased): Opening | null {
  const { opening } = expectedEntry(node, seq);
  const pointers = erased.get(`${node} ${seq}`);
  if (opening === undefined || pointers === null) return null;
  return pointers === undefined ? opening : eraseFields(opening, [...pointers]);
}

/** Salts and values that must be nowhere, in the form in which they were written. */
function needlesOf(erased: Erased): readonly string[] {
  return [...erased].flatMap(([which, pointers]) => {
    const [node = 0, seq = 0] = which.split(" ").map(Number);
    const { opening } = expectedEntry(node, seq);
    if (opening === undefined) return [];
    const salt = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
    const fields = opening.sensitive.filter(({ pointer }) => pointers === null || pointers.has(pointer));
    const needles = fields.flatMap((field) => [salt(field.salt), JSON.stringify(field.value)]);
    if (pointers !== null) return needles;
    return [...needles, salt(opening.salt), JSON.stringify(opening.request)];
  });
}

/** No erased byte is in any file, also of the anchor and the index. */
export function remainingProblems(place: Place, erased: Erased): readonly string[] {
  const needles = needlesOf(erased);
  if (needles.length === 0) return [];
  return filesBelow(homeOf(place)).flatMap((file) => {
    const bytes = readFileSync(file);
    const left = needles.filter((needle) => bytes.includes(needle));
    return left.map((needle) => `I8: ${file.slice(homeOf(place).length + 1)} still has ${needle}`);
  });
}

/**
 * Before anybody opens the log to write: what opens each request is whole, or is without all that was to be
 * erased.
 */
export async function halfErasedProblems(place: Place, ledger: Ledger): Promise<readonly string[]> {
  const options = { origin: null, signer: null, crypto: nodeCrypto, create: false };
  const opened = await openFileLog(place.dir, options);
  if (!opened.ok) return [`I8: nobody can read it: ${opened.error.message}`];
  const { store } = opened;
  const problems: string[] = [];
  const erased = erasedBy(ledger.variants);
  for (const which of erased.keys()) {
    const [node = 0, seq = 0] = which.split(" ").map(Number);
    const index = await indexOf(store, expectedEntry(node, seq).bytes);
    const found = index === null ? null : await store.opening(index);
    const states = [expectedEntry(node, seq).opening, openingNow(node, seq, erased)];
    if (!states.some((state) => isDeepStrictEqual(state, found)))
      problems.push(`I8: entry ${index} is erased by half: ${JSON.stringify(found)}`);
  }
  await store.close();
  return problems;
}

async function indexOf(store: LogStore, bytes: Uint8Array): Promise<number | null> {
  for (let index = store.size - 1; index >= 0; index -= 1) {
    const found = await store.entry(index);
    if (found !== null && Buffer.compare(found, bytes) === 0) return index;
  }
  return null;
}

/**
 * Whoever asks for the same again gets it, or hears that it is gone; then it is, and every proof of before
 * holds.
 */
export async function askAgain(place: Place, steps: readonly RedactStep[]): Promise<readonly string[]> {
  const opened = await openFor({ ...place, create: false });
  if (!opened.ok) return [`I4: it does not open to erase again: ${opened.error.message}`];
  const { store, nextSeq } = opened;
  const problems: string[] = [];
  let seq = nextSeq(nodeName(ERASER));
  for (const step of steps) {
    const recorder = openRecorder(store, {
      node: nodeName(ERASER),
      nextSeq: seq,
      ports: nodeRecording,
      mode: "strict",
    });
    const pending = pendingFile(place.dir);
    const redacting = { store, recorder, pending, uuid: nodeRecording.uuid, sha256: nodeRecording.sha256 };
    const before = await store.root(step.index + 1);
    const done = await redact(redacting, { ...step, reason: REASON });
    if (done.ok) seq += 1;
    else if (done.code !== "redact.gone") problems.push(`I8: erasing again: ${done.code}: ${done.message}`);
    await store.checkpoint();
    const leaf = rawLeaf(expectedEntry(step.node, step.seq).bytes);
    const proof = await store.inclusionProof(step.index, step.index + 1);
    const claim = { index: step.index, size: step.index + 1, leaf, root: before, proof };
    if (!verifyInclusion(claim, nodeRecording.sha256)) problems.push(`I8: the proof of ${step.index} fails`);
  }
  await store.close();
  const erased = erasedBy(steps.map(redactionVariant));
  problems.push(...remainingProblems(place, erased));
  const verified = await verifyFor(place.dir);
  return verified.ok ? problems : [...problems, `erased, it does not verify: ${verified.error.message}`];
}

/** Nothing is promised any more once the log was opened. */
export async function promiseProblems({ dir }: Place): Promise<readonly string[]> {
  const pending = await pendingFile(dir).load();
  return pending === null ? [] : [`I8: the promise is still there: ${JSON.stringify(pending)}`];
}
