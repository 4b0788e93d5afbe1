/** What a writer asks of its witnesses, whoever they are. */

import { cpSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileAnchor } from "@polity/lineage/node/file-anchor.ts";
import { LogError } from "@polity/lineage/store.ts";
import { verifyConsistency } from "@polity/lineage/tree-proof.ts";
import type { Witnesses } from "@polity/lineage/witnesses.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { describe, expect, test } from "vitest";
import { freshFolder, openLog, refusedOpen, rejection, verify } from "../support/file-log.ts";
import { checkpointOf, noteSigner, treeOf } from "../support/lineage-log.ts";
import { bytesOf, heartbeat } from "../support/log-entries.ts";

const WITNESS = noteSigner(9, "example.com/witness");

/** Cosigns everything, as a signer of its own. */
function agreeing(calls: string[]): Witnesses {
  return {
    async expectNotAhead({ size, key }) {
      calls.push(`${key.name} ${size}`);
      return [];
    },
    async cosign(note, { consistencyProof, root, size }) {
      const [from, to] = [Math.min(1, size), size];
      const claim = { from, to, fromRoot: await root(from), toRoot: await root(to) };
      const proof = await consistencyProof(from, to);
      calls.push(`cosign ${size} ${verifyConsistency({ ...claim, proof }, sha256)}`);
      const all = await checkpointOf(treeOf([]), WITNESS);
      return { note: `${note}${all.split("\n").at(-2)}\n`, cosignedBy: [], problems: [], isQuorum: true };
    },
  };
}

test("they are asked before anything is written, and cosign what is published", async () => {
  const calls: string[] = [];
  const dir = freshFolder();
  const store = await openLog(dir, { witnesses: agreeing(calls) });
  await store.append(heartbeat(0));
  await store.append(heartbeat(1));
  const note = await store.checkpoint();
  expect(calls).toEqual(["example.com/log 0", "cosign 2 true"]);
  expect(note).toContain("— example.com/witness ");
  expect(await store.head()).toBe(note);
  await store.close();
  expect(await verify(dir)).toMatchObject({
    ok: true,
    warnings: [expect.stringContaining("1 more signatures")],
  });
  const again = await openLog(dir, { witnesses: agreeing(calls) });
  expect(again.size).toBe(2);
});

test("a log that does not grow has its checkpoint cosigned again, as often as it was told", async () => {
  const times: number[] = [];
  const sizes: number[] = [];
  const counting: Witnesses = {
    ...agreeing([]),
    async cosign(note, { size }) {
      times.push(performance.now());
      sizes.push(size);
      // Another tree each time stands for another time of cosigning.
      const leaves = times.map((_, at) => bytesOf(heartbeat(at)));
      const line = (await checkpointOf(treeOf(leaves), WITNESS)).split("\n").at(-2);
      return { note: `${note}${line}\n`, cosignedBy: [], problems: [], isQuorum: true };
    },
  };
  const store = await openLog(freshFolder(), { witnesses: counting, checkpointMs: 5, heartbeatMs: 100 });
  const notes: string[] = [];
  store.onPublished(({ note }) => notes.push(note));
  await sleep(150);
  expect(times).toEqual([]);
  const beganMs = performance.now();
  await store.append(heartbeat(0));
  while (notes.length < 3) await sleep(5);
  expect(sizes.slice(0, 3)).toEqual([1, 1, 1]);
  expect(new Set(notes.slice(0, 3)).size).toBe(3);
  // The first may be slow, and the second soon after it: from the beginning, two intervals have passed.
  expect(times[2]! - beganMs).toBeGreaterThan(199);
  await store.append(heartbeat(1));
  while (sizes.at(-1) === 1) await sleep(5);
  expect(sizes.at(-1)).toBe(2);
  await store.close();
  const closed = times.length;
  await sleep(150);
  expect(times.length).toBe(closed);
});

test("without being told, a log that does not grow keeps its checkpoint", async () => {
  const calls: string[] = [];
  const store = await openLog(freshFolder(), { witnesses: agreeing(calls), checkpointMs: 5 });
  await store.append(heartbeat(0));
  while (store.published() === null) await sleep(5);
  await sleep(100);
  expect(calls.filter((call) => call.startsWith("cosign"))).toEqual(["cosign 1 true"]);
});

test("where too few cosign, nothing is published, the log goes on, and the next one is tried", async () => {
  const dir = freshFolder();
  const calls: string[] = [];
  let isQuorum = false;
  const witnesses: Witnesses = {
    ...agreeing(calls),
    cosign: async (note) => {
      const problem = { witness: "w", code: "witness.unreachable", message: "no answer" } as const;
      return { note, cosignedBy: [], problems: [problem], isQuorum };
    },
  };
  const store = await openLog(dir, { witnesses });
  await store.append(heartbeat(0));
  const error = await rejection(store.checkpoint());
  expect([error.code, error.message]).toEqual(["log.unwitnessed", expect.stringContaining("w: no answer")]);
  expect(await store.head()).toBe(null);
  await store.append(heartbeat(1));
  isQuorum = true;
  const tree = treeOf([bytesOf(heartbeat(0)), bytesOf(heartbeat(1))]);
  expect(await store.checkpoint()).toBe(await checkpointOf(tree));
});

describe("what was signed and too few have cosigned", () => {
  const absent: Witnesses = {
    ...agreeing([]),
    cosign: async (note) => ({ note, cosignedBy: [], problems: [], isQuorum: false }),
  };

  /** Two entries are published; the last of three is in the anchor. */
  async function ahead() {
    const home = freshFolder();
    const [dir, old] = [join(home, "log"), join(home, "old")];
    const anchor = () => fileAnchor(join(home, "anchor"));
    const store = await openLog(dir, { witnesses: agreeing([]), anchor });
    await Promise.all([store.append(heartbeat(0)), store.append(heartbeat(1))]);
    const note = await store.checkpoint();
    await store.close();
    cpSync(dir, old, { recursive: true });
    const next = await openLog(dir, { witnesses: absent, anchor });
    await next.append(heartbeat(2));
    expect((await rejection(next.checkpoint())).code).toBe("log.unwitnessed");
    await next.close();
    return { dir, old, anchor, note };
  }

  test("is not published by whoever opens the log next, and goes on", async () => {
    const { dir, anchor, note } = await ahead();
    const store = await openLog(dir, { witnesses: absent, anchor });
    expect([await store.head(), store.size]).toEqual([note, 3]);
    await store.close();
    const again = await openLog(dir, { witnesses: agreeing([]), anchor });
    await again.append(heartbeat(3));
    expect(await again.checkpoint()).toContain("\n4\n");
    await again.close();
    expect(await verify(dir)).toMatchObject({ ok: true, size: 4 });
  });

  test("is not forgotten: an older copy, or another history, is refused", async () => {
    const { old, anchor } = await ahead();
    const older = await refusedOpen(old, { witnesses: absent, anchor });
    expect([older.code, older.message]).toEqual(["log.rolled_back", expect.stringContaining("3 entries")]);
    const other = await openLog(old);
    await other.append(heartbeat(0, "somebody"));
    await other.close();
    expect((await refusedOpen(old, { witnesses: absent, anchor })).code).toBe("log.other_root");
  });
});

test("a log of which a witness has seen more is not opened to write", async () => {
  const dir = freshFolder();
  const witnesses: Witnesses = {
    ...agreeing([]),
    expectNotAhead: () => Promise.reject(new LogError("log.rolled_back", "the witness has seen 7 entries")),
  };
  expect((await refusedOpen(dir, { witnesses })).message).toContain("seen 7 entries");
  // The folder is free again.
  await openLog(dir);
});
