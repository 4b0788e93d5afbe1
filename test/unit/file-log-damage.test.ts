/** Logs that were cut, reordered, rewritten or mixed with others, and what is said of them. */
import { appendFileSync, copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeOpening } from "@polity/lineage/commitment.ts";
import type { Frame } from "@polity/lineage/file-store/frame.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { digestName, utf8 } from "@polity/runtime/hash.ts";
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
import { checkpointOf, noteSigner, treeOf } from "../support/lineage-log.ts";
import { bytesOf, decision, heartbeat } from "../support/log-entries.ts";
import { editFrames, frameOffsets, readParts } from "../support/log-file-bytes.ts";

/** Changes an entry's JSON and nothing else. */
function rewritten(frames: readonly Frame[], index: number, from: string, to: string): readonly Frame[] {
  const text = Buffer.from(frames[index]!.body).toString();
  expect(text).toContain(from);
  return frames.with(index, { ...frames[index]!, body: utf8(text.replace(from, to)) });
}

describe("a file cut short", () => {
  test("is refused at every length of entries and checkpoint", { timeout: 300_000 }, async () => {
    for (const name of ["entries", "checkpoint"]) {
      const dir = await dozenFolder();
      const offsets = name === "entries" ? frameOffsets(readParts(dir, name)) : [0];
      for (let length = readFileSync(join(dir, name)).length - 1; length >= 0; length -= 1) {
        truncateSync(join(dir, name), length);
        const error = await refusedVerify(dir);
        expect([error.file, error.code]).toEqual([
          name,
          name === "entries" && length >= offsets[0]! ? "log.truncated" : "log.malformed",
        ]);
        expect(error.offset).toBe(offsets.findLast((offset) => offset <= length) ?? 0);
      }
    }
  });

  test("lacks openings, which may have been erased, but has no half one", { timeout: 300_000 }, async () => {
    const dir = await dozenFolder();
    const whole = frameOffsets(readParts(dir, "openings"));
    for (let length = readFileSync(join(dir, "openings")).length - 1; length >= 0; length -= 1) {
      truncateSync(join(dir, "openings"), length);
      const found = whole.indexOf(length);
      if (found !== -1)
        expect(await verify(dir)).toMatchObject({ ok: true, openings: found, commitments: 4 });
      else if (length > whole[0]! && length - whole.findLast((offset) => offset < length)! < 16) {
        // Whose it was to be is not there any more: it may be of an entry that was never written.
        const warnings = [expect.stringContaining("the beginning of one")];
        expect(await verify(dir)).toMatchObject({ ok: true, warnings });
      } else expect(await refusedVerify(dir)).toMatchObject({ code: "log.malformed", file: "openings" });
    }
  });

  test("is no log for its writer either, where the checkpoint promises more", async () => {
    const dir = await dozenFolder();
    const [last, end] = [
      frameOffsets(readParts(dir, "entries"))[11]!,
      readFileSync(join(dir, "entries")).length,
    ];
    for (const length of [end - 1, last + 20, last + 3, last]) {
      truncateSync(join(dir, "entries"), length);
      expect(placeOf(await refusedOpen(dir))).toEqual({
        code: "log.truncated",
        file: "entries",
        offset: last,
        index: 11,
      });
    }
  });
});

