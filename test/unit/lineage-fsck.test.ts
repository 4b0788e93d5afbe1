/** Checking the files of a log against each other: each changed byte is found, and named where it is. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { decodeCheckpoint } from "@polity/lineage/checkpoint.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import type { Finding } from "@polity/lineage/finding.ts";
import { type Fscked, type FsckSource, fsckTiles } from "@polity/lineage/fsck.ts";
import { openCrossCheck } from "@polity/lineage/index-store/cross-check.ts";
import { openIndex } from "@polity/lineage/index-store/log-index.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openTiles } from "@polity/lineage/open-tiles.ts";
import type { ReadEntry } from "@polity/lineage/read-entries.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import { freshFolder } from "../support/file-log.ts";
import { noteSigner, ORIGIN } from "../support/lineage-log.ts";
import { bytesOf, decision, heartbeat, nthEntry } from "../support/log-entries.ts";
import { bundleOf, logFilesOf, sourceOf, type TileFiles, tileFilesOf } from "../support/tile-folder.ts";

const { sha256 } = nodeCrypto;
const many = (count: number): Entry[] => Array.from({ length: count }, (_, seq) => nthEntry(seq).entry);

function withNames(files: TileFiles): FsckSource {
  const names = async (folder: string) =>
    [...files.keys()]
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1));
  return { ...sourceOf(files), names };
}

async function checked(files: TileFiles, onEntry?: (read: ReadEntry) => void) {
  const findings: Finding[] = [];
  const note = Buffer.from(files.get("checkpoint")!).toString();
  const decoded = decodeCheckpoint(note.slice(0, note.indexOf("\n\n") + 1));
  if (!decoded.ok) throw new Error(decoded.message);
  const options = { sha256, onFinding: (finding: Finding) => void findings.push(finding) };
  const done: Fscked = await fsckTiles(
    withNames(files),
    decoded.checkpoint,
    onEntry === undefined ? options : { ...options, onEntry },
  );
  return { findings, done, root: digestName(decoded.checkpoint.root) };
}

/** 258 small entries, with what two smaller checkpoints had left behind. */
async function growing(): Promise<TileFiles> {
  const entries = Array.from({ length: 258 }, (_, seq) => bytesOf(heartbeat(seq)));
  const files = await logFilesOf(entries);
  for (const size of [3, 257]) {
    for (const [path, bytes] of tileFilesOf(entries.slice(0, size)))
      if (path.includes(".p/")) files.set(path, bytes);
  }
  return files;
}

function flipped(files: TileFiles, path: string, at: number): TileFiles {
  const bytes = new Uint8Array(files.get(path)!);
  bytes[at]! ^= 0x10;
  return new Map(files).set(path, bytes);
}

describe("a log as it should be", () => {
  test.each([1, 256, 257, 700])("%d entries: nothing is found, and every entry is shown", async (size) => {
    const seen: number[] = [];
    const entries = many(size);
    const { findings, done, root } = await checked(
      await logFilesOf(entries.map(bytesOf)),
      ({ index, entry }) => {
        expect(entry).toEqual(entries[index]);
        seen.push(index);
      },
    );
    expect(findings).toEqual([]);
    expect(done.root).toBe(root);
    expect(seen).toEqual(Array.from({ length: size }, (_, at) => at));
  });

  test("an empty one, and one with partial tiles of smaller sizes", async () => {
    expect((await checked(await logFilesOf([]))).findings).toEqual([]);
    const { findings, done } = await checked(await growing());
    expect(findings).toEqual([]);
    expect(done.files).toBe((await growing()).size - 1);
  });
});

