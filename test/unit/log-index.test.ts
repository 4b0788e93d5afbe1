/** The index of a log: what it finds, that it follows the log, and that it is made again where it must be. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Entry } from "@polity/lineage/entry.ts";
import { openCrossCheck } from "@polity/lineage/index-store/cross-check.ts";
import { startFollower } from "@polity/lineage/index-store/follower.ts";
import { type LogIndex, openIndex } from "@polity/lineage/index-store/log-index.ts";
import type { Query } from "@polity/lineage/index-store/query.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openTiles, type TileLog } from "@polity/lineage/open-tiles.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { digestName, toHex } from "@polity/runtime/hash.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import { freshFolder, rejection } from "../support/file-log.ts";
import { noteSigner, ORIGIN } from "../support/lineage-log.ts";
import { bytesOf, decision, dozen, heartbeat, nthEntry } from "../support/log-entries.ts";
import { logFilesOf, sourceOf } from "../support/tile-folder.ts";

const ENTRIES = dozen().map(({ entry }) => entry);

function leafOf(entry: Entry): string {
  return digestName(leafHash(bytesOf(entry), nodeCrypto.sha256));
}

async function logOf(entries: readonly Entry[]): Promise<TileLog> {
  const files = await logFilesOf(entries.map(bytesOf));
  const opened = await openTiles(sourceOf(files), { keys: [noteSigner().key], crypto: nodeCrypto });
  if (!opened.ok) throw opened.error;
  return opened.log;
}

async function opened(path: string, origin = ORIGIN): Promise<LogIndex> {
  const index = await openIndex(path, origin);
  onTestFinished(() => {
    try {
      index.close();
    } catch {
      // The test closed it.
    }
  });
  return index;
}

const many = (count: number) => Array.from({ length: count }, (_, seq) => nthEntry(seq).entry);

describe("what is found", () => {
  const [first, second] = [decision(0).entry, decision(1).entry];
  const child: Entry = {
    ...decision(2).entry,
    parents: [
      { leaf: leafOf(first), relation: "caused", log: null },
      { leaf: leafOf(second), relation: "retried", log: null },
    ],
  };
  const begin = ENTRIES[2]!;
  const acting = [
    ENTRIES[0]!,
    ENTRIES[1]!,
    begin,
    { ...decision(3).entry, execution: "e-1" },
    { ...heartbeat(4), execution: "e-2" },
  ];

  test.each<[string, readonly Entry[], Omit<Query, "limit">, readonly number[]]>([
    ["all", ENTRIES, {}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    ["by id", ENTRIES, { id: ENTRIES[6]!.id }, [6]],
    ["by leaf hash", ENTRIES, { leaf: leafOf(ENTRIES[9]!) }, [9]],
    ["no such leaf hash", ENTRIES, { leaf: "sha256:12" }, []],
    ["by kind", ENTRIES, { kind: "decision" }, [1, 3, 5, 10]],
    ["by verdict", ENTRIES, { verdict: "allow" }, [5]],
    ["by verdict and node", ENTRIES, { verdict: "deny", node: "other" }, [10]],
    ["by action and code", ENTRIES, { action: "pay", code: "rule" }, [1, 3, 5, 10]],
    ["by time", ENTRIES, { fromMs: ENTRIES[6]!.at, untilMs: ENTRIES[8]!.at }, [6, 7]],
    ["by place", ENTRIES, { fromIndex: 10 }, [10, 11]],
    ["whom entries are about", ENTRIES, { agent: "a-1" }, [2, 7, 9]],
    ["who acts in an execution", acting, { agent: "a-1" }, [2, 3]],
    ["by execution", acting, { execution: "e-2" }, [4]],
    ["children", [first, second, child], { childrenOf: leafOf(second) }, [2]],
    ["parents", [first, second, child], { parentsOf: leafOf(child) }, [0, 1]],
    ["nothing", ENTRIES, { agent: "' OR 1 = 1 --" }, []],
  ])("%s", async (_name, entries, query, expected) => {
    const index = await opened(":memory:");
    await index.follow(await logOf(entries));
    const found = index.find({ ...query, limit: 100 });
    expect(found.map((one) => one.index)).toEqual(expected);
    for (const one of found) expect(one.leaf).toBe(leafOf(entries[one.index]!));
    expect(index.find({ ...query, limit: 1 })).toEqual(found.slice(0, 1));
  });
});

describe("following", () => {
  test("takes in what is new, and nothing twice", async () => {
    const path = join(freshFolder(), "index.sqlite");
    const index = await opened(path);
    const steps: number[] = [];
    expect(await index.follow(await logOf(many(300)))).toEqual({ size: 300, added: 300, rebuilt: null });
    const grown = await logOf(many(5000));
    expect(await index.follow(grown, (count) => steps.push(count))).toEqual({
      size: 5000,
      added: 4700,
      rebuilt: null,
    });
    expect(steps).toEqual([3796, 904]);
    expect(await index.follow(grown)).toEqual({ size: 5000, added: 0, rebuilt: null });
    const other = await opened(path);
    expect(await other.follow(grown)).toEqual({ size: 5000, added: 0, rebuilt: null });
    expect(other.find({ limit: 10_000 })).toEqual(index.find({ limit: 10_000 }));
  });

  test("two at once into one file", async () => {
    const path = join(freshFolder(), "index.sqlite");
    const [one, other] = [await opened(path), await opened(path)];
    const log = await logOf(many(600));
    const added = await Promise.all([one.follow(log), other.follow(log)]);
    expect(added.map((done) => done.size)).toEqual([600, 600]);
    expect(added[0]!.added + added[1]!.added).toBe(600);
    expect(one.find({ limit: 1000 })).toHaveLength(600);
  });

  test("ahead of the log, or of other entries: it is made anew", async () => {
    const index = await opened(join(freshFolder(), "index.sqlite"));
    await index.follow(await logOf(many(9)));
    const shorter = await index.follow(await logOf(many(6)));
    expect(shorter).toEqual({ size: 6, added: 6, rebuilt: "it had 9 entries, and the log has 6" });
    const others = [...many(5), heartbeat(7)];
    const other = await index.follow(await logOf(others));
    expect(other).toEqual({ size: 6, added: 6, rebuilt: "it had entries under another root" });
    expect(index.find({ limit: 10 }).map(({ leaf }) => leaf)).toEqual(others.map(leafOf));
  });

  test("without entries that it counts, or with some that it does not count: it is made anew", async () => {
    const path = join(freshFolder(), "index.sqlite");
    const log = await logOf(many(300));
    const rebuiltAfter = async (change: string) => {
      const before = await opened(path);
      await before.follow(log);
      before.close();
      const database = new DatabaseSync(path);
      database.exec(change);
      database.close();
      const index = await opened(path);
      const { size, rebuilt } = await index.follow(log);
      expect([size, index.find({ limit: 999 }).length]).toEqual([300, 300]);
      index.close();
      return rebuilt;
    };
    expect(await rebuiltAfter("DELETE FROM entry WHERE at_index = 299")).toMatch(/^entries are missing/);
    expect(await rebuiltAfter("DELETE FROM entry WHERE at_index = 7")).toMatch(/^entries are missing/);
    const root = `x'${toHex(await log.tree.rootAt(290))}'`;
    const forgets = `UPDATE head SET size = 290, root = ${root}`;
    expect(await rebuiltAfter(forgets)).toMatch(/^entries are missing|damaged/);
    expect(await rebuiltAfter("PRAGMA optimize")).toBeNull();
  });

  test("of another log or version, or no database: it is made anew", async () => {
    const path = join(freshFolder(), "index.sqlite");
    const log = await logOf(many(3));
    const rebuilt = async () => {
      const index = await opened(path);
      const followed = await index.follow(log);
      expect([followed.size, index.find({ limit: 9 }).length]).toEqual([3, 3]);
      index.close();
      return followed.rebuilt;
    };
    (await opened(path, "example.com/other")).close();
    expect(await rebuilt()).toBe("it is of another log (example.com/other)");
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 99");
    database.close();
    expect(await rebuilt()).toBe("it was made by another version (99)");
    expect(await rebuilt()).toBeNull();
    writeFileSync(path, "no database at all, but longer than the first line of one would ever be, and more");
    expect(await rebuilt()).toBe("it was damaged");
  });

  test.each([
    ["a trigger", "CREATE TRIGGER hides AFTER INSERT ON entry BEGIN DELETE FROM edge; END"],
    [
      "a view in the place of a table",
      `ALTER TABLE head RENAME TO kept; CREATE VIEW head AS
       WITH RECURSIVE more (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM more WHERE at < 9)
       SELECT kept.* FROM kept, more`,
    ],
    ["a column that is computed", "ALTER TABLE entry ADD COLUMN heavy TEXT AS (hex(zeroblob(9)))"],
    ["a table", "CREATE TABLE more (at INTEGER)"],
    ["an index", "CREATE INDEX entry_heavy ON entry (length(node))"],
  ])(
    "with %s that nobody made here: it is made anew, and is no index to whoever checks",
    async (_, change) => {
      const path = join(freshFolder(), "index.sqlite");
      const log = await logOf(many(30));
      const before = await opened(path);
      await before.follow(log);
      before.close();
      const database = new DatabaseSync(path);
      database.exec(change);
      database.close();
      const check = await openCrossCheck(join(freshFolder(), "check.sqlite"));
      expect(await check.compareIndex(path, log.checkpoint.origin)).toEqual({ size: null, findings: [] });
      check.close();
      const index = await opened(path);
      expect(await index.follow(log)).toMatchObject({
        size: 30,
        rebuilt: "it has other tables than an index has",
      });
      index.close();
    },
  );

  test("a damaged page: it is made anew, or what it says is checked against the log", async () => {
    const path = join(freshFolder(), "index.sqlite");
    const index = await opened(path);
    await index.follow(await logOf(many(2000)));
    index.close();
    const copy = `${path}.copy`;
    copyFileSync(path, copy);
    const bytes = readFileSync(copy);
    bytes.fill(0xff, 4096, 4096 * 6);
    writeFileSync(path, bytes);
    const again = await opened(path);
    const followed = await again.follow(await logOf(many(2000)));
    expect(followed.size).toBe(2000);
    const grown = await again.follow(await logOf(many(6000)));
    expect([grown.size, again.find({ limit: 9000 }).length]).toEqual([6000, 6000]);
  });

  test("what happens in between leaves whole batches", async () => {
    const path = join(freshFolder(), "index.sqlite");
    const files = await logFilesOf(many(5000).map(bytesOf));
    const source = sourceOf(files);
    let reads = 0;
    const failing = {
      ...source,
      read: (name: string, bytesMax: number) => {
        reads += 1;
        return reads > 30 ? Promise.reject(new Error("the machine stops")) : source.read(name, bytesMax);
      },
    };
    const options = { keys: [noteSigner().key], crypto: nodeCrypto };
    const broken = await openTiles(failing, options);
    const index = await opened(path);
    if (broken.ok) await expect(index.follow(broken.log)).rejects.toThrow("the machine stops");
    expect(index.size() % 4096).toBe(0);
    index.close();
    const again = await opened(path);
    const before = again.size();
    expect(await again.follow(await logOf(many(5000)))).toEqual({
      size: 5000,
      added: 5000 - before,
      rebuilt: null,
    });
  });

  test("a follower keeps up with what is published, and ends at another history", async () => {
    const index = await opened(":memory:");
    const served = new Map(await logFilesOf(many(3).map(bytesOf)));
    const publish = async (entries: readonly Entry[]) => {
      for (const [path, bytes] of await logFilesOf(entries.map(bytesOf))) served.set(path, bytes);
    };
    const looks: (string | null)[] = [];
    const note = served.get("checkpoint")!;
    served.delete("checkpoint");
    const follower = startFollower(index, sourceOf(served), {
      keys: [noteSigner().key],
      crypto: nodeCrypto,
      everyMs: 1,
      onLook: (error) => void looks.push(error === null ? null : error.code),
    });
    expect(follower.lag()).toBeNull();
    await expect.poll(() => looks).toContain("log.missing");
    served.set("checkpoint", note);
    await expect.poll(() => [index.size(), follower.lag()]).toEqual([3, 0]);
    await publish(many(7));
    await expect.poll(() => [index.size(), follower.lag()]).toEqual([7, 0]);
    await publish([...many(5), heartbeat(5, "x"), heartbeat(6, "x"), heartbeat(7, "x")]);
    await expect.poll(() => looks.at(-1)).toBe("log.forked");
    await follower.stop();
    expect([index.size(), looks.filter((code) => code === "log.forked")]).toEqual([7, ["log.forked"]]);
  });

  test("a place where no file can be is said", async () => {
    const error = await rejection(openIndex(join(freshFolder(), "none", "index.sqlite"), ORIGIN));
    expect([error.code, error.message]).toEqual(["log.no_index", expect.stringContaining("cannot be used")]);
  });
});
