/** The tree of a log that a governor wrote: what hangs below what. */
import { enforce } from "@polity/governor/answers.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { expect, test } from "vitest";
import { type EntryNode, makeEntryTree, walkTree } from "../../cli/entry-tree.ts";
import { treeLines } from "../../cli/render-tree.ts";
import { ADA, BOB, begun, governed, pay, saying } from "../support/governing.ts";

const plain = (_look: string, text: string) => text;

async function treeOf(store: Awaited<ReturnType<typeof governed>>["store"]) {
  await store.flush();
  const tree = makeEntryTree();
  for (let index = 0; index < store.size; index += 1) {
    const bytes = (await store.entry(index))!;
    const decoded = decodeEntry(bytes);
    if (!decoded.ok) throw new Error(decoded.message);
    tree.add({ index, leaf: leafHash(bytes, nodeCrypto.sha256), entry: decoded.entry });
  }
  return tree;
}

test("children, decisions, outcomes and containment hang below what led to them", async () => {
  const { governor, store } = await governed();
  const parent = await begun(governor);
  await enforce(await parent.authorize(pay(5)), saying());
  const child = await begun(governor, BOB, { parent: parent.id });
  await enforce(await child.authorize(pay(6)), saying());
  await enforce(await child.authorize(pay(7, "mallory")), saying());
  await parent.end("failed");
  const tree = await treeOf(store);
  const lines = tree.roots.flatMap((root) => [...treeLines(root, 2, plain)]);
  expect(lines).toMatchInlineSnapshot(`
    [
      " 0  Agent::"ada": test",
      " 1  ├─ allow pay (small)",
      " 2  │  └─ succeeded",
      " 3  ├─ Agent::"bob": test",
      " 4  │  ├─ allow pay (small), for Agent::"ada" behind it",
      " 5  │  ├─ allow pay (small)",
      " 6  │  │  └─ succeeded",
      " 7  │  ├─ quarantine pay (mallory, small), for Agent::"ada" behind it",
      " 8  │  │  └─ Agent::"ada" is quarantined from here on",
      " 9  │  ├─ quarantine pay (mallory, small)",
      "10  │  │  └─ Agent::"bob" is quarantined from here on",
      "11  │  └─ ended, abandoned",
      "12  └─ ended, abandoned",
    ]
  `);
  const begin = tree.begin(child.id)!;
  expect([...walkTree(begin)].every(({ node }) => node === begin || node.under !== null)).toBe(true);
});

test("a chain of many thousand is walked, and drawn no wider than a line", () => {
  const tree = makeEntryTree();
  const leaf = (index: number) => new Uint8Array(32).fill(index & 255).with(0, index >> 8);
  const name = (index: number) => `sha256:${Buffer.from(leaf(index)).toString("hex")}`;
  const COUNT = 20_000;
  for (let index = 0; index < COUNT; index += 1) {
    const parents = index === 0 ? [] : [{ leaf: name(index - 1), relation: "delegated", log: null }];
    const execution = { v: 1, kind: "execution", id: String(index), execution: String(index), at: 0, seq: 0 };
    const more = { node: "n", phase: "begin", agent: ADA, purpose: null, attestation: null, status: null };
    tree.add({ index, leaf: leaf(index), entry: { ...execution, ...more, parents, trace: null } as never });
  }
  const [root] = tree.roots as [EntryNode<never>];
  const lines = [...treeLines(root, 5, plain)];
  expect(lines).toHaveLength(COUNT);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(110);
});
