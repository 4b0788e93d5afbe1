/** A log in a folder, as its one writer and its readers see it. */
import { existsSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { QUEUE_COUNT_MAX } from "@polity/lineage/file-store/limits.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { verifyConsistency, verifyInclusion } from "@polity/lineage/tree-proof.ts";
import { digestBytes, digestName, sha256 } from "@polity/runtime/hash.ts";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  freshFolder,
  OTHER_SIGNER,
  openLog,
  openOptions,
  rejection,
  SIGNER,
  verify,
  writeDozen,
} from "../support/file-log.ts";
import { checkpointOf, noteSigner, ORIGIN, treeOf } from "../support/lineage-log.ts";
import { bytesOf, decision, dozen, entryOfSize, heartbeat } from "../support/log-entries.ts";
import { seededRandom } from "../support/random.ts";

describe("what was appended", () => {
  test("is there with its bytes and its opening, here, after opening again, and for readers", async () => {
    const dir = freshFolder();
    const store = await openLog(dir);
    const receipts = await Promise.all(dozen().map(({ entry, opening }) => store.append(entry, opening)));
    const note = await store.checkpoint();
    const look = async (log: LogStore) => {
      expect(log.origin).toBe(ORIGIN);
      expect(log.size).toBe(12);
      expect(await log.head()).toBe(note);
      for (const [index, { entry, opening }] of dozen().entries()) {
        const bytes = (await log.entry(index))!;
        expect(bytes).toEqual(bytesOf(entry));
        expect(receipts[index]).toEqual({ index, leafHash: digestName(leafHash(bytes, sha256)) });
        expect(await log.opening(index)).toEqual(opening ?? null);
      }
      expect(await log.entry(12)).toBe(null);
      expect(await log.entry(-1)).toBe(null);
      expect(await log.entry(0.5)).toBe(null);
      expect(await log.opening(12)).toBe(null);
    };
    await look(store);
    await look(await openLog(dir, { signer: null, create: false, origin: null }));
    await store.close();
    await look(await openLog(dir));
  });

  test("is summed up by whoever verifies the folder", async () => {
    const dir = freshFolder();
    await writeDozen(dir);
    const tree = treeOf(dozen().map(({ entry }) => bytesOf(entry)));
    expect(await verify(dir)).toEqual({
      ok: true,
      origin: ORIGIN,
      size: 12,
      root: digestName(tree.root()),
      time: { fromMs: 1_700_000_000_000, toMs: 1_700_000_012_000 },
      kinds: new Map([
        ["heartbeat", 2],
        ["decision", 4],
        ["execution", 1],
        ["gap", 1],
        ["trust", 1],
        ["epoch", 1],
        ["containment", 1],
        ["outcome", 1],
      ]),
      verdicts: new Map([
        ["deny", 3],
        ["allow", 1],
      ]),
      commitments: 4,
      openings: 3,
      warnings: [],
    });
  });

  test("keeps the order of 10,000 appends at once, and flush waits for them", async () => {
    const dir = freshFolder();
    const store = await openLog(dir);
    const appended = Array.from({ length: 10_000 }, (_, seq) => store.append(heartbeat(seq)));
    await store.flush();
    expect(store.size).toBe(10_000);
    const receipts = await Promise.all(appended);
    for (const [index, receipt] of receipts.entries()) {
      const bytes = bytesOf(heartbeat(index));
      expect(receipt).toEqual({ index, leafHash: digestName(leafHash(bytes, sha256)) });
    }
    expect(await store.entry(9_999)).toEqual(bytesOf(heartbeat(9_999)));
    await store.checkpoint();
    await store.close();
    expect(await verify(dir)).toMatchObject({ ok: true, size: 10_000 });
  });

  test("is counted from 0 for each node, and the log says what is due", async () => {
    const dir = freshFolder();
    await writeDozen(dir);
    const opened = await openFileLog(dir, openOptions());
    if (!opened.ok) throw opened.error;
    const { store, nextSeq } = opened;
    expect([nextSeq("n"), nextSeq("other"), nextSeq("nobody")]).toEqual([13, 2, 0]);
    for (const seq of [0, 12, 14]) {
      expect((await rejection(store.append(heartbeat(seq)))).message).toBe(
        `seq is ${seq}, but of node "n" in this log seq 13 is due`,
      );
    }
    await Promise.all([
      store.append(heartbeat(13)),
      store.append(heartbeat(14)),
      store.append(heartbeat(0, "x")),
    ]);
    expect([nextSeq("n"), nextSeq("x")]).toEqual([15, 1]);
    const gap = { ...heartbeat(20), kind: "gap", fromSeq: 15, count: 5, why: "lost" } as const;
    const { checkpoint: _, ...entry } = gap as typeof gap & { checkpoint: null };
    expect((await rejection(store.append({ ...entry, seq: 19 }))).code).toBe("log.entry_invalid");
    expect((await rejection(store.append({ ...entry, fromSeq: 16, count: 4 }))).code).toBe(
      "log.entry_invalid",
    );
    await store.append(entry);
    expect(nextSeq("n")).toBe(21);
    await store.close();
  });
});

