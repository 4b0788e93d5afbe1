import type { Entry } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import { nodeRandomBytes, nodeRecording } from "@polity/lineage/node/crypto.ts";
import { openRecorder, type RecorderOptions, type RecordingStore } from "@polity/lineage/recorder.ts";
import { LogError } from "@polity/lineage/store.ts";
import { expect, test } from "vitest";
import { freshFolder, openLog, rejection } from "../support/file-log.ts";
import { heldStore } from "../support/held-store.ts";

const strict: RecorderOptions = { node: "n1", nextSeq: 0, ports: nodeRecording, mode: "strict" };
const relaxed: RecorderOptions = { ...strict, mode: "relaxed" };
const event = (name: string) => ({ kind: "event", name, phase: "ok", event: "e", digest: null }) as const;
const events = (count: number) => Array.from({ length: count }, (_, at) => event(`e${at}`));

/** What the entries say of their order: `n1 3` or, of a gap, `n1 1+2 3`. */
const numbers = (held: ReturnType<typeof heldStore>) =>
  held.entries.map((one) => (one.kind === "gap" ? `${one.fromSeq}+${one.count} ${one.seq}` : `${one.seq}`));

test("an entry is acknowledged once it is durable, and not before", async () => {
  const held = heldStore();
  const recorder = openRecorder(held.store, { ...strict, nextSeq: 7 });
  expect(() => openRecorder(held.store, { ...strict, node: "" })).toThrow(RangeError);
  expect(() => openRecorder(held.store, { ...strict, waitingMax: 0 })).toThrow(RangeError);
  // The log has no entry of this node: it begins with 0, and so it is refused, and nothing is stuck.
  expect((await rejection(recorder.append(event("a")))).code).toBe("log.entry_invalid");
  const from0 = openRecorder(held.store, strict);
  let isThere = false;
  const written = from0.append(event("a")).then((one) => {
    isThere = true;
    return one;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect([isThere, from0.counts().waiting]).toEqual([false, 1]);
  await held.sync();
  expect(await written).toMatchObject({
    entry: { seq: 0, node: "n1" },
    receipt: { origin: "example.com/held", index: 0 },
  });
  expect(from0.counts()).toEqual({ written: 1, waiting: 0, refused: 0 });
});

test("strict: what finds no room is refused by name, and the numbers have no hole", async () => {
  const held = heldStore();
  const recorder = openRecorder(held.store, { ...strict, waitingMax: 3 });
  const sent = events(5).map((one) => recorder.append(one));
  for (const late of sent.slice(3)) expect((await rejection(late)).code).toBe("log.busy");
  expect(recorder.refusal()).toMatchObject({ code: "log.busy" });
  expect(recorder.counts()).toEqual({ written: 0, waiting: 3, refused: 2 });
  await held.sync(1);
  expect(recorder.refusal()).toBe(null);
  const next = recorder.append(event("next"));
  await held.sync();
  await Promise.all([...sent.slice(0, 3), next]);
  expect(numbers(held)).toEqual(["0", "1", "2", "3"]);
});

test("strict: numbers that a busy store gives back are given out again", async () => {
  const held = heldStore({ roomMax: 2 });
  const recorder = openRecorder(held.store, strict);
  const sent = events(4).map((one) => recorder.append(one));
  expect((await rejection(sent[2]!)).code).toBe("log.busy");
  expect((await rejection(sent[3]!)).code).toBe("log.busy");
  // Until the first two are in nothing else can be numbered.
  expect((await rejection(recorder.append(event("early")))).code).toBe("log.busy");
  await held.sync();
  const next = recorder.append(event("next"));
  await held.sync();
  expect(await next).toMatchObject({ entry: { seq: 2 } });
});

test("relaxed: what finds no room is left out and counted in order", async () => {
  const held = heldStore();
  const recorder = openRecorder(held.store, { ...relaxed, waitingMax: 4 });
  const sent = events(7).map((one) => recorder.append(one));
  expect(await Promise.all(sent.slice(4))).toEqual([null, null, null]);
  await held.sync(1);
  // There is room for one, but a gap waits for half of it.
  expect(await recorder.append(event("still"))).toBe(null);
  await held.sync(1);
  const next = recorder.append(event("next"));
  await held.sync();
  await held.sync();
  expect(await next).toMatchObject({ entry: { seq: 9 } });
  expect(numbers(held)).toEqual(["0", "1", "2", "3", "4+4 8", "9"]);
  expect(held.entries[4]).toMatchObject({ kind: "gap", why: "shed" });
});

test("relaxed: what a busy store gives back is left out and counted, the gap too", async () => {
  const held = heldStore({ roomMax: 2 });
  const recorder = openRecorder(held.store, relaxed);
  const sent = events(5).map((one) => recorder.append(one));
  await held.sync();
  expect((await Promise.all(sent)).map((one) => one?.entry.seq ?? null)).toEqual([0, 1, null, null, null]);
  await recorder.close();
  expect(numbers(held)).toEqual(["0", "1", "2+3 5"]);
  expect(await recorder.append(event("late"))).toBe(null);
});

test("relaxed: a store that others keep busy is tried again once it has written", async () => {
  const held = heldStore({ roomMax: 2 });
  const other = openRecorder(held.store, { ...strict, node: "n2" });
  const theirs = events(2).map((one) => other.append(one));
  const recorder = openRecorder(held.store, relaxed);
  expect(await recorder.append(event("a"))).toBe(null);
  expect(await recorder.append(event("b"))).toBe(null);
  await held.sync();
  await Promise.all(theirs);
  while (recorder.counts().waiting === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await held.sync();
  const last = recorder.append(event("c"));
  await recorder.close();
  expect(await last).toMatchObject({ entry: { seq: 4 } });
  // The gap that found no room had a number, too.
  expect(numbers(held)).toEqual(["0", "1", "0+3 3", "4"]);
});

test("relaxed: whose numbers are not those of the log writes nothing, says so, and ends", async () => {
  const held = heldStore({ isHeld: false });
  const recorder = openRecorder(held.store, { ...relaxed, nextSeq: 7 });
  expect(await recorder.append(event("a"))).toBe(null);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(recorder.refusal()).toMatchObject({ code: "log.entry_invalid" });
  expect(await recorder.append(event("b"))).toBe(null);
  await recorder.close();
  expect(held.entries).toEqual([]);
});

test("a log that failed takes nothing more: strict refuses, relaxed counts", async () => {
  for (const options of [strict, relaxed]) {
    const held = heldStore();
    const recorder = openRecorder(held.store, options);
    const sent = recorder.append(event("a"));
    held.fail(new LogError("log.full", "no room on the disk"));
    if (options.mode === "strict") expect((await rejection(sent)).code).toBe("log.full");
    else expect(await sent).toBe(null);
    expect(recorder.refusal()).toMatchObject({ code: "log.full" });
    const next = recorder.append(event("b"));
    if (options.mode === "strict") expect((await rejection(next)).code).toBe("log.full");
    else expect(await next).toBe(null);
    await recorder.close();
  }
  const held = heldStore();
  const recorder = openRecorder(held.store, strict);
  const sent = recorder.append(event("a"));
  held.fail(new TypeError("something else"));
  await expect(sent).rejects.toThrow("something else");
  expect(recorder.refusal()).toMatchObject({ code: "log.failed" });
});

test("what can be in no log disturbs no other entry", async () => {
  const held = heldStore({ isHeld: false });
  const recorder = openRecorder(held.store, strict);
  expect((await rejection(recorder.append(event("")))).code).toBe("log.entry_invalid");
  const parents = [{ leaf: "sha256:", relation: "caused", log: null }] as const;
  expect((await rejection(recorder.append(event("a"), { parents }))).code).toBe("log.entry_invalid");
  expect((await rejection(recorder.append(event("a"), { id: "7" }))).code).toBe("log.entry_invalid");
  expect(await recorder.append(event("a"))).toMatchObject({ entry: { seq: 0 } });
  const leftOut = openRecorder(heldStore({ isHeld: false }).store, relaxed);
  expect(await leftOut.append(event(""))).toBe(null);
  expect(await leftOut.append(event("a"))).toMatchObject({ entry: { seq: 2 } });
});

test("a store writes what it is given, also where something stands between it and the recorder", async () => {
  const dir = freshFolder();
  const store = await openLog(dir);
  const between: RecordingStore = {
    ...{ origin: store.origin, flush: store.flush },
    append: (entry, opening, haste) =>
      store.append(entry.seq === 1 ? ({ ...entry, name: "other" } as Entry) : entry, opening, haste),
  };
  const recorder = openRecorder(between, strict);
  const written = await Promise.all(events(3).map((one) => recorder.append(one)));
  for (const [index, name] of ["e0", "other", "e2"].entries()) {
    const decoded = decodeEntry((await store.entry(index))!);
    expect(decoded).toMatchObject({ ok: true, entry: { name, id: written[index]!.entry.id } });
  }
  // The very entry of before, which has changed since.
  const { entry: last } = written[2]!;
  Object.assign(last, { seq: 3, name: "later" });
  await store.append(last);
  expect(decodeEntry((await store.entry(3))!)).toMatchObject({ ok: true, entry: { name: "later" } });
  await store.close();
});

test("closing waits for what was taken, and takes nothing more", async () => {
  const held = heldStore();
  const recorder = openRecorder(held.store, strict);
  const sent = events(3).map((one) => recorder.append(one));
  const closing = recorder.close();
  expect((await rejection(recorder.append(event("late")))).code).toBe("log.closed");
  await closing;
  expect((await Promise.all(sent)).map((one) => one?.receipt.index)).toEqual([0, 1, 2]);
  await recorder.close();
});

test("salts are random, and none is given twice", () => {
  const seen = new Set<string>();
  for (const count of [1, 16, 32, 511, 512, 513, 5_000]) expect(nodeRandomBytes(count)).toHaveLength(count);
  for (let at = 0; at < 2_000; at += 1) seen.add(Buffer.from(nodeRandomBytes(32)).toString("hex"));
  expect(seen.size).toBe(2_000);
  expect(seen.has("00".repeat(32))).toBe(false);
});
