/** What a writer asks of its witnesses, whoever they are. */

import { LogError } from "@polity/lineage/store.ts";
import { verifyConsistency } from "@polity/lineage/tree-proof.ts";
import type { Witnesses } from "@polity/lineage/witnesses.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { expect, test } from "vitest";
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