describe("what is not appended", () => {
  test("an entry beyond 65,535 bytes, while one of just as many is taken and read back", async () => {
    const store = await openLog(freshFolder());
    const largest = entryOfSize(0, 65_535);
    expect(bytesOf(largest).length).toBe(65_535);
    await store.append(largest);
    expect(await store.entry(0)).toEqual(bytesOf(largest));
    const error = await rejection(store.append(entryOfSize(1, 65_536)));
    expect(error.message).toBe("65536 bytes, and an entry has at most 65535 (entry.too_large)");
    expect(error.code).toBe("log.entry_invalid");
    expect(store.size).toBe(1);
  });

  test("an opening that does not open its entry, or opens nothing", async () => {
    const store = await openLog(freshFolder());
    const { entry, opening } = decision(0);
    const wrong = await rejection(store.append(entry, { ...opening, request: "{}" }));
    expect(wrong.code).toBe("log.opening_mismatch");
    expect((await rejection(store.append(heartbeat(0), opening))).code).toBe("log.opening_mismatch");
    await store.append(entry, opening);
  });

  test("more than the queue holds: the rest is refused by name, and goes in later", async () => {
    const store = await openLog(freshFolder());
    const all = Array.from({ length: QUEUE_COUNT_MAX + 2 }, (_, seq) => store.append(heartbeat(seq)));
    const settled = await Promise.allSettled(all);
    const refused = settled.flatMap((result, at) =>
      result.status === "rejected" ? [[at, result.reason.code]] : [],
    );
    expect(refused).toEqual([
      [QUEUE_COUNT_MAX, "log.busy"],
      [QUEUE_COUNT_MAX + 1, "log.busy"],
    ]);
    expect(store.size).toBe(QUEUE_COUNT_MAX);
    await store.append(heartbeat(QUEUE_COUNT_MAX));
  });

  test("anything after close; what was accepted before is in, and reads are refused too", async () => {
    const dir = freshFolder();
    const store = await openLog(dir);
    const accepted = store.append(heartbeat(0));
    const closed = store.close();
    expect((await rejection(store.append(heartbeat(1)))).code).toBe("log.closed");
    await closed;
    expect((await accepted).index).toBe(0);
    const inclusion = () => store.inclusionProof(0, 1);
    for (const call of [store.flush, store.checkpoint, store.head, () => store.entry(0), inclusion]) {
      expect((await rejection(call())).code).toBe("log.closed");
    }
    await store.close();
    await openLog(dir);
  });
});

