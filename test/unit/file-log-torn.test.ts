/** What a crash leaves, and what only looks like it. */
import { appendFileSync, copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
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
import { decision, heartbeat } from "../support/log-entries.ts";
import { frameOffsets, readParts } from "../support/log-file-bytes.ts";

describe("what a crash leaves behind the last whole entry", () => {
  async function threeBatches(): Promise<string> {
    const dir = freshFolder();
    const store = await openLog(dir);
    await store.append(heartbeat(0));
    await store.checkpoint();
    await store.append(decision(1).entry, decision(1).opening);
    await store.append(decision(2).entry, decision(2).opening);
    await store.close();
    return dir;
  }

  async function reopened(dir: string) {
    const opened = await openFileLog(dir, openOptions());
    if (!opened.ok) throw opened.error;
    const { recoveredBytes, store } = opened;
    const { size } = store;
    await store.append(heartbeat(size));
    await store.checkpoint();
    await store.close();
    expect(await verify(dir)).toMatchObject({ ok: true, size: size + 1 });
    return { recoveredBytes, size };
  }

  test("the beginning of an entry is cut off and reported, at whatever byte it ends", async () => {
    const whole = await threeBatches();
    const bytes = readFileSync(join(whole, "entries"));
    const last = frameOffsets(readParts(whole, "entries"))[2]!;
    const cuts = [last + 1, last + 4, last + 15, last + 16, last + 17, last + 200, bytes.length - 1];
    for (const length of cuts) {
      const dir = freshFolder();
      for (const name of ["entries", "openings", "checkpoint"])
        copyFileSync(join(whole, name), join(dir, name));
      truncateSync(join(dir, "entries"), length);
      expect(await refusedVerify(dir)).toMatchObject({ code: "log.uncovered", index: 1 });
      const reader = await openLog(dir, { signer: null, create: false });
      expect([reader.size, await reader.opening(2)]).toEqual([2, null]);
      expect(await reopened(dir)).toEqual({ recoveredBytes: length - last, size: 2 });
    }
    truncateSync(join(whole, "entries"), last);
    expect(await reopened(whole)).toEqual({ recoveredBytes: 0, size: 2 });
  });

  test("the beginning of an opening is cut off, whose entry was never written", async () => {
    for (const keep of [1, 15, 16, 40]) {
      const dir = await threeBatches();
      const last = frameOffsets(readParts(dir, "entries"))[2]!;
      const opening = frameOffsets(readParts(dir, "openings"))[1]!;
      truncateSync(join(dir, "entries"), last);
      truncateSync(join(dir, "openings"), opening + keep);
      expect(await reopened(dir)).toEqual({ recoveredBytes: 0, size: 2 });
    }
  });

  test("sectors of zeros are cut off in the last batch, and are damage in any earlier one", async () => {
    const dir = freshFolder();
    const store = await openLog(dir);
    await Promise.all([0, 1, 2, 3].map((seq) => store.append(decision(seq).entry)));
    await store.close();
    const path = join(dir, "entries");
    const bytes = readFileSync(path);
    const second = frameOffsets(readParts(dir, "entries"))[1]!;
    writeFileSync(path, bytes.fill(0, 1024, 1536));
    expect(second).toBeLessThan(1024);
    const later = freshFolder();
    for (const name of ["entries", "openings"]) copyFileSync(join(dir, name), join(later, name));
    expect(await reopened(dir)).toEqual({ recoveredBytes: bytes.length - second, size: 1 });

    const parts = await threeBatches();
    const middle = readFileSync(join(parts, "entries"));
    const begin = frameOffsets(readParts(parts, "entries"))[1]!;
    writeFileSync(join(parts, "entries"), middle.fill(0, begin, begin + 600));
    expect(await refusedOpen(parts)).toMatchObject({ code: "log.malformed", offset: begin, index: 1 });
    expect((await refusedOpen(parts)).message).toContain("no crash leaves such bytes");
  });

  test("nothing but zeros is cut off", async () => {
    const dir = await threeBatches();
    appendFileSync(join(dir, "entries"), new Uint8Array(5000));
    expect(await reopened(dir)).toEqual({ recoveredBytes: 5000, size: 3 });
  });

  test("anything else is refused: what does not look like a crash is for people to judge", async () => {
    const other = await threeBatches();
    const foreign = readFileSync(join(other, "entries")).subarray(
      frameOffsets(readParts(other, "entries"))[2]!,
    );
    for (const tail of [Buffer.from("x".repeat(100)), foreign]) {
      const dir = await threeBatches();
      const end = readFileSync(join(dir, "entries")).length;
      appendFileSync(join(dir, "entries"), tail);
      expect(placeOf(await refusedOpen(dir))).toEqual({
        code: "log.malformed",
        file: "entries",
        offset: end,
        index: 3,
      });
    }
    const dir = await threeBatches();
    appendFileSync(join(dir, "entries"), new Uint8Array(5 * 1024 * 1024));
    expect(await refusedOpen(dir)).toMatchObject({ code: "log.malformed", index: 3 });
  });
});

describe("a store that is open", () => {
  test("does not hand out an entry or opening that changed on the disk", async () => {
    const dir = await dozenFolder();
    const store = await openLog(dir);
    for (const name of ["entries", "openings"]) {
      const bytes = readFileSync(join(dir, name));
      const at = frameOffsets(readParts(dir, name))[1]! + 30;
      writeFileSync(join(dir, name), bytes.fill(bytes[at]! ^ 1, at, at + 1));
    }
    await expect(store.entry(1)).rejects.toMatchObject({ code: "log.malformed", file: "entries", index: 1 });
    await expect(store.opening(5)).rejects.toMatchObject({
      code: "log.malformed",
      file: "openings",
      index: 5,
    });
    const first = decodeEntry((await store.entry(0))!);
    expect(first.ok && first.entry).toEqual(heartbeat(0));
  });
});
