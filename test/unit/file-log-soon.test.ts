/** Entries that nobody waits for: they gather, and go with the first one that somebody waits for. */
import { open } from "node:fs/promises";
import { SOON_COUNT_MAX } from "@polity/lineage/file-store/limits.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { afterEach, expect, test, vi } from "vitest";
import { freshFolder, openLog, openOptions, rejection, verify } from "../support/file-log.ts";
import { heartbeat } from "../support/log-entries.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Time for everything but the clock that ends the gathering. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** The gathering ends when the test says so. */
function holdClock(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
}

async function measured() {
  const opened = await openFileLog(freshFolder(), openOptions());
  if (!opened.ok) throw opened.error;
  return { store: opened.store, batches: () => opened.metrics()!.batchTotal };
}

test("gather, and become durable in order with the next one that is waited for", async () => {
  const { store, batches } = await measured();
  holdClock();
  const soon = [0, 1, 2].map((seq) => store.append(heartbeat(seq), undefined, "soon"));
  await turns();
  expect([store.size, batches()]).toEqual([0, 0]);
  expect((await store.append(heartbeat(3))).index).toBe(3);
  expect((await Promise.all(soon)).map(({ index }) => index)).toEqual([0, 1, 2]);
  expect([store.size, batches()]).toEqual([4, 1]);
  vi.useRealTimers();
  await store.close();
});

test("are written by themselves after a few milliseconds", async () => {
  const { store, batches } = await measured();
  holdClock();
  const soon = [0, 1].map((seq) => store.append(heartbeat(seq), undefined, "soon"));
  await turns();
  expect(batches()).toBe(0);
  vi.runAllTimers();
  expect((await Promise.all(soon)).map(({ index }) => index)).toEqual([0, 1]);
  // The next ones gather anew.
  const next = store.append(heartbeat(2), undefined, "soon");
  await turns();
  expect([store.size, batches()]).toEqual([2, 1]);
  vi.runAllTimers();
  expect((await next).index).toBe(2);
  vi.useRealTimers();
  await store.close();
});

test("do not wait where many have gathered, or somebody flushes or closes", async () => {
  const dir = freshFolder();
  const store = await openLog(dir);
  holdClock();
  const many = Array.from({ length: SOON_COUNT_MAX }, (_, seq) =>
    store.append(heartbeat(seq), undefined, "soon"),
  );
  expect((await Promise.all(many)).length).toBe(SOON_COUNT_MAX);
  const flushed = store.append(heartbeat(SOON_COUNT_MAX), undefined, "soon");
  await store.flush();
  expect((await flushed).index).toBe(SOON_COUNT_MAX);
  const last = store.append(heartbeat(SOON_COUNT_MAX + 1), undefined, "soon");
  await store.checkpoint();
  await store.close();
  expect((await last).index).toBe(SOON_COUNT_MAX + 1);
  vi.useRealTimers();
  expect(await verify(dir)).toMatchObject({ ok: false, error: { code: "log.uncovered" } });
});

test("requests of one turn share one sync, whichever comes first", async () => {
  const { store, batches } = await measured();
  // As sockets are read: one after the other in one turn, with all that follows from each in between.
  const sent: Promise<unknown>[] = [];
  for (let seq = 0; seq < 8; seq += 1) {
    sent.push(store.append(heartbeat(seq)));
    await Promise.resolve();
    await Promise.resolve();
  }
  await Promise.all(sent);
  expect([store.size, batches()]).toEqual([8, 1]);
  await store.close();
});

test("are refused like all others once the disk has failed", async () => {
  const store = await openLog(freshFolder());
  await store.append(heartbeat(0));
  holdClock();
  const soon = store.append(heartbeat(1), undefined, "soon");
  const handle = await open(process.execPath, "r");
  await handle.close();
  const files = Object.getPrototypeOf(handle) as typeof handle;
  vi.spyOn(files, "write").mockRejectedValueOnce(Object.assign(new Error("EIO"), { code: "EIO" }));
  const now = store.append(heartbeat(2));
  for (const one of [soon, now]) expect((await rejection(one)).code).toBe("log.failed");
  expect((await rejection(store.append(heartbeat(1), undefined, "soon"))).code).toBe("log.failed");
  expect(store.size).toBe(1);
  vi.useRealTimers();
});
