/** What is erased, what the log says of it, and who finishes what was interrupted. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commitRequest, eraseFields, type Opening } from "@polity/lineage/commitment.ts";
import type { Entry, RedactionEntry } from "@polity/lineage/entry.ts";
import { encodeEntry } from "@polity/lineage/entry-codec.ts";
import { PENDING_FILE, STAGING_FOLDER } from "@polity/lineage/file-store/layout.ts";
import { pendingFile } from "@polity/lineage/file-store/pending-redaction.ts";
import { nodeCrypto, nodeRandomBytes, nodeRecording, nodeUuid } from "@polity/lineage/node/crypto.ts";

import { openRecorder } from "@polity/lineage/recorder.ts";
import {
  decodePending,
  encodePending,
  eraseAllSaid,
  type RedactableStore,
  redact,
  resume,
} from "@polity/lineage/redaction.ts";
import { LogError, type LogStore } from "@polity/lineage/store.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { digestName, utf8 } from "@polity/runtime/hash.ts";
import { describe, expect, test } from "vitest";
import { freshFolder, rejection } from "../support/file-log.ts";
import { decision, heartbeat } from "../support/log-entries.ts";

const { sha256 } = nodeCrypto;

/** A log in memory that can be interrupted before it erases. */
function memoryLog() {
  const entries: Uint8Array[] = [];
  const openings: (Opening | null)[] = [];
  let isInterrupted = false;
  const log = {
    get size() {
      return entries.length;
    },
    append: async (entry: Entry, opening?: Opening) => {
      const encoded = encodeEntry(entry);
      if (!encoded.ok) throw new LogError("log.entry_invalid", encoded.message);
      entries.push(encoded.bytes);
      openings.push(opening ?? null);
      return { index: entries.length - 1, leafHash: digestName(leafHash(encoded.bytes, sha256)) };
    },
    entry: async (index: number) => entries[index] ?? null,
    opening: async (index: number) => openings[index] ?? null,
    erase: async (index: number, pointers: readonly string[] = []) => {
      if (isInterrupted) throw new LogError("log.failed", "interrupted");
      const opening = openings[index] ?? null;
      if (opening === null) return false;
      openings[index] = pointers.length === 0 ? null : eraseFields(opening, pointers);
      return true;
    },
    flush: async () => {},
  };
  const interrupt = (now: boolean) => {
    isInterrupted = now;
  };
  return { log: log as typeof log & RedactableStore, openings, interrupt };
}

const filesIn = (dir: string) => readdirSync(dir).filter((name) => name !== STAGING_FOLDER);

async function history() {
  const { log, openings, interrupt } = memoryLog();
  const dir = freshFolder();
  mkdirSync(join(dir, STAGING_FOLDER));
  const pending = pendingFile(dir);
  const store = log as unknown as LogStore;
  await log.append(heartbeat(0));
  for (let seq = 1; seq < 5; seq += 1) await log.append(decision(seq).entry, decision(seq).opening);
  const recorder = openRecorder(store, { node: "n", nextSeq: 5, ports: nodeRecording, mode: "strict" });
  const redacting = { store: log, recorder, pending, uuid: nodeUuid, sha256 };
  return { log, openings, interrupt, dir, pending, redacting };
}

describe("a request is erased", () => {
  test("as a whole or by field, after the log has said so", async () => {
    const { log, openings, redacting, dir } = await history();
    const whole = await redact(redacting, { index: 2, pointers: [], reason: "asked for" });
    const field = await redact(redacting, { index: 3, pointers: ["/card", "/card"], reason: "asked for" });
    if (!whole.ok || !field.ok) throw new Error("refused");
    expect(openings[2]).toBeNull();
    expect(openings[3]).toMatchObject({ request: decision(3).opening.request, sensitive: [] });
    const said = [whole, field].map(({ written }) => (written.entry as RedactionEntry).targets);
    expect(said).toEqual([
      [{ leaf: digestName(leafHash((await log.entry(2))!, sha256)), pointers: [] }],
      [{ leaf: digestName(leafHash((await log.entry(3))!, sha256)), pointers: ["/card"] }],
    ]);
    expect([whole.written.receipt.index, field.written.receipt.index]).toEqual([5, 6]);
    expect(filesIn(dir)).toEqual([]);
  });

  test.each([
    ["what is no decision", { index: 0, pointers: [] }, "redact.no_request"],
    ["what is not there", { index: 77, pointers: [] }, "redact.no_request"],
    ["what is no sensitive field", { index: 1, pointers: ["/amount"] }, "redact.no_field"],
    ["a field beside one that is", { index: 1, pointers: ["/card", "/x"] }, "redact.no_field"],
  ])("but not %s, and then nothing is written", async (_what, redaction, code) => {
    const { log, redacting, dir } = await history();
    expect(await redact(redacting, { ...redaction, reason: "x" })).toMatchObject({ ok: false, code });
    expect([log.size, filesIn(dir)]).toEqual([5, []]);
  });

  test("but not twice", async () => {
    const { log, redacting } = await history();
    await redact(redacting, { index: 1, pointers: ["/card"], reason: "x" });
    const again = await redact(redacting, { index: 1, pointers: ["/card"], reason: "x" });
    expect(again).toMatchObject({ ok: false, code: "redact.gone" });
    expect((await redact(redacting, { index: 1, pointers: [], reason: "x" })).ok).toBe(true);
    expect(await redact(redacting, { index: 1, pointers: [], reason: "x" })).toMatchObject({
      code: "redact.gone",
    });
    expect(log.size).toBe(7);
  });
});

