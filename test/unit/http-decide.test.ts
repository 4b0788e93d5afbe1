/** One decision over HTTP: what its header says, and whom its verdict holds. */
import type { ContainmentEntry, DecisionEntry } from "@polity/lineage/entry.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { expect, test } from "vitest";
import { openOptions } from "../support/file-log.ts";
import {
  ADA,
  BOB,
  BY_ROOT,
  begun,
  copyLog,
  governed,
  hostOf,
  manualClock,
  ordering,
  until,
} from "../support/governing.ts";
import { keyOf, serving } from "../support/serving.ts";

const POLICY = `polity 1
policy test.single version 1
containment within 30s
entity Agent
subject agent: Agent
action pay { amount: int 0..1000, to: string max 40 }
allow usual on pay when amount < 100
quarantine mallory on pay when to == "mallory"
terminate thief on pay when to == "thief"
`;
const FACTS = { entities: [ADA, BOB] };
const paying = (agent: string, to: string) => ({ action: "pay", fields: { agent, amount: 5, to } });
const open = async (more: object = {}) =>
  serving({ governed: { host: await hostOf(POLICY, FACTS), governed: BY_ROOT, ...more } });

test("a verdict holds whom it is about, stops what runs, and names its decision", async () => {
  const { ask, governor, entries } = await open();
  const running = await begun(governor);
  const other = await begun(governor, BOB);
  const said = await ask("POST", "/v1/decide", paying("ada", "mallory"));
  expect([said.status, said.body]).toMatchObject([
    200,
    { verdict: "quarantine", fields: null, contained: [ADA] },
  ]);
  expect([running.signal.aborted, other.signal.aborted]).toEqual([true, false]);
  expect(governor.standing(ADA).containment).toBe("quarantined");
  const again = await ask("POST", "/v1/decide", paying("ada", "shop"));
  expect(again.body).toMatchObject({ verdict: "deny", code: "subject.quarantined", contained: [] });
  const begin = await ask("POST", "/v1/executions", { agent: ADA });
  expect([begin.status, begin.body.error.code]).toEqual([403, "subject.quarantined"]);
  expect((await ask("POST", "/v1/decide", paying("bob", "shop"))).body).toMatchObject({
    verdict: "allow",
    contained: [],
  });
  const all = await entries();
  const held = all.find((one): one is ContainmentEntry => one.kind === "containment");
  const decision = all.find((one): one is DecisionEntry => one.id === said.body.id);
  expect(held).toMatchObject({ subject: ADA, state: "quarantined", reason: "rule mallory on pay" });
  expect(held?.parents).toEqual([{ leaf: said.body.entry.leaf, relation: "caused", log: null }]);
  expect(decision?.verdict).toBe("quarantine");

  // A signed release of this very containment frees it, and a later verdict holds again.
  const release = { kind: "release", containment: held!.id } as const;
  const order = await ordering({ kind: "agent", agent: ADA }, release, {
    issuedMs: Date.now() - 1_000,
    expiresMs: Date.now() + 60_000,
  });
  const released = await governor.order(order);
  expect(released.ok || released.code).toBe(true);
  expect((await ask("POST", "/v1/decide", paying("ada", "shop"))).body.verdict).toBe("allow");
  const last = await ask("POST", "/v1/decide", paying("ada", "thief"));
  expect(last.body).toMatchObject({ verdict: "terminate", contained: [ADA] });
  expect(governor.standing(ADA).containment).toBe("terminated");
});

test("a restart forgets it as little as any other containment", async () => {
  const first = await open();
  await first.ask("POST", "/v1/decide", paying("ada", "mallory"));
  await first.close();
  await first.governor.close();
  await first.store.close();
  const { governor } = await governed({ host: await hostOf(POLICY, FACTS), dir: first.dir });
  expect(governor.standing(ADA).containment).toBe("quarantined");
});

/** A log that ends with the first decision of this verdict, as one does whose process was killed then. */
async function killedAfter(verdict: DecisionEntry["verdict"], to: string) {
  const first = await open();
  await first.ask("POST", "/v1/decide", paying("ada", to));
  const all = await first.entries();
  const at = all.findIndex((one) => one.kind === "decision" && one.verdict === verdict);
  expect([at, all[at + 1]?.kind]).toEqual([expect.any(Number), "containment"]);
  return { dir: await copyLog(first.store, at + 1), decision: all[at] as DecisionEntry };
}

test.each([
  ["quarantine", "mallory", "quarantined"],
  ["terminate", "thief", "terminated"],
] as const)("killed between %s and its containment: it holds after the restart", async (verdict, to, is) => {
  const { dir, decision } = await killedAfter(verdict, to);
  const host = await hostOf(POLICY, FACTS);
  const second = await governed({ host, dir, governed: BY_ROOT });
  expect(second.governor.standing(ADA).containment).toBe(is);
  expect(second.governor.standing(BOB).containment).toBe("free");
  const begin = { agent: ADA, purpose: null, parent: null, zone: null, attestation: null };
  expect(await second.governor.begin(begin)).toMatchObject({ ok: false, code: `subject.${is}` });
  const [held, ...others] = (await second.entries()).filter(({ kind }) => kind === "containment");
  expect(others).toEqual([]);
  expect(held).toMatchObject({ subject: ADA, state: is, parents: [{ relation: "caused" }] });
  expect(decision.verdict).toBe(verdict);

  // Written once; a signed release of it holds over the next restart.
  const release = { kind: "release", containment: held!.id } as const;
  const order = await ordering({ kind: "agent", agent: ADA }, release, {
    issuedMs: Date.now() - 1_000,
    expiresMs: Date.now() + 60_000,
  });
  expect(await second.governor.order(order)).toMatchObject({ ok: true });
  await second.close();
  const third = await governed({ host, dir });
  expect(third.governor.standing(ADA).containment).toBe("free");
});

