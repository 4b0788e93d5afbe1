/** Sound logs that are not finished: a writer was interrupted, or is still at work. */
import { appendFileSync, copyFileSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { describe, expect, test } from "vitest";
import {
  dozenFolder,
  freshFolder,
  openLog,
  openOptions,
  placeOf,
  refusedOpen,
  refusedVerify,
  verify,
} from "../support/file-log.ts";
import { decision } from "../support/log-entries.ts";
import { editFrames, frameOffsets, readParts } from "../support/log-file-bytes.ts";

/** Four decisions with openings, of which a checkpoint covers three; then the files are cut back. */
async function interrupted(
  entries: number,
  openingsAt: (offsets: readonly number[]) => number,
): Promise<string> {
  const dir = freshFolder();
  const store = await openLog(dir);
  for (const seq of [0, 1, 2]) await store.append(decision(seq).entry, decision(seq).opening);
  await store.checkpoint();
  for (const seq of [3, 4]) await store.append(decision(seq).entry, decision(seq).opening);
  await store.close();
  const [entriesPath, openingsPath] = [join(dir, "entries"), join(dir, "openings")];
  const ends = [...frameOffsets(readParts(dir, "entries")), readFileSync(entriesPath).length];
  const offsets = [...frameOffsets(readParts(dir, "openings")), readFileSync(openingsPath).length];
  truncateSync(entriesPath, ends[entries]!);
  truncateSync(openingsPath, openingsAt(offsets));
  return dir;
}

describe("openings that were durable before their entries", () => {
  test("are worth a warning, whole or torn, and opening to write takes them away", async () => {
    const cases: readonly (readonly [(offsets: readonly number[]) => number, string])[] = [
      [(at) => at[4]!, "openings end with 1 for entries that are not there: a writer"],
      [(at) => at[5]!, "openings end with 2 for entries that are not there: a writer"],
      [
        (at) => at[4]! + 1,
        "openings end with 1 for entries that are not there, and the beginning of one: a writer",
      ],
      [(at) => at[3]! + 1, "openings end with the beginning of one: a writer"],
      [(at) => at[3]! + 15, "openings end with the beginning of one: a writer"],
      [(at) => at[3]! + 16, "openings end with the beginning of one: a writer"],
      [(at) => at[4]! - 1, "openings end with the beginning of one: a writer"],
    ];
    for (const [cut, words] of cases) {
      const dir = await interrupted(3, cut);
      const after = { ok: true, size: 3, openings: 3 };
      expect(await verify(dir)).toMatchObject({ ...after, warnings: [expect.stringContaining(words)] });
      await (await openLog(dir)).close();
      expect(await verify(dir)).toMatchObject({ ...after, warnings: [] });
    }
  });

  test("may follow entries that have none", async () => {
    const dir = await interrupted(3, (at) => at[3]! + 20);
    const bytes = readFileSync(join(dir, "openings"));
    const [first = 0, , , last = 0] = [
      ...frameOffsets(readParts(await interrupted(3, (at) => at[5]!), "openings")),
    ];
    expect(last).toBeGreaterThan(first);
    // The frames of entries 0 to 2 are erased; what is torn lies where it would then have been written.
    const erased = freshFolder();
    for (const name of ["entries", "checkpoint"]) copyFileSync(join(dir, name), join(erased, name));
    writeFileSync(join(erased, "openings"), bytes.subarray(0, first), { mode: 0o600 });
    appendFileSync(join(erased, "openings"), bytes.subarray(last));
    expect(await verify(erased)).toMatchObject({
      ok: true,
      openings: 0,
      warnings: [expect.stringContaining("the beginning of one")],
    });
  });

  test("are refused where they are damaged, or out of order", async () => {
    const whole = await interrupted(3, (at) => at[5]!);
    const path = join(whole, "openings");
    const bytes = readFileSync(path);
    const offsets = frameOffsets(readParts(whole, "openings"));
    for (let offset = offsets[3]!; offset < bytes.length; offset += 7) {
      writeFileSync(path, Buffer.from(bytes).fill(bytes[offset]! ^ 0x80, offset, offset + 1));
      const at = offsets.findLast((start) => start <= offset);
      // A length that leads behind the end is what a torn opening has too.
      const isLength = offset - at! < 4;
      if (!isLength)
        expect(placeOf(await refusedVerify(whole))).toMatchObject({ code: "log.malformed", offset: at });
    }
    writeFileSync(path, bytes);
    for (const [order, at] of [
      [[0, 1, 2, 4, 3], 4],
      [[0, 1, 2, 3, 3], 4],
    ] as const) {
      const dir = await interrupted(3, (ends) => ends[5]!);
      editFrames(dir, "openings", (frames) => order.map((index) => frames[index]!));
      const offset = frameOffsets(readParts(dir, "openings"))[at];
      expect(await refusedVerify(dir)).toMatchObject({ code: "log.malformed", file: "openings", offset });
    }
  });
});

test("a sector of zeros is no torn opening where it says to be of an entry that is there", async () => {
  const dir = await interrupted(3, (at) => at[5]!);
  const path = join(dir, "openings");
  const bytes = readFileSync(path);
  const offsets = frameOffsets(readParts(dir, "openings"));
  const found: string[] = [];
  for (let sector = 512; sector + 512 <= bytes.length; sector += 512) {
    writeFileSync(path, Buffer.from(bytes).fill(0, sector, sector + 512));
    const index = offsets.findLastIndex((offset) => offset + 16 <= sector);
    const [verified, opened] = [await verify(dir), await openFileLog(dir, READER)];
    found.push(`${index} ${verified.ok} ${opened.ok}`);
    if (opened.ok) await opened.store.close();
  }
  expect([...new Set(found)].sort()).toEqual(["1 false false", "3 true true"]);
});

const READER = openOptions({ signer: null, create: false });

describe("entries that nobody vouches for yet", () => {
  test("show as uncovered without any checkpoint, with advice to sign one", async () => {
    const dir = await dozenFolder();
    unlinkSync(join(dir, "checkpoint"));
    const error = await refusedVerify(dir);
    expect(placeOf(error)).toEqual({ code: "log.uncovered", file: "checkpoint", offset: null, index: null });
    expect(error.message).toContain("pol log checkpoint");
    await (await openLog(dir)).checkpoint();
    expect(await verify(dir)).toMatchObject({ ok: true, size: 12 });
  });

  test("are not mentioned where the files are no log", async () => {
    const dir = await dozenFolder();
    unlinkSync(join(dir, "checkpoint"));
    writeFileSync(join(dir, "entries"), "x");
    expect(await refusedVerify(dir)).toMatchObject({ code: "log.malformed", file: "entries" });
    unlinkSync(join(dir, "entries"));
    expect(await refusedVerify(dir)).toMatchObject({ code: "log.missing", file: "entries" });
  });

  test("may be torn, which is uncovered too, and damage behind the checkpoint still is damage", async () => {
    const dir = await interrupted(4, (at) => at[4]!);
    const path = join(dir, "entries");
    const bytes = readFileSync(path);
    const last = frameOffsets(readParts(dir, "entries"))[3]!;
    for (const length of [last + 1, last + 16, bytes.length - 1]) {
      writeFileSync(path, bytes.subarray(0, length));
      expect(placeOf(await refusedVerify(dir))).toEqual({
        code: "log.uncovered",
        file: "entries",
        offset: last,
        index: 3,
      });
    }
    writeFileSync(path, Buffer.from(bytes).fill(bytes[last + 40]! ^ 1, last + 40, last + 41));
    expect(await refusedVerify(dir)).toMatchObject({ code: "log.malformed", offset: last, index: 3 });
  });

  test("whoever verifies beside a writer finds the log good, or uncovered", {
    timeout: 120_000,
  }, async () => {
    const dir = freshFolder();
    const store = await openLog(dir);
    await store.checkpoint();
    const found = new Map<string, number>();
    let isDone = false;
    const write = async () => {
      for (let seq = 0; seq < 200; seq += 1) {
        await store.append(decision(seq).entry, decision(seq).opening);
        if (seq % 10 === 9) await store.checkpoint();
      }
      isDone = true;
    };
    const look = async () => {
      while (!isDone) {
        const result = await verify(dir);
        const code = result.ok ? "good" : result.error.code;
        found.set(code, (found.get(code) ?? 0) + 1);
      }
    };
    await Promise.all([write(), look()]);
    expect([...found.keys()].filter((code) => code !== "good" && code !== "log.uncovered")).toEqual([]);
    expect(found.size).toBeGreaterThan(0);
  });
});

describe("a record whose mark lies behind it", () => {
  test("is refused by whoever verifies, and by whoever would sign it", async () => {
    const dir = await dozenFolder();
    const last = frameOffsets(readParts(dir, "entries"))[11]!;
    editFrames(dir, "entries", (frames) => frames.with(11, { ...frames[11]!, mark: last + 1 }));
    for (const error of [await refusedVerify(dir), await refusedOpen(dir)]) {
      expect(placeOf(error)).toEqual({ code: "log.malformed", file: "entries", offset: last, index: 11 });
      expect(error.message).toContain("the record's mark lies behind it");
    }
    editFrames(dir, "entries", (frames) => frames.with(11, { ...frames[11]!, mark: last }));
    expect(await verify(dir)).toMatchObject({ ok: true });
    expect((await openLog(dir)).size).toBe(12);
  });
});