describe("what was interrupted", () => {
  test("after the entry is finished by whoever comes next", async () => {
    const { log, openings, interrupt, redacting, pending, dir } = await history();
    interrupt(true);
    const failed = await rejection(redact(redacting, { index: 4, pointers: ["/card"], reason: "x" }));
    expect(failed.code).toBe("log.failed");
    expect([log.size, openings[4]?.sensitive.length, filesIn(dir)]).toEqual([6, 1, [PENDING_FILE]]);
    interrupt(false);
    // Others write before somebody finishes it.
    for (let seq = 6; seq < 9; seq += 1) await log.append(heartbeat(seq));
    expect(await resume(log, pending)).toMatchObject({ index: 4, pointers: ["/card"] });
    expect([openings[4]?.sensitive.length, filesIn(dir)]).toEqual([0, []]);
    expect(await resume(log, pending)).toBeNull();
  });

  test("before the entry was never promised", async () => {
    const { log, openings, pending, dir } = await history();
    await pending.save({ id: nodeUuid(), from: log.size, index: 4, pointers: [] });
    await log.append(heartbeat(5));
    expect(await resume(log, pending)).toBeNull();
    expect([openings[4] === null, filesIn(dir)]).toEqual([false, []]);
  });

  test("leaves a file that nothing else can be", async () => {
    const { log, pending, dir } = await history();
    const promised = { id: nodeUuid(), from: 5, index: 4, pointers: ["/a", "/b"] };
    expect(decodePending(encodePending(promised))).toEqual(promised);
    for (const wrong of ["", "{}", '{"from":5}', "[]", "\ud800", JSON.stringify({ ...promised, more: 1 })]) {
      expect(decodePending(utf8(wrong))).toBeNull();
    }
    const text = new TextDecoder().decode(encodePending(promised));
    for (const other of [text.replace('"/a","/b"', '"/b","/a"'), text.replace("5", "-5"), ` ${text}`]) {
      expect(decodePending(utf8(other))).toBeNull();
    }
    writeFileSync(join(dir, PENDING_FILE), "half of it");
    expect((await rejection(resume(log, pending))).code).toBe("log.malformed");
    mkdirSync(join(dir, "other"));
    expect((await rejection(pendingFile(join(dir, "other", "gone")).save(promised))).code).toBe("log.failed");
  });
});

test("what the log says was erased, and came back with a backup, is erased again", async () => {
  const { log, openings, redacting } = await history();
  const backup = [...openings];
  await redact(redacting, { index: 1, pointers: ["/card"], reason: "x" });
  await redact(redacting, { index: 2, pointers: [], reason: "x" });
  await redact(redacting, { index: 3, pointers: ["/card"], reason: "x" });
  await redact(redacting, { index: 3, pointers: [], reason: "x" });
  expect(await eraseAllSaid(log, sha256)).toEqual([1]);
  openings.splice(0, backup.length, ...backup);
  expect(await eraseAllSaid(log, sha256)).toEqual([1, 2, 3]);
  expect(openings.map((opening) => opening?.sensitive.length ?? null)).toEqual([
    null,
    0,
    null,
    null,
    1,
    ...Array(4).fill(null),
  ]);
});

test("the commitment of a field stays when its value goes", () => {
  const committed = commitRequest('{"card":"4000"}', ["/card"], nodeRandomBytes);
  if (!committed.ok) throw new Error(committed.message);
  expect(JSON.stringify(eraseFields(committed.opening, ["/card"]))).not.toContain("4000");
});
