/** What a writer finds after a crash: the torn end of what nobody was promised, or changed bytes. */
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeDisk } from "@polity/lineage/file-store/disk.ts";
import { FRAME_HEADER_BYTES } from "@polity/lineage/file-store/frame.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { type Found, scanSegments } from "@polity/lineage/file-store/recover.ts";
import { LogError } from "@polity/lineage/store.ts";
import { describe, expect, test } from "vitest";
import { freshFolder, openLog, openOptions, refusedOpen, verify } from "../support/file-log.ts";
import { ORIGIN } from "../support/lineage-log.ts";
import { bytesOf, nthEntry } from "../support/log-entries.ts";
import { editSegment, lastSegment } from "../support/log-file-bytes.ts";

/** So many entries in each batch, one batch after the other; every third one has an opening. */
async function logOf(...batches: readonly number[]): Promise<string> {
  const dir = freshFolder();
  const store = await openLog(dir, { signer: null });
  for (const count of batches) {
    const from = store.size;
    const batch = Array.from({ length: count }, (_, at) => nthEntry(from + at));
    await Promise.all(batch.map(({ entry, opening }) => store.append(entry, opening)));
  }
  await store.close();
  return dir;
}

function scan(dir: string): Promise<Found | LogError> {
  return scanSegments({ disk: nodeDisk, dir, origin: ORIGIN, covered: 0 }).catch((error: unknown) => {
    if (error instanceof LogError) return error;
    throw error;
  });
}

async function sizeFound(dir: string): Promise<number> {
  const found = await scan(dir);
  if (found instanceof LogError) throw found;
  return found.size;
}

describe("a log that was cut", () => {
  test("at every byte of its last three frames has the whole entries before", async () => {
    const dir = await logOf(4, 3);
    const { path, bytes, frames, end } = lastSegment(dir, "wal");
    for (let at = frames[4]!.offset; at <= end; at += 1) {
      const whole = frames.filter(({ offset, body }) => offset + FRAME_HEADER_BYTES + body.length <= at);
      const cut = Buffer.from(bytes.subarray(0, at));
      // The file ends there, or what was written ahead of it is still there.
      writeFileSync(path, at % 2 === 0 ? cut : Buffer.concat([cut, Buffer.alloc(2048)]));
      const found = await scan(dir);
      if (found instanceof LogError) throw found;
      expect([at, found.size]).toEqual([at, whole.length]);
    }
  });

  test("is opened again, says how much is gone, and goes on", { timeout: 120_000 }, async () => {
    const whole = await logOf(4, 3);
    const { frames, end, file } = lastSegment(whole, "wal");
    for (let at = frames[4]!.offset + 1; at < end; at += 211) {
      const dir = freshFolder();
      cpSync(whole, dir, { recursive: true });
      chmodSync(join(dir, "requests"), 0o700);
      truncateSync(join(dir, file), at);
      const opened = await openFileLog(dir, openOptions());
      if (!opened.ok) throw opened.error;
      const { store } = opened;
      const from = frames.findLast(({ offset }) => offset < at)!;
      // Zeros at the end of what was written look like those that were there before.
      expect(opened.recoveredBytes).toBeGreaterThan(at - from.offset - 16);
      expect(opened.recoveredBytes).toBeLessThanOrEqual(at - from.offset);
      expect(store.size).toBe(from.index);
      expect(opened.nextSeq("n")).toBe(from.index);
      for (let seq = store.size; seq < 9; seq += 1) {
        const { entry, opening } = nthEntry(seq);
        await store.append(entry, opening);
      }
      await store.checkpoint();
      for (let index = 0; index < 9; index += 1) {
        expect(await store.entry(index)).toEqual(bytesOf(nthEntry(index).entry));
        expect(await store.opening(index)).toEqual(nthEntry(index).opening ?? null);
      }
      await store.close();
      expect(await verify(dir)).toMatchObject({ ok: true, size: 9, openings: 3, warnings: [] });
    }
  });

  test("below what a checkpoint covers loses nothing: the tiles have it", async () => {
    const dir = await logOf(5);
    const store = await openLog(dir);
    await store.checkpoint();
    await store.append(nthEntry(5).entry);
    await store.close();
    rmSync(join(dir, "wal", "0000000000000000"), { force: true });
    const again = await openLog(dir);
    expect(again.size).toBe(6);
    expect(await again.entry(0)).toEqual(bytesOf(nthEntry(0).entry));
  });
});