describe("frames in other places", () => {
  const swap = (frames: readonly Frame[], a: number, b: number) =>
    frames.with(a, frames[b]!).with(b, frames[a]!);

  test("as they were: the checksum knows where its frame belongs", async () => {
    for (const move of ["swapped", "removed", "duplicated"] as const) {
      const dir = await dozenFolder();
      const path = join(dir, "entries");
      const bytes = readFileSync(path);
      const [at, next, after] = frameOffsets(readParts(dir, "entries")).slice(7) as [number, number, number];
      const [before, one, two, rest] = [
        bytes.subarray(0, at),
        bytes.subarray(at, next),
        bytes.subarray(next, after),
        bytes.subarray(after),
      ];
      const parts = {
        swapped: [before, two, one, rest],
        removed: [before, two, rest],
        duplicated: [before, one, one, two, rest],
      }[move];
      writeFileSync(path, Buffer.concat(parts));
      const index = move === "duplicated" ? 8 : 7;
      expect(placeOf(await refusedVerify(dir))).toEqual({
        code: "log.malformed",
        file: "entries",
        offset: move === "duplicated" ? next : at,
        index,
      });
      expect((await refusedOpen(dir)).index).toBe(index);
    }
  });

  test("with new checksums: each node's count or the root finds them", async () => {
    const cases: readonly (readonly [
      (frames: readonly Frame[]) => readonly Frame[],
      string,
      number | null,
    ])[] = [
      [(frames) => swap(frames, 8, 9), "log.entry_invalid", 8],
      [(frames) => swap(frames, 3, 4), "log.other_root", null],
      [(frames) => frames.toSpliced(8, 1), "log.entry_invalid", 8],
      [(frames) => frames.toSpliced(4, 1), "log.entry_invalid", 9],
      [(frames) => frames.toSpliced(11, 1), "log.truncated", 11],
      [(frames) => frames.toSpliced(8, 0, frames[8]!), "log.entry_invalid", 9],
      [(frames) => [...frames, frames[11]!], "log.uncovered", 12],
    ];
    for (const [edit, code, index] of cases) {
      const dir = await dozenFolder();
      editFrames(dir, "openings", () => []);
      editFrames(dir, "entries", edit);
      expect(await refusedVerify(dir)).toMatchObject({ code, index, file: "entries" });
      const ours = await openFileLog(dir, openOptions());
      if (ours.ok) await ours.store.close();
      expect(ours).toMatchObject({ ok: false });
    }
  });
});

describe("an entry that was rewritten, with a right checksum", () => {
  test("is under another root than the checkpoint, which the message names", async () => {
    const dir = await dozenFolder();
    const tree = treeOf(readParts(dir, "entries").frames.map(({ body }) => body));
    editFrames(dir, "entries", (frames) => rewritten(frames, 3, '"verdict":"deny"}', '"verdict":"allow"}'));
    const forged = treeOf(readParts(dir, "entries").frames.map(({ body }) => body));
    for (const error of [await refusedVerify(dir), await refusedOpen(dir)]) {
      expect(error).toMatchObject({ code: "log.other_root", file: "entries" });
      expect(error.message).toContain("checkpoint");
      expect(error.message).toContain(digestName(tree.root()));
      expect(error.message).toContain(digestName(forged.root()));
    }
  });

  test("is refused where it is no entry any more", async () => {
    const wrong = ['"v":2}', '"v":1,"x":1}', '"v":1} '];
    for (const end of wrong) {
      const dir = await dozenFolder();
      editFrames(dir, "entries", (frames) => rewritten(frames, 4, '"v":1}', end));
      expect(await refusedVerify(dir)).toMatchObject({ code: "log.entry_invalid", index: 4 });
      expect(await refusedOpen(dir)).toMatchObject({ code: "log.other_root" });
    }
    const dir = await dozenFolder();
    editFrames(dir, "entries", (frames) => frames.with(4, { mark: 0, body: utf8("[]") }));
    for (const error of [await refusedVerify(dir), await refusedOpen(dir)]) {
      expect(error).toMatchObject({ code: "log.entry_invalid", index: 4 });
    }
  });

  test("beyond the checkpoint is refused as well, before anybody signs it", async () => {
    for (const [from, to] of [
      ['"v":1}', '"v":1,"x":1}'],
      ['"seq":1,', '"seq":2,'],
    ] as const) {
      const dir = freshFolder();
      const store = await openLog(dir);
      await store.append(heartbeat(0));
      await store.checkpoint();
      await store.append(heartbeat(1));
      await store.close();
      editFrames(dir, "entries", (frames) => rewritten(frames, 1, from, to));
      expect(await refusedOpen(dir)).toMatchObject({ code: "log.entry_invalid", file: "entries", index: 1 });
    }
  });
});