test("what was written about its subject since stands in its place, unless it is weaker", async () => {
  const containment = (state: ContainmentEntry["state"], seq: number): ContainmentEntry => ({
    ...{ v: 1, kind: "containment", id: `0190a5de-0000-7000-8000-00000000001${seq}`, at: Date.now() },
    ...{ node: "n9", seq, execution: null, parents: [], trace: null },
    ...{ subject: ADA, state, reason: "order of watch: test" },
  });
  for (const [states, is] of [
    [["quarantined"], "terminated"],
    [["terminated", "free"], "free"],
    [["free"], "free"],
  ] as const) {
    const { dir } = await killedAfter("terminate", "thief");
    const opened = await openFileLog(dir, openOptions());
    if (!opened.ok) throw opened.error;
    for (const [seq, state] of states.entries()) await opened.store.append(containment(state, seq));
    await opened.store.close();
    const { governor, close } = await governed({ host: await hostOf(POLICY, FACTS), dir });
    expect([states, governor.standing(ADA).containment]).toEqual([states, is]);
    await close();
  }
});

test("what a canary was told contains nobody", async () => {
  const host = await hostOf(POLICY, FACTS);
  const canaries = [{ agent: BOB, action: "pay", fields: { amount: 5, to: "mallory" } }];
  const first = await governed({ host, canaries });
  await until(() => first.store.size > 0);
  await first.close();
  const { governor, entries } = await governed({ host, dir: first.dir, canaries: [] });
  expect((await entries()).map(({ kind }) => kind)).toEqual(["decision"]);
  expect(governor.standing(BOB).containment).toBe("free");
});

test("several at once: one of them holds, and everything after it is denied", async () => {
  const { ask, governor, entries } = await open();
  const asked = ["mallory", "thief", "mallory", "shop"].map((to) =>
    ask("POST", "/v1/decide", paying("ada", to)),
  );
  const said = await Promise.all(asked);
  expect(said.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(said.filter(({ body }) => body.contained.length > 0)).toHaveLength(1);
  expect((await entries()).filter(({ kind }) => kind === "containment")).toHaveLength(1);
  expect(governor.standing(ADA).containment).not.toBe("free");
});

test("what is refused before it is judged is in the log", async () => {
  const { key, row } = keyOf({ name: "one", agents: [BOB] });
  const text = `${POLICY}action look { seen: string max 40 from host }\n`;
  const host = await hostOf(text, FACTS);
  const { ask, entries } = await serving({ keys: [row], governed: { host, governed: BY_ROOT } });
  const scope = await ask("POST", "/v1/decide", paying("ada", "shop"), key);
  const measured = { action: "look", fields: { agent: "bob", seen: "all" } };
  const smuggled = await ask("POST", "/v1/decide", measured, key);
  expect([scope.body.error.code, smuggled.body.error.code]).toEqual(["api_key.scope", "http.invalid"]);
  expect(await entries()).toMatchObject([
    { kind: "event", name: "api_key.scope", phase: "refused", event: "pay" },
    { kind: "event", name: "http.invalid", phase: "refused", event: "look" },
  ]);
});

test("what cannot be written down holds all the same, and is refused", async () => {
  const { ask, governor, store } = await open();
  await store.close();
  const said = await ask("POST", "/v1/decide", paying("ada", "mallory"));
  expect([said.status, said.body.error.code]).toEqual([503, "governor.log_failed"]);
  expect(governor.standing(ADA).containment).toBe("quarantined");
  // Whatever can be written no more stops the node, and then nothing is decided.
  const after = await ask("POST", "/v1/decide", paying("bob", "shop"));
  expect([after.status, after.body.error.code]).toEqual([503, "governor.log_failed"]);
});

test("the header says when orders were really read, and the evaluator denies what is too old", async () => {
  const { ports, move } = manualClock();
  let isRead = true;
  const orders = {
    async read() {
      if (!isRead) throw new Error("nobody answers");
      return [];
    },
  };
  const { ask, entries } = await open({ ports, orders });
  const fresh = await ask("POST", "/v1/decide", paying("ada", "shop"));
  expect(fresh.body.verdict).toBe("allow");
  isRead = false;
  move(29_000);
  expect((await ask("POST", "/v1/decide", paying("ada", "shop"))).body.verdict).toBe("allow");
  move(2_000);
  const stale = await ask("POST", "/v1/decide", paying("ada", "shop"));
  expect(stale.body).toMatchObject({ verdict: "deny", code: "containment.stale", fields: null });
  const decision = (await entries()).find(({ id }) => id === stale.body.id) as DecisionEntry;
  expect(decision.header?.now).toBe((decision.header?.containment.readAt ?? 0) + 31_000);
  isRead = true;
  move(1_000);
  await new Promise((resolve) => setImmediate(resolve));
  expect((await ask("POST", "/v1/decide", paying("ada", "shop"))).body.verdict).toBe("allow");
  // A clock that goes back is nobody's.
  move(-5_000);
  const back = await ask("POST", "/v1/decide", paying("ada", "shop"));
  expect([back.status, back.body.error.code]).toEqual([503, "governor.clock_back"]);
});