describe("changed bytes", () => {
  test("are refused with file and offset, whichever byte of a frame it is", {
    timeout: 120_000,
  }, async () => {
    const dir = await logOf(3, 2);
    const { path, bytes, frames, end, file } = lastSegment(dir, "wal");
    for (let at = frames[2]!.offset; at < end; at += 1) {
      const frame = frames.findLast(({ offset }) => offset <= at)!;
      const changed = Buffer.from(bytes.subarray(0, end));
      changed[at] = changed[at]! ^ (1 << (at % 8));
      writeFileSync(path, changed);
      const error = await scan(dir);
      expect([at, error]).toEqual([at, expect.any(LogError)]);
      expect(error).toMatchObject({ code: "log.malformed", file, offset: frame.offset });
    }
    writeFileSync(path, bytes);
    expect(await sizeFound(dir)).toBe(5);
  });

  test("of the first line and of the log's name are refused too", async () => {
    const dir = await logOf(2);
    const { path, bytes, start, file } = lastSegment(dir, "wal");
    for (let at = 0; at < start; at += 1) {
      writeFileSync(
        path,
        bytes.map((byte, index) => (index === at ? byte ^ 1 : byte)),
      );
      expect(await scan(dir)).toMatchObject({ code: "log.malformed", file, offset: 0 });
    }
    writeFileSync(path, bytes);
    const name = readFileSync(join(dir, "log"));
    for (let at = 0; at < name.length; at += 1) {
      writeFileSync(
        join(dir, "log"),
        name.map((byte, index) => (index === at ? byte ^ 1 : byte)),
      );
      expect(await refusedOpen(dir)).toMatchObject({ code: "log.malformed", file: "log" });
    }
  });

  test("of the last opening are refused, of which the entry was acknowledged", async () => {
    const dir = await logOf(3, 1);
    const { path, bytes, frames, end, file } = lastSegment(dir, "requests");
    const last = frames.at(-1)!;
    for (let at = last.offset; at < end; at += 1) {
      const changed = Buffer.from(bytes.subarray(0, end));
      changed[at] = changed[at]! ^ 0x04;
      writeFileSync(path, changed);
      const error = await scan(dir);
      expect([at, error]).toEqual([at, expect.any(LogError)]);
      expect(error).toMatchObject({ code: "log.malformed", file, offset: last.offset });
    }
  });
});

describe("sectors that did not reach the disk", () => {
  function zeroSector(dir: string, index: number): void {
    const { path, bytes, frames } = lastSegment(dir, "wal");
    const from = Math.ceil((frames[index]!.offset + 1) / 512) * 512;
    writeFileSync(path, Buffer.from(bytes).fill(0, from, from + 512));
  }

  test("are torn in the last batch, even where later ones are there, and damage in others", async () => {
    const dir = await logOf(3, 9);
    zeroSector(dir, 6);
    const size = await sizeFound(dir);
    expect(size).toBeGreaterThanOrEqual(3);
    expect(size).toBeLessThan(9);
    const other = await logOf(9, 3);
    zeroSector(other, 3);
    expect(await scan(other)).toMatchObject({ code: "log.malformed", file: lastSegment(other, "wal").file });
  });

  test("of a segment that another one follows are damage", async () => {
    const dir = await logOf(9);
    const store = await openLog(dir, { signer: null });
    await store.append(nthEntry(9).entry);
    await store.close();
    const first = join(dir, "wal/0000000000000000");
    const bytes = readFileSync(first);
    writeFileSync(first, bytes.subarray(0, bytes.length - 1));
    expect(await scan(dir)).toMatchObject({ code: "log.malformed", file: "wal/0000000000000000" });
    rmSync(first);
    expect(await scan(dir)).toMatchObject({ code: "log.truncated", file: "wal/0000000000000009" });
  });
});

describe("openings and their entries", () => {
  test("an entry whose opening is not there was never acknowledged, in the last batch only", async () => {
    const dir = await logOf(3, 6);
    editSegment(dir, "requests", (frames) => frames.filter(({ index }) => index !== 6));
    expect(await sizeFound(dir)).toBe(6);
    editSegment(dir, "requests", (frames) => frames.filter(({ index }) => index !== 0));
    expect(await scan(dir)).toMatchObject({ code: "log.missing", file: "requests", index: 0 });
  });

  test("an opening whose entry is not there is gone", async () => {
    const dir = await logOf(3, 4);
    editSegment(dir, "wal", (frames) => frames.slice(0, 5));
    const store = await openLog(dir);
    expect(store.size).toBe(5);
    const { entry, opening } = nthEntry(5);
    await store.append(entry, opening);
    const next = nthEntry(6);
    await store.append(next.entry, next.opening);
    expect(await store.opening(6)).toEqual(next.opening);
    await store.checkpoint();
    await store.close();
    expect(await verify(dir)).toMatchObject({ ok: true, size: 7, openings: 3, warnings: [] });
  });

  test("a log of erased openings is as good as any", async () => {
    const dir = await logOf(7);
    const store = await openLog(dir, { signer: null });
    expect(await store.erase(0)).toBe(true);
    expect(await store.erase(0)).toBe(false);
    expect(await store.erase(3, ["/card"])).toBe(true);
    expect(await store.erase(3, ["/card"])).toBe(false);
    expect(await store.erase(1)).toBe(false);
    expect(await store.erase(7)).toBe(false);
    const look = async (log: typeof store) => {
      expect(await log.opening(0)).toBe(null);
      expect(await log.opening(3)).toMatchObject({ sensitive: [] });
      expect(await log.opening(6)).toEqual(nthEntry(6).opening);
    };
    await look(store);
    await store.close();
    const bytes = readFileSync(join(dir, "requests/0000000000000000"), "latin1");
    expect(bytes).not.toContain("4000-3");
    expect(bytes).toContain("4000-6");
    const again = await openLog(dir);
    expect(again.size).toBe(7);
    await look(again);
    await again.checkpoint();
    await again.close();
    expect(await verify(dir)).toMatchObject({ ok: true, commitments: 3, openings: 2, warnings: [] });
  });
});

test("an interrupted beginning is begun again, and what was being made is gone", async () => {
  const dir = freshFolder();
  await openLog(dir).then((store) => store.close());
  rmSync(join(dir, "log"));
  writeFileSync(join(dir, "staging/half"), "x");
  const store = await openLog(dir);
  await store.append(nthEntry(0).entry);
  expect(existsSync(join(dir, "staging/half"))).toBe(false);
});