describe("another checkpoint", () => {
  test("an older one covers less: what it does not cover is named", async () => {
    const dir = freshFolder();
    const store = await openLog(dir);
    await store.append(heartbeat(0));
    const older = await store.checkpoint();
    await store.append(heartbeat(1));
    await store.append(heartbeat(2));
    const newer = await store.checkpoint();
    await store.close();
    writeFileSync(join(dir, "checkpoint"), older);
    const error = await refusedVerify(dir);
    expect(placeOf(error)).toEqual({
      code: "log.uncovered",
      file: "entries",
      offset: frameOffsets(readParts(dir, "entries"))[1],
      index: 1,
    });
    expect(error.message).toContain("pol log checkpoint");
    const again = await openLog(dir);
    expect(await again.checkpoint()).toBe(newer);
    expect(await verify(dir)).toMatchObject({ ok: true, size: 3 });
  });

  test("of another log, another key, another history or the future is refused by name", async () => {
    const bodies = [0, 1, 2].map((seq) => bytesOf(heartbeat(seq)));
    const fork = [bodies[0]!, bytesOf({ ...heartbeat(1), at: 0 }), bodies[2]!];
    const cases = [
      [await checkpointOf(treeOf(bodies), noteSigner(1, "example.com/other")), "log.other_origin"],
      [await checkpointOf(treeOf(bodies), noteSigner(2)), "log.other_key"],
      [await checkpointOf(treeOf(fork)), "log.other_root"],
      [await checkpointOf(treeOf(fork.slice(0, 2))), "log.other_root"],
      [await checkpointOf(treeOf([...bodies, ...bodies])), "log.truncated"],
      ["", "log.malformed"],
      ["x".repeat(300_000), "log.malformed"],
    ] as const;
    for (const [note, code] of cases) {
      const dir = freshFolder();
      const store = await openLog(dir);
      for (const seq of [0, 1, 2]) await store.append(heartbeat(seq));
      await store.checkpoint();
      await store.close();
      writeFileSync(join(dir, "checkpoint"), note);
      expect((await refusedVerify(dir)).code).toBe(code);
      expect((await refusedOpen(dir)).code).toBe(code);
    }
  });

  test("signed by a second key too is fine, and the stranger's line is mentioned", async () => {
    const dir = await dozenFolder();
    const line = (await checkpointOf(treeOf([]), noteSigner(2, "witness.example"))).split("\n").at(-2)!;
    appendFileSync(join(dir, "checkpoint"), `${line}\n`);
    expect(await verify(dir)).toMatchObject({
      ok: true,
      warnings: ["1 more signatures on the checkpoint, by keys that are not known here"],
    });
    expect((await openLog(dir)).size).toBe(12);
  });
});

describe("openings", () => {
  test("that open another entry's request, or none, are refused by name", async () => {
    const cases: readonly (readonly [(frames: readonly Frame[]) => readonly Frame[], object])[] = [
      [
        ([one, two, three]) => [{ ...one!, body: two!.body }, { ...two!, body: one!.body }, three!],
        { code: "log.opening_mismatch", index: 1 },
      ],
      [(frames) => frames.with(0, { ...frames[0]!, mark: 0 }), { code: "log.opening_mismatch", index: 0 }],
      [([one, two, three]) => [two!, one!, three!], { code: "log.malformed", index: 6 }],
      [([one, ...rest]) => [one!, one!, ...rest], { code: "log.malformed", index: 2 }],
      [(frames) => frames.with(0, { mark: 1, body: utf8("{}") }), { code: "log.malformed", index: 1 }],
      [
        (frames) => frames.with(0, { mark: 1, body: Uint8Array.of(0xff) }),
        { code: "log.malformed", index: 1 },
      ],
    ];
    for (const [edit, expected] of cases) {
      const dir = await dozenFolder();
      editFrames(dir, "openings", edit);
      expect(await refusedVerify(dir)).toMatchObject({ file: "openings", ...expected });
    }
  });

  test("that were erased, in whole or field by field, leave the log as good as it was", async () => {
    const dir = await dozenFolder();
    const withoutField = { ...decision(4).opening, sensitive: [] };
    editFrames(dir, "openings", ([, two, three]) => [
      { ...two!, body: utf8(encodeOpening(withoutField)) },
      three!,
    ]);
    expect(await verify(dir)).toMatchObject({ ok: true, commitments: 4, openings: 2 });
    const store = await openLog(dir);
    expect(await store.opening(1)).toBe(null);
    expect(await store.opening(5)).toEqual(withoutField);
    expect(await store.opening(10)).toEqual(decision(1, "other").opening);
  });

  test("of another log are refused, and so is the file of entries in their place", async () => {
    const [dir, other] = [await dozenFolder(), await dozenFolder()];
    copyFileSync(join(other, "openings"), join(dir, "openings"));
    for (const error of [await refusedVerify(dir), await refusedOpen(dir)]) {
      expect(error).toMatchObject({ code: "log.malformed", file: "openings", offset: 0 });
      expect(error.message).toContain("another log");
    }
    copyFileSync(join(dir, "entries"), join(dir, "openings"));
    expect((await refusedVerify(dir)).message).toContain("this is the file entries, under another name");
    copyFileSync(join(other, "openings"), join(dir, "entries"));
    expect(await refusedVerify(dir)).toMatchObject({ code: "log.malformed", file: "entries", offset: 0 });
  });
});
