/** Small segments of openings become one, whatever interrupts that, and what was erased stays erased. */
import { chmodSync, cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Disk, nodeDisk } from "@polity/lineage/file-store/disk.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { readOpenings } from "@polity/lineage/file-store/read-openings.ts";
import { expect, test } from "vitest";
import { freshFolder, openLog, openOptions, refusedOpen, verify } from "../support/file-log.ts";
import { decision } from "../support/log-entries.ts";

const SESSIONS = 20;

/** An entry and its opening in each session; the one at 3 is erased in the last. */
async function sessions(count: number): Promise<string> {
  const dir = freshFolder();
  for (let seq = 0; seq < count; seq += 1) {
    const store = await openLog(dir, { disk: unmerged });
    const { entry, opening } = decision(seq);
    await store.append(entry, opening);
    if (seq === count - 1) expect(await store.erase(3)).toBe(true);
    await store.checkpoint();
    await store.close();
  }
  return dir;
}

/** Has no room for what says which segments become one, so that none do. */
const unmerged = failingAt((to) => to.endsWith("/merging"), "ENOSPC");

function failingAt(isIt: (to: string) => boolean, code: string, after = false): Disk {
  const fail = () => {
    throw Object.assign(new Error(code), { code });
  };
  return {
    ...nodeDisk,
    async rename(from, to) {
      if (!after && isIt(to)) fail();
      await nodeDisk.rename(from, to);
      if (after && isIt(to)) fail();
    },
    async remove(path) {
      if (!after && isIt(path)) fail();
      await nodeDisk.remove(path);
      if (after && isIt(path)) fail();
    },
  };
}

async function expectWhole(dir: string, count: number): Promise<void> {
  expect(await verify(dir)).toMatchObject({ ok: true, size: count, openings: count - 1, warnings: [] });
  const opened = await openFileLog(dir, openOptions({ signer: null, create: false }));
  if (!opened.ok) throw opened.error;
  const erased = await Promise.all(
    Array.from({ length: count }, async (_, index) => (await opened.store.opening(index)) === null),
  );
  expect(erased.flatMap((is, index) => (is ? [index] : []))).toEqual([3]);
  const files = readdirSync(join(dir, "requests")).map((name) => readFileSync(join(dir, "requests", name)));
  expect(files.filter((bytes) => bytes.includes('4000-3\\"'))).toEqual([]);
}

const segmentsOf = (dir: string) => readdirSync(join(dir, "requests"));

test("many sessions leave few segments, and every opening opens", { timeout: 120_000 }, async () => {
  const dir = await sessions(SESSIONS);
  expect(segmentsOf(dir).length).toBe(SESSIONS);
  await expectWhole(dir, SESSIONS);
  const reader = await openLog(dir, { signer: null, create: false });
  const next = await readOpenings(dir);
  expect(await next(1)).not.toBe(null);
  const store = await openLog(dir);
  // Who had listed them before finds them, too.
  expect(await reader.opening(17)).not.toBe(null);
  expect(await next(17)).not.toBe(null);
  expect(segmentsOf(dir)).toEqual(["0000000000000000"]);
  expect(readdirSync(dir)).not.toContain("merging");
  const { entry, opening } = decision(SESSIONS);
  await store.append(entry, opening);
  expect(await store.opening(SESSIONS)).not.toBe(null);
  expect(await store.erase(5)).toBe(true);
  expect(await store.opening(5)).toBe(null);
  await store.checkpoint();
  await store.close();
  expect(segmentsOf(dir).length).toBe(2);
  expect(await verify(dir)).toMatchObject({ ok: true, openings: SESSIONS - 1, warnings: [] });
});

test("wherever that is interrupted, the next one goes on", { timeout: 120_000 }, async () => {
  const base = await sessions(SESSIONS);
  const places: readonly [name: string, after: boolean][] = [
    ["/merging", true],
    ["/0000000000000000", false],
    ["/0000000000000000", true],
    ["/0000000000000001", false],
    ["/0000000000000001", true],
    ["/0000000000000010", true],
    ["/0000000000000019", true],
  ];
  for (const [name, after] of places) {
    const dir = join(freshFolder(), "log");
    cpSync(base, dir, { recursive: true });
    chmodSync(join(dir, "requests"), 0o700);
    const disk = failingAt(
      (path) => path.endsWith(`requests${name}`) || path.endsWith(`log${name}`),
      "EIO",
      after,
    );
    expect((await refusedOpen(dir, { disk })).code, name).toBe("log.failed");
    await expectWhole(dir, SESSIONS);
    const store = await openLog(dir);
    expect(readdirSync(dir)).not.toContain("merging");
    await store.close();
    await expectWhole(dir, SESSIONS);
    // Those that were one already are few enough to stay.
    expect(segmentsOf(dir).length, `${name} ${after}`).toBe(1);
  }
});

test("a file that should say which ones and does not is refused by name", async () => {
  const dir = await sessions(4);
  for (const text of ["", "polity-log/2 merging 0 1 5\n", "polity-log/2 merging 0 123\n"]) {
    writeFileSync(join(dir, "merging"), text);
    const error = await refusedOpen(dir);
    expect([error.code, error.file]).toEqual(["log.malformed", "merging"]);
  }
});
