/** Erasing in a log on the disk: what is left, who finishes it, and that no proof changes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkOpening } from "@polity/lineage/commitment.ts";
import type { DecisionEntry } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import { PENDING_FILE } from "@polity/lineage/file-store/layout.ts";
import { pendingFile } from "@polity/lineage/file-store/pending-redaction.ts";
import { readOpenings } from "@polity/lineage/file-store/read-openings.ts";
import { nodeCrypto, nodeRecording, nodeUuid } from "@polity/lineage/node/crypto.ts";
import { openRecorder } from "@polity/lineage/recorder.ts";
import { eraseAllSaid, redact } from "@polity/lineage/redaction.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { verifyInclusion } from "@polity/lineage/tree-proof.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { expect, test } from "vitest";
import { freshFolder, openLog, verify } from "../support/file-log.ts";
import { decision } from "../support/log-entries.ts";

const { sha256 } = nodeCrypto;
const COUNT = 40;

async function written(dir: string): Promise<LogStore> {
  const store = await openLog(dir);
  const all = Array.from({ length: COUNT }, (_, seq) => decision(seq));
  await Promise.all(all.map(({ entry, opening }) => store.append(entry, opening)));
  await store.checkpoint();
  return store;
}

function redacting(store: LogStore, dir: string, nextSeq: number) {
  const recorder = openRecorder(store, { node: "n", nextSeq, ports: nodeRecording, mode: "strict" });
  return { store, recorder, pending: pendingFile(dir), uuid: nodeUuid, sha256 };
}

const proofOf = (store: LogStore, index: number) => store.inclusionProof(index, COUNT);

/** Whether a value is anywhere below the folder. */
function isThere(dir: string, text: string): boolean {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  return files.some((file) => readFileSync(join(file.parentPath, file.name)).includes(text));
}

test("what is erased is nowhere in the folder, and every proof stays as it was", async () => {
  const dir = freshFolder();
  const store = await written(dir);
  const root = await store.root(COUNT);
  const before = await Promise.all([proofOf(store, 3), proofOf(store, 7), store.entry(3), store.entry(7)]);
  expect([isThere(dir, '4000-3\\"'), isThere(dir, '4000-7\\"')]).toEqual([true, true]);
  const field = await redact(redacting(store, dir, COUNT), {
    index: 3,
    pointers: ["/card"],
    reason: "asked",
  });
  const whole = await redact(redacting(store, dir, COUNT + 1), { index: 7, pointers: [], reason: "asked" });
  expect([field.ok, whole.ok]).toEqual([true, true]);
  await store.checkpoint();
  expect([isThere(dir, '4000-3\\"'), isThere(dir, '4000-7\\"'), isThere(dir, '4000-8\\"')]).toEqual([
    false,
    false,
    true,
  ]);
  const after = await Promise.all([proofOf(store, 3), proofOf(store, 7), store.entry(3), store.entry(7)]);
  expect(after).toEqual(before);
  for (const [at, index] of [3, 7].entries()) {
    const leaf = leafHash(before[at + 2] as Uint8Array, sha256);
    const claim = { index, size: COUNT, leaf, root, proof: before[at] as Uint8Array[] };
    expect(verifyInclusion(claim, sha256)).toBe(true);
  }
  const decoded = decodeEntry((await store.entry(3))!);
  if (!decoded.ok) throw new Error(decoded.message);
  const opened = checkOpening((decoded.entry as DecisionEntry).request!, (await store.opening(3))!);
  expect(opened).toMatchObject({ ok: true, erased: ["/card"] });
  expect(await store.opening(7)).toBeNull();
  expect(await eraseAllSaid(store, sha256)).toEqual([]);
  await store.close();
  expect(await verify(dir)).toMatchObject({ ok: true });
});

test("whoever was killed between the entry and the erasure is finished by the next who opens", async () => {
  const dir = freshFolder();
  const store = await written(dir);
  const id = nodeUuid();
  await pendingFile(dir).save({ id, from: store.size, index: 5, pointers: [] });
  const recorder = openRecorder(store, { node: "n", nextSeq: COUNT, ports: nodeRecording, mode: "strict" });
  const leaf = digestName(leafHash((await store.entry(5))!, sha256));
  await recorder.append({ kind: "redaction", targets: [{ leaf, pointers: [] }], reason: "x" }, { id });
  await store.close();
  expect([isThere(dir, '4000-5\\"'), readdirSync(dir).includes(PENDING_FILE)]).toEqual([true, true]);
  const reader = await openLog(dir, { signer: null, create: false });
  // Who only reads changes nothing.
  expect(await reader.opening(5)).not.toBeNull();
  const again = await openLog(dir);
  expect(await again.opening(5)).toBeNull();
  expect([isThere(dir, '4000-5\\"'), readdirSync(dir).includes(PENDING_FILE)]).toEqual([false, false]);
});

test("before the entry, nothing is erased", async () => {
  const dir = freshFolder();
  const store = await written(dir);
  await pendingFile(dir).save({ id: nodeUuid(), from: store.size, index: 5, pointers: [] });
  await store.close();
  const again = await openLog(dir);
  expect(await again.opening(5)).not.toBeNull();
  expect(readdirSync(dir)).not.toContain(PENDING_FILE);
});

test("openings are read in order, without those that are gone", async () => {
  const dir = freshFolder();
  const store = await written(dir);
  await store.erase(2);
  await store.erase(4, ["/card"]);
  const next = await readOpenings(dir);
  for (let index = 0; index < COUNT + 3; index += 1) {
    expect(await next(index)).toEqual(index < COUNT ? await store.opening(index) : null);
  }
  const some = await readOpenings(dir);
  expect((await some(1))?.sensitive).toHaveLength(1);
  expect(await some(2)).toBeNull();
  expect((await some(4))?.sensitive).toHaveLength(0);
  expect(await (await readOpenings(freshFolder()))(0)).toBeNull();
});
