/** What led to what, from the log alone: delegations, retries, approvals, and whom an order stops. */
import { enforce } from "@polity/governor/answers.ts";
import type { Execution } from "@polity/governor/governor.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { expect, test } from "vitest";
import {
  ADA,
  BOB,
  BY_ROOT,
  begun,
  governed,
  hostOf,
  manualClock,
  ordering,
  pay,
  saying,
  until,
} from "../support/governing.ts";
import { approvalOf, FACTS, HELD } from "../support/treasury.ts";

const desk = async () =>
  governed({ ports: manualClock().ports, governed: BY_ROOT, host: await hostOf(HELD, FACTS) });

/** Each entry in a few words, with where it is. */
function nameOf(entry: Entry, at: number): string {
  if (entry.kind === "execution") return `${at} ${entry.phase} ${entry.agent.id}`;
  if (entry.kind === "decision") return `${at} ${entry.verdict}`;
  return entry.kind === "approval" ? `${at} ${entry.approver.id} approves` : `${at} ${entry.kind}`;
}

/** By leaves: what each entry names as its parents. Fails for a parent that is not there before it. */
async function edgesOf(store: LogStore): Promise<readonly string[]> {
  await store.flush();
  const names = new Map<string, string>();
  const edges: string[] = [];
  for (let at = 0; at < store.size; at += 1) {
    const bytes = (await store.entry(at))!;
    const decoded = decodeEntry(bytes);
    if (!decoded.ok) throw new Error(decoded.message);
    const name = nameOf(decoded.entry, at);
    const parents = decoded.entry.parents.map(({ leaf, relation }) => {
      const parent = names.get(leaf);
      if (parent === undefined) throw new Error(`${name} names a parent that is not in the log`);
      return `${relation} by ${parent.split(" ", 1)[0]}`;
    });
    edges.push(`${name}: ${parents.join(", ")}`);
    names.set(digestName(leafHash(bytes, nodeCrypto.sha256)), name);
  }
  return edges;
}

test("every delegation, retry, approval and outcome is an edge of the log", async () => {
  const { governor, store } = await desk();
  const root = await begun(governor);
  await enforce(await root.authorize(pay(1)), {
    refuse: () => undefined,
    async allow() {
      const child = await begun(governor, BOB, { parent: root.id });
      const first = await child.authorize(pay(2, "shop", { requestId: "r" }));
      await enforce(first, saying());
      const again = await child.authorize(pay(2, "shop", { requestId: "r", retries: first.id }));
      await enforce(again, saying());
      const { pending } = await child.authorize(pay(600));
      for (const who of ["bert", "cleo"]) await governor.approve(await approvalOf(pending!, who));
      await enforce(await governor.release(pending!.id), saying());
      const grandchild = await begun(governor, ADA, { parent: child.id });
      await grandchild.end("succeeded");
      await child.end("succeeded");
    },
  });
  await root.end("succeeded");
  expect(await edgesOf(store)).toMatchInlineSnapshot(`
    [
      "0 begin ada: ",
      "1 allow: caused by 0",
      "2 begin bob: delegated by 0, delegated by 1",
      "3 allow: caused by 0",
      "4 allow: caused by 2, caused by 3",
      "5 outcome: caused by 4",
      "6 allow: caused by 0",
      "7 allow: caused by 2, caused by 6, retried by 4",
      "8 outcome: caused by 7",
      "9 hold: caused by 0",
      "10 hold: caused by 2, caused by 9",
      "11 bert approves: caused by 10",
      "12 cleo approves: caused by 10",
      "13 allow: caused by 0",
      "14 allow: caused by 2, caused by 13, caused by 10, approved by 11, approved by 12",
      "15 outcome: caused by 14",
      "16 begin ada: delegated by 2",
      "17 end ada: caused by 16",
      "18 end bob: caused by 2",
      "19 outcome: caused by 1",
      "20 end ada: caused by 0",
    ]
  `);
});

const agent = (id: string) => ({ type: "Agent", id });

test("whoever is terminated ends with all descendants, and nobody begins below", async () => {
  const { governor, entries } = await desk();
  const root = await begun(governor);
  const below = async (parent: Execution, id: string) => begun(governor, agent(id), { parent: parent.id });
  const child = await below(root, "bob");
  const grandchild = await below(child, "carl");
  const last = await below(grandchild, "dave");
  const sibling = await below(root, "eve");
  const all = [root, child, grandchild, last, sibling];
  const bob = { kind: "agent", agent: BOB } as const;
  expect((await governor.order(await ordering(bob, { kind: "terminate" }))).ok).toBe(true);
  const codes = all.map(({ signal }) => (signal.aborted ? signal.reason.code : null));
  const stopped = "subject.terminated";
  expect(codes).toEqual([null, stopped, stopped, stopped, null]);
  const parentless = { agent: agent("carl"), purpose: null, zone: null, attestation: null };
  const begin = async (parent: string | null, who = agent("carl")) => {
    const said = await governor.begin({ ...parentless, agent: who, parent });
    return said.ok ? "begun" : said.code;
  };
  // Neither he himself below somebody else, nor anybody below him; alone, who acted for him is free.
  expect(await begin(root.id, BOB)).toBe("subject.terminated");
  expect(await begin(child.id)).toMatch(/^execution\.(parent_ended|unknown)$/);
  expect(await begin(null)).toBe("begun");
  await until(() => governor.executions().length === 3);
  const ends = (await entries()).flatMap((one) =>
    one.kind === "execution" && one.phase === "end" ? [[one.agent.id, one.status]] : [],
  );
  // From the leaves on.
  expect(ends).toEqual(["dave", "carl", "bob"].map((id) => [id, "abandoned"]));
});