describe("checkpoints", () => {
  test("grow with the log, stay where nothing grew, and each proves to continue the one before", async () => {
    const dir = freshFolder();
    const store = await openLog(dir);
    expect(await store.head()).toBe(null);
    const empty = await store.checkpoint();
    expect(empty).toBe(await checkpointOf(treeOf([]), noteSigner()));
    await store.append(heartbeat(0));
    const [one, same] = await Promise.all([store.checkpoint(), store.checkpoint()]);
    expect(same).toBe(one);
    expect(readFileSync(join(dir, "public/checkpoint"), "utf8")).toBe(one);
    expect(await store.head()).toBe(one);
    await store.append(heartbeat(1));
    expect(await store.checkpoint()).toBe(
      await checkpointOf(treeOf([bytesOf(heartbeat(0)), bytesOf(heartbeat(1))]), noteSigner()),
    );
  });

  test("let every pair of sizes and every index be proved", async () => {
    const store = await openLog(freshFolder());
    const leaves: Uint8Array[] = [];
    const receipts = await Promise.all(Array.from({ length: 300 }, (_, seq) => store.append(heartbeat(seq))));
    for (const { leafHash: name } of receipts) leaves.push(digestBytes(name)!);
    const random = seededRandom(300);
    const tree = treeOf([]);
    for (const leaf of leaves) tree.append(leaf);
    for (let round = 0; round < 200; round += 1) {
      const size = 1 + random.below(300);
      const index = random.below(size);
      const from = random.below(size + 1);
      const root = tree.root(size);
      const proof = await store.inclusionProof(index, size);
      expect(verifyInclusion({ index, size, leaf: leaves[index]!, root, proof }, sha256)).toBe(true);
      const fromRoot = tree.root(from);
      const consistency = await store.consistencyProof(from, size);
      expect(verifyConsistency({ from, to: size, fromRoot, toRoot: root, proof: consistency }, sha256)).toBe(
        true,
      );
    }
    await expect(store.inclusionProof(300, 300)).rejects.toThrow(RangeError);
  });

  test("need a signer that signs; where it fails, the log goes on", async () => {
    const dir = freshFolder();
    const unsigned = await openLog(dir, { signer: null });
    await unsigned.append(heartbeat(0));
    expect((await rejection(unsigned.checkpoint())).code).toBe("log.no_signer");
    await unsigned.append(heartbeat(1));
    await unsigned.close();
    let fails: "throws" | "lies" | "works" = "throws";
    const sign: typeof SIGNER.sign = async (message) => {
      if (fails === "throws") throw new Error("no token");
      return fails === "lies" ? OTHER_SIGNER.sign(message) : SIGNER.sign(message);
    };
    const store = await openLog(dir, { signer: { publicKey: SIGNER.publicKey, sign } });
    const thrown = await rejection(store.checkpoint());
    expect([thrown.code, thrown.message]).toEqual([
      "log.unsigned",
      "the signer failed (no token), nothing was published: try again",
    ]);
    fails = "lies";
    expect((await rejection(store.checkpoint())).code).toBe("log.unsigned");
    expect(existsSync(join(dir, "public/checkpoint"))).toBe(false);
    fails = "works";
    await store.append(heartbeat(2));
    await store.checkpoint();
    expect(await verify(dir)).toMatchObject({ ok: true, size: 3 });
  });

  test("are not signed once somebody else published one, or took the lock away", async () => {
    for (const meddle of [
      (dir: string) => unlinkSync(join(dir, "lock.db")),
      async (dir: string) =>
        writeFileSync(join(dir, "public/checkpoint"), await checkpointOf(treeOf([]), noteSigner())),
      (dir: string) => writeFileSync(join(dir, "public/checkpoint"), "x"),
    ]) {
      const dir = freshFolder();
      const store = await openLog(dir);
      await store.append(heartbeat(0));
      await store.checkpoint();
      await store.append(heartbeat(1));
      await meddle(dir);
      const { code } = await rejection(store.checkpoint());
      expect(["log.failed", "log.malformed"]).toContain(code);
      expect((await rejection(store.append(heartbeat(2)))).code).toBe(code);
      expect(await store.entry(1)).toEqual(bytesOf(heartbeat(1)));
    }
  });
});