describe("a changed byte", () => {
  test("is named in every file, whichever it is", async () => {
    const files = await growing();
    let count = 0;
    for (const [path, bytes] of files) {
      if (path === "checkpoint") continue;
      const step = bytes.length > 2000 ? 2_011 : 61;
      for (let at = path.length % step; at < bytes.length; at += step, count += 1) {
        const { findings } = await checked(flipped(files, path, at));
        expect(
          findings.map(({ file, offset }) => [file, offset]),
          `${path} ${at}`,
        ).toEqual([[path, at]]);
      }
    }
    expect(count).toBeGreaterThan(30);
  });

  test("with its value, before and now", async () => {
    const files = await growing();
    const tile = files.get("tile/0/000")!;
    const { findings } = await checked(flipped(files, "tile/0/000", 5));
    const [was, now] = [tile[5]!, tile[5]! ^ 0x10].map((byte) => `0x${byte.toString(16).padStart(2, "0")}`);
    expect(findings).toEqual([
      {
        code: "log.other_tile",
        message: `this byte is ${now}, and what is below the tile gives ${was}; restore the file from a copy`,
        file: "tile/0/000",
        offset: 5,
        index: null,
      },
    ]);
  });

  test("two of them, in a bundle and in another tile", async () => {
    const files = flipped(flipped(await growing(), "tile/entries/000", 100), "tile/0/000.p/3", 33);
    const { findings } = await checked(files);
    expect(findings.map(({ code, file, offset }) => [code, file, offset])).toEqual([
      ["log.other_tile", "tile/0/000.p/3", 33],
      ["log.other_entry", "tile/entries/000", 100],
    ]);
  });

  test("in a bundle and its own tile: neither leads to the root", async () => {
    const files = flipped(flipped(await growing(), "tile/entries/000", 30_000), "tile/0/000", 5_000);
    const { findings } = await checked(files);
    expect(findings.map(({ file }) => file)).toEqual(["tile/0/000"]);
    expect(findings[0]!.message).toContain("neither leads to the root that was signed");
  });
});

describe("what was rewritten", () => {
  test("an entry, and the bundle only: both hashes", async () => {
    const entries = many(9).map(bytesOf);
    const files = await logFilesOf(entries);
    const others = [...entries];
    others[4] = bytesOf(heartbeat(4, "another"));
    files.set("tile/entries/000.p/9", bundleOf(others));
    const { findings } = await checked(files);
    expect(findings).toEqual([
      {
        code: "log.other_entry",
        message: expect.stringMatching(
          /^the entry was rewritten: the leaf hash of these bytes is .* was signed/,
        ),
        file: "tile/entries/000.p/9",
        offset: entries.slice(0, 4).reduce((sum, { length }) => sum + 2 + length, 0),
        index: 4,
      },
    ]);
  });

  test("the order of entries", async () => {
    const entries = many(9).map(bytesOf);
    const files = await logFilesOf(entries);
    files.set("tile/entries/000.p/9", bundleOf([...entries.slice(0, 7), entries[8]!, entries[7]!]));
    const [finding] = (await checked(files)).findings;
    expect([finding!.index, finding!.message]).toEqual([7, expect.stringContaining("in another order")]);
  });

  test("everything but the checkpoint", async () => {
    const files = await logFilesOf(many(9).map(bytesOf));
    const others = await logFilesOf([...many(8), decision(8).entry].map(bytesOf));
    const { findings } = await checked(new Map(others).set("checkpoint", files.get("checkpoint")!));
    expect(findings.map(({ code, file }) => [code, file])).toEqual([["log.other_root", "checkpoint"]]);
    expect(findings[0]!.message).toMatch(/under the root sha256:.* was signed for sha256:/);
  });

  test("a missing file, and one that ends early", async () => {
    const files = await growing();
    for (const path of ["tile/entries/000", "tile/0/000", "tile/entries/001.p/2", "tile/1/000.p/1"]) {
      const without = new Map([...files].filter(([name]) => name !== path));
      const { findings } = await checked(without);
      expect(findings.map(({ code, file }) => [code, file])).toEqual([["log.missing", path]]);
      const short = new Map(files).set(path, files.get(path)!.slice(0, -1));
      const [found, ...more] = (await checked(short)).findings;
      expect([found!.code, found!.file, more]).toEqual(["log.malformed", path, []]);
    }
  });
});

