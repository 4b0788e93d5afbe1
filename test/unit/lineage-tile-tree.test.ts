/** Reading a published log: what is right is found, and what was changed is refused before it is used. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { compareHeads, openHead, openTiles, type TileLog } from "@polity/lineage/open-tiles.ts";
import type { LogError } from "@polity/lineage/store.ts";
import { describe, expect, test } from "vitest";
import { rejection } from "../support/file-log.ts";
import { named, noteSigner, ORIGIN } from "../support/lineage-log.ts";
import { consistencyOf, leaf, pathOf, rootOf } from "../support/merkle-definitions.ts";
import {
  bundleOf,
  logFilesOf,
  plainEntries,
  signedHead,
  sourceOf,
  type TileFiles,
} from "../support/tile-folder.ts";

const KEY = noteSigner().key;
const options = { keys: [KEY], crypto: nodeCrypto };

async function opened(files: TileFiles, asked: string[] = []): Promise<TileLog> {
  const result = await openTiles(sourceOf(files, asked), options);
  if (!result.ok) throw result.error;
  return result.log;
}

async function refusal(
  files: TileFiles,
  changes: Partial<Parameters<typeof openTiles>[1]> = {},
): Promise<LogError> {
  const result = await openTiles(sourceOf(files), { ...options, ...changes });
  if (result.ok) throw new Error("the log was opened");
  return result.error;
}

/** Sizes around the widths of tiles; one with a third level would take 65,536 entries. */
const SIZES = [0, 1, 2, 3, 255, 256, 257, 511, 512, 700];

describe("what is there", () => {
  test.each(SIZES)("entries, leaf hashes, roots and proofs of %d entries", async (size) => {
    const entries = plainEntries(size);
    const leaves = entries.map(leaf);
    const { tree, checkpoint } = await opened(await logFilesOf(entries));
    expect(checkpoint).toEqual({ origin: ORIGIN, size, root: rootOf(leaves) });
    expect(await tree.entry(size)).toBeNull();
    expect(await tree.entry(-1)).toBeNull();
    for (let index = 0; index < size; index += 1 + Math.floor(size / 20)) {
      expect(Buffer.from((await tree.entry(index))!)).toEqual(entries[index]);
      expect(await tree.leaf(index)).toEqual(leaves[index]);
      expect(await tree.inclusionProof(index)).toEqual(pathOf(index, leaves));
      expect(await tree.inclusionProof(index, index + 1)).toEqual(pathOf(index, leaves.slice(0, index + 1)));
      expect(await tree.consistencyProof(index)).toEqual(consistencyOf(index, leaves));
      expect(await tree.rootAt(index)).toEqual(rootOf(leaves.slice(0, index)));
    }
    expect(await tree.rootAt(size)).toEqual(rootOf(leaves));
    expect(await tree.consistencyProof(size)).toEqual([]);
  });

  test("nothing beyond the tree has a proof", async () => {
    const { tree } = await opened(await logFilesOf(plainEntries(3)));
    await expect(tree.inclusionProof(3)).rejects.toThrow("the index is 3, not an integer from 0 to 2");
    await expect(tree.inclusionProof(0, 4)).rejects.toThrow(RangeError);
    await expect(tree.consistencyProof(2, 1)).rejects.toThrow(RangeError);
    await expect(tree.leaf(3)).rejects.toThrow(RangeError);
    await expect(tree.rootAt(0.5)).rejects.toThrow(RangeError);
    await expect(tree.bundle(1)).rejects.toThrow(RangeError);
  });

  test("a full tile takes the place of a partial one that was removed", async () => {
    const [files, later] = [await logFilesOf(plainEntries(300)), await logFilesOf(plainEntries(512))];
    for (const path of ["tile/0/001", "tile/entries/001"]) {
      files.delete(`${path}.p/44`);
      files.set(path, later.get(path)!);
    }
    const { tree } = await opened(files);
    expect(Buffer.from((await tree.entry(299))!).toString()).toBe("entry 299");
    expect(await tree.entry(300)).toBeNull();
    expect((await tree.bundle(1)).entries).toHaveLength(44);
  });

  test("what was read stays in memory, as far as there is room", async () => {
    const asked: string[] = [];
    const files = await logFilesOf(plainEntries(700));
    const { tree } = await opened(files, asked);
    for (let index = 0; index < 700; index += 1) await tree.entry(index);
    await Promise.all([tree.entry(1), tree.entry(2), tree.inclusionProof(3)]);
    expect(asked).toHaveLength(new Set(asked).size);
    const again: string[] = [];
    const small = await openTiles(sourceOf(files, again), { ...options, cacheBytesMax: 100 });
    for (const index of [0, 1, 300, 0]) if (small.ok) await small.log.tree.entry(index);
    expect(again.filter((path) => path === "tile/entries/000")).toHaveLength(2);
  });
});