describe("a disk that fails", () => {
  afterEach(() => vi.restoreAllMocks());

  async function spyOnFiles() {
    const handle = await open(process.execPath, "r");
    await handle.close();
    return Object.getPrototypeOf(handle) as typeof handle;
  }

  const failure = (code: string) => Object.assign(new Error(`${code}: planted`), { code });

  test.for([
    ["that was done", "EIO", "log.failed"],
    ["that was not done", "EIO", "log.failed"],
    ["that was not done", "ENOSPC", "log.full"],
    ["that was done", "EDQUOT", "log.full"],
  ] as const)(
    "a write %s gives %s: %s, for good; what was acknowledged stays",
    async ([done, code, expected]) => {
      const dir = freshFolder();
      const store = await openLog(dir);
      await store.append(heartbeat(0));
      const files = await spyOnFiles();
      const write = files.write as (...parts: unknown[]) => Promise<unknown>;
      vi.spyOn(files, "write").mockImplementationOnce(async function (this: unknown, ...parts: unknown[]) {
        if (done === "that was done") await write.apply(this, parts);
        throw failure(code);
      } as never);
      const [first, second, third] = await Promise.allSettled([
        store.append(heartbeat(1)),
        store.append(heartbeat(2)),
        store.flush(),
      ]);
      for (const result of [first, second, third]) {
        expect(result).toMatchObject({ status: "rejected", reason: { code: expected } });
      }
      expect((await rejection(store.append(heartbeat(1)))).code).toBe(expected);
      // A full disk has room for one checkpoint of what is durable; a broken one is not to be trusted.
      if (expected === "log.full") expect(await store.checkpoint()).toContain("\n1\n");
      else expect((await rejection(store.checkpoint())).code).toBe(expected);
      expect((await rejection(store.flush())).code).toBe(expected);
      expect(store.size).toBe(1);
      expect(await store.entry(0)).toEqual(bytesOf(heartbeat(0)));
      expect(await store.entry(1)).toBe(null);
      await store.close();
      const again = await openLog(dir);
      expect(await again.entry(0)).toEqual(bytesOf(heartbeat(0)));
      expect(again.size).toBe(1);
      await again.append(heartbeat(1));
      await again.checkpoint();
      expect(await verify(dir)).toMatchObject({ ok: true, size: 2 });
    },
  );

  test("short writes are continued where they stopped", async () => {
    const dir = freshFolder();
    const store = await openLog(dir);
    const files = await spyOnFiles();
    const write = files.write as (...parts: unknown[]) => Promise<{ bytesWritten: number }>;
    const short = function (this: unknown, bytes: Uint8Array, at: number, length: number, position: number) {
      return write.call(this, bytes, at, Math.min(7, length), position);
    };
    vi.spyOn(files, "write").mockImplementation(short as never);
    await Promise.all(dozen().map(({ entry, opening }) => store.append(entry, opening)));
    await store.checkpoint();
    expect(await verify(dir)).toMatchObject({ ok: true, size: 12 });
  });

  test("a checkpoint that cannot be written leaves the old one", async () => {
    const dir = freshFolder();
    const store = await openLog(dir);
    await store.append(heartbeat(0));
    const before = await store.checkpoint();
    await store.append(heartbeat(1));
    vi.spyOn(await spyOnFiles(), "sync").mockRejectedValueOnce(failure("EIO"));
    expect((await rejection(store.checkpoint())).code).toBe("log.failed");
    expect(await store.head()).toBe(before);
    expect(readFileSync(join(dir, "public/checkpoint"), "utf8")).toBe(before);
    expect((await rejection(store.append(heartbeat(2)))).code).toBe("log.failed");
    await store.close();
    const again = await openLog(dir);
    await again.checkpoint();
    expect(await verify(dir)).toMatchObject({ ok: true, size: 2, warnings: [] });
  });
});
