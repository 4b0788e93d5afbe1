/** Of many entries that wait, one half is written while whoever waited for the other goes on. */
import { open } from "node:fs/promises";
import { HALF_COUNT_MIN } from "@polity/lineage/file-store/limits.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { afterEach, expect, test, vi } from "vitest";
import { freshFolder, openOptions } from "../support/file-log.ts";
import { heartbeat } from "../support/log-entries.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const MANY = 4 * HALF_COUNT_MIN;

async function measured() {
  const opened = await openFileLog(freshFolder(), openOptions());
  if (!opened.ok) throw opened.error;
  return { store: opened.store, batches: () => opened.metrics()!.batchTotal };
}

test("they are told in order, each once it is durable, and a flush ends after the last", async () => {
  const { store, batches } = await measured();
  const told: number[] = [];
  const wrong: number[] = [];
  const all = Array.from({ length: MANY }, async (_, seq) => {
    const { index } = await store.append(heartbeat(seq));
    if (index !== seq || store.size <= index) wrong.push(index);
    told.push(index);
  });
  await store.flush();
  expect(told.length).toBe(MANY);
  await Promise.all(all);
  expect(wrong).toEqual([]);
  expect(told).toEqual(Array.from({ length: MANY }, (_, at) => at));
  expect([2, 3, 4]).toContain(batches());
  await store.close();
});

test("whoever goes on gets into the next batch but one", async () => {
  const { store, batches } = await measured();
  let seq = 0;
  const writers = Array.from({ length: MANY }, async () => {
    for (let round = 0; round < 3; round += 1) await store.append(heartbeat(seq++));
  });
  await Promise.all(writers);
  expect(store.size).toBe(3 * MANY);
  // Each at once would be three.
  expect(batches()).toBeGreaterThan(5);
  await store.close();
});

test("where the second half fails, whoever waited for the first was told that it is durable", async () => {
  const { store } = await measured();
  const handle = await open(process.execPath, "r");
  await handle.close();
  const files = Object.getPrototypeOf(handle) as typeof handle;
  const write = files.write as (...parts: unknown[]) => Promise<unknown>;
  let size = 0;
  vi.spyOn(files, "write").mockImplementation(async function (this: typeof handle, ...parts: unknown[]) {
    const written = await write.apply(this, parts);
    if (store.size > 0) throw Object.assign(new Error("EIO"), { code: "EIO" });
    return written;
  } as never);
  const all = await Promise.allSettled(
    Array.from({ length: MANY }, (_, seq) => store.append(heartbeat(seq))),
  );
  for (const [seq, one] of all.entries()) {
    if (one.status === "fulfilled") size += 1;
    else expect([seq >= MANY / 2, one.reason.code]).toEqual([true, "log.failed"]);
  }
  expect([size, store.size]).toEqual([MANY / 2, MANY / 2]);
});