describe("what was changed", () => {
  test("no byte of any file can be another one", async () => {
    const files = await logFilesOf(plainEntries(258));
    for (const [path, bytes] of files) {
      if (path === "checkpoint") continue;
      for (let at = 0; at < bytes.length; at += bytes.length > 1000 ? 97 : 1) {
        const flipped = new Uint8Array(bytes);
        flipped[at]! ^= 1;
        const error = await readAll(new Map(files).set(path, flipped));
        expect(error.code, `${path} ${at}`).toMatch(/^log\.(?:other_root|other_entry|malformed)$/);
        expect(error.message).toContain(path);
        if (error.offset !== null) expect(error.offset).toBeLessThanOrEqual(at);
      }
    }
  });

  async function readAll(files: TileFiles): Promise<LogError> {
    const result = await openTiles(sourceOf(files), options);
    if (!result.ok) return result.error;
    return rejection(
      (async () => {
        for (let index = 0; index < result.log.checkpoint.size; index += 256)
          await result.log.tree.bundle(index / 256);
      })(),
    );
  }

  test("a rewritten entry: both hashes, file, offset and index", async () => {
    const files = await logFilesOf(plainEntries(5));
    const others = plainEntries(5);
    others[2] = Buffer.from("entry X");
    files.set("tile/entries/000.p/5", bundleOf(others));
    const error = await readAll(files);
    expect([error.code, error.file, error.offset, error.index]).toEqual([
      "log.other_entry",
      "tile/entries/000.p/5",
      18,
      2,
    ]);
    expect(error.message).toMatch(
      /is sha256:[0-9a-f]{64}, but the tree that was signed has sha256:[0-9a-f]{64}: the entry was rewritten/,
    );
  });

  test("re-ordered entries: which one is here", async () => {
    const files = await logFilesOf(plainEntries(5));
    const [a, b, c, d, e] = plainEntries(5);
    files.set("tile/entries/000.p/5", bundleOf([a!, d!, c!, b!, e!]));
    expect((await readAll(files)).message).toContain("this is entry 3, so entries were put in another order");
  });

  test("entries and tiles of another tree under the old checkpoint", async () => {
    const [files, other] = [await logFilesOf(plainEntries(5)), await logFilesOf(plainEntries(5, "other"))];
    files.set("tile/0/000.p/5", other.get("tile/0/000.p/5")!);
    const error = await refusal(files);
    expect(error.code).toBe("log.other_root");
    expect(error.message).toMatch(
      /is under the root sha256:[0-9a-f]{64}, but the checkpoint of 5 entries was signed for sha256/,
    );
  });

  test("a truncated tail: the file that is missing", async () => {
    const [files, shorter] = [await logFilesOf(plainEntries(300)), await logFilesOf(plainEntries(280))];
    const cut = new Map(shorter).set("checkpoint", files.get("checkpoint")!);
    const error = await refusal(cut);
    expect([error.code, error.file]).toEqual(["log.missing", "tile/0/001.p/44"]);
    expect(error.message).toContain("promises this file, for entries 256 to 299, and it is not there");
  });

  test("a forged checkpoint: what it claims", async () => {
    const files = await logFilesOf(plainEntries(5));
    const note = Buffer.from(files.get("checkpoint")!).toString().replace("\n5\n", "\n6\n");
    const error = await refusal(new Map(files).set("checkpoint", Buffer.from(note)));
    expect(error.code).toBe("log.bad_signature");
    expect(error.message).toMatch(/it claims that example\.com\/log has 6 entries under sha256:/);
  });

  test.each<[string, (files: TileFiles) => TileFiles, string]>([
    [
      "no checkpoint",
      (files) => new Map([...files].filter(([path]) => path !== "checkpoint")),
      "log.missing",
    ],
    ["no note", (files) => files.set("checkpoint", Buffer.from("hello\n")), "log.malformed"],
    ["a short tile", (files) => files.set("tile/0/000.p/5", new Uint8Array(159)), "log.malformed"],
  ])("%s", async (_name, change, code) => {
    expect((await refusal(change(await logFilesOf(plainEntries(5))))).code).toBe(code);
  });

  test("another key, and another log of the same key", async () => {
    const files = await logFilesOf(plainEntries(5));
    expect((await refusal(files, { keys: [noteSigner(2).key] })).code).toBe("log.other_key");
    expect((await refusal(files, { keys: [named("example.com/else", KEY.publicKey)] })).code).toBe(
      "log.other_key",
    );
    const error = await refusal(files, { keys: [KEY.publicKey], origin: "example.com/else" });
    expect([error.code, error.message]).toEqual([
      "log.other_origin",
      "checkpoint: this is the log example.com/log, not example.com/else: check the place, or the name",
    ]);
  });

  test("what a source rejects with and is no objection of a log comes through", async () => {
    const broken = { name: "x", read: () => Promise.reject(new TypeError("a bug")) };
    await expect(openTiles(broken, options)).rejects.toThrow(TypeError);
  });
});

describe("two checkpoints", () => {
  const headOf = async (entries: readonly Uint8Array[]) =>
    openHead(Buffer.from(await signedHead(entries)), "kept", options);

  test("a log that grew continues", async () => {
    const log = await opened(await logFilesOf(plainEntries(300)));
    for (const size of [0, 1, 256, 299, 300]) {
      const result = await compareHeads(await headOf(plainEntries(size)), log);
      expect(result).toEqual({ kind: "continues", proof: consistencyOf(size, plainEntries(300).map(leaf)) });
    }
  });

  test("one that shrank does not", async () => {
    const log = await opened(await logFilesOf(plainEntries(5)));
    expect(await compareHeads(await headOf(plainEntries(6)), log)).toEqual({ kind: "shrunk" });
  });

  test("a fork shows what the log has now under the earlier size", async () => {
    const log = await opened(await logFilesOf(plainEntries(9)));
    const others = [...plainEntries(6), Buffer.from("another")];
    const leaves = plainEntries(9).map(leaf);
    expect(await compareHeads(await headOf(others), log)).toEqual({
      kind: "forked",
      root: rootOf(leaves.slice(0, 7)),
      proof: consistencyOf(7, leaves),
    });
  });
});