describe("entries together", () => {
  test("what is none, and what breaks a node's count", async () => {
    const bytes = [heartbeat(0), heartbeat(1)].map(bytesOf);
    const files = await logFilesOf([bytes[0]!, Buffer.from("{}"), bytes[1]!, bytesOf(heartbeat(3))]);
    const { findings } = await checked(files);
    expect(findings.map(({ code, index }) => [code, index])).toEqual([
      ["log.entry_invalid", 1],
      ["log.entry_invalid", 3],
    ]);
  });

  async function crossed(entries: readonly Entry[]) {
    const check = await openCrossCheck(join(freshFolder(), "check.sqlite"));
    onTestFinished(() => check.close());
    await checked(await logFilesOf(entries.map(bytesOf)), check.add);
    return check;
  }

  function leafOf(entry: Entry): string {
    return digestName(leafHash(bytesOf(entry), sha256));
  }

  test("ids that are there twice", async () => {
    const again = { ...heartbeat(2), id: heartbeat(0).id };
    const check = await crossed([heartbeat(0), heartbeat(1), again]);
    expect(check.duplicates()).toEqual([
      expect.objectContaining({
        code: "log.duplicate_id",
        index: 2,
        message: expect.stringContaining("entry 0"),
      }),
    ]);
    expect((await crossed(many(9))).duplicates()).toEqual([]);
  });

  test("parents that are not there, or come later", async () => {
    const later = decision(2).entry;
    const parent = (entry: Entry, log: string | null = null) => ({
      leaf: leafOf(entry),
      relation: "caused" as const,
      log,
    });
    const check = await crossed([
      heartbeat(0),
      {
        ...decision(1).entry,
        parents: [parent(heartbeat(0)), parent(later), parent(heartbeat(7), "example.com/b")],
      },
      later,
      { ...decision(3).entry, parents: [parent(heartbeat(9))] },
    ]);
    expect(check.dangling().map(({ code, index }) => [code, index])).toEqual([
      ["log.dangling_parent", 1],
      ["log.dangling_parent", 3],
    ]);
  });

  test("an index that says something else", async () => {
    const entries = many(40);
    const files = await logFilesOf(entries.map(bytesOf));
    const opened = await openTiles(sourceOf(files), { keys: [noteSigner().key], crypto: nodeCrypto });
    if (!opened.ok) throw opened.error;
    const path = join(freshFolder(), "index.sqlite");
    const index = await openIndex(path, ORIGIN);
    await index.follow(opened.log);
    index.close();
    const check = await crossed(entries);
    expect(await check.compareIndex(path, ORIGIN)).toEqual({ size: 40, findings: [] });
    expect(await check.compareIndex(path, "example.com/other")).toEqual({ size: null, findings: [] });
    const database = new DatabaseSync(path);
    const changed = async (change: string) => {
      database.exec(change);
      const { findings } = await check.compareIndex(path, ORIGIN);
      return findings.map(({ code, index: at }) => [code, at]);
    };
    expect(await changed("UPDATE entry SET verdict = 'deny' WHERE at_index = 6")).toEqual([
      ["log.other_index", 6],
    ]);
    expect(await changed("INSERT INTO edge VALUES (3, 0, x'00', 'caused', NULL)")).toEqual([
      ["log.other_index", 6],
      ["log.other_index", 3],
    ]);
    expect(await changed("DELETE FROM edge; DELETE FROM entry WHERE at_index = 9")).toEqual([
      ["log.other_index", 6],
      ["log.other_index", 9],
    ]);
    database.close();
  });

  test("an index that ends too early, and one that goes on", async () => {
    const entries = many(40);
    const path = join(freshFolder(), "index.sqlite");
    const log = await openTiles(sourceOf(await logFilesOf(entries.map(bytesOf))), {
      keys: [noteSigner().key],
      crypto: nodeCrypto,
    });
    if (!log.ok) throw log.error;
    const index = await openIndex(path, ORIGIN);
    await index.follow(log.log);
    index.close();
    const less = await crossed(entries.slice(0, 39));
    const at = async (size?: number) =>
      (await less.compareIndex(path, ORIGIN, size)).findings.map((finding) => finding.index);
    // The last entry could not be read, or the log never had it.
    expect([await at(40), await at()]).toEqual([[], [39]]);
    const database = new DatabaseSync(path);
    database.exec("DELETE FROM entry WHERE at_index = 38");
    database.close();
    expect(await at(40)).toEqual([38]);
    const check = await crossed(entries);
    expect((await check.compareIndex(path, ORIGIN)).findings.map((finding) => finding.index)).toEqual([38]);
    const emptied = new DatabaseSync(path);
    emptied.exec("DELETE FROM entry WHERE at_index > 20");
    emptied.close();
    expect((await check.compareIndex(path, ORIGIN)).findings.map((finding) => finding.index)).toEqual([21]);
  });
});
