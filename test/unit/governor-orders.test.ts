/** Who is contained and trusted how far: by orders, by outcomes, and after a restart. */
import { enforce } from "@polity/governor/answers.ts";
import { nodeGovernor } from "@polity/governor/node/index.ts";
import { openGovernor } from "@polity/governor/open-governor.ts";
import type { Ordered, OrderSubject } from "@polity/governor/papers/order.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { digestName, utf8 } from "@polity/runtime/hash.ts";
import { expect, onTestFinished, test, vi } from "vitest";
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
  moduleOf,
  ordering,
  POLICY,
  pay,
  saying,
  until,
} from "../support/governing.ts";
import { GOVERNED } from "../support/papers.ts";
import { NOW } from "../support/trust-roots.ts";

const ada: OrderSubject = { kind: "agent", agent: ADA };
const quarantine: Ordered = { kind: "quarantine" };
const IMAGE = `sha256:${"a1".repeat(32)}`;
const idOf = (said: { readonly ok: boolean; readonly entry?: string | null }) => said.entry ?? "";

test("a signed order contains at once, and only one that names it sets free", async () => {
  const { ports } = manualClock();
  const { governor, entries } = await governed({ ports, governed: BY_ROOT });
  const [execution, other] = [await begun(governor), await begun(governor, BOB)];
  const child = await begun(governor, BOB, { parent: execution.id });
  const order = await ordering(ada, quarantine);
  const first = await governor.order(order);
  expect(first.ok).toBe(true);
  expect([execution, child, other].map(({ signal }) => signal.aborted)).toEqual([true, true, false]);
  expect(await governor.order(order)).toMatchObject({ ok: false, code: "order.replayed" });
  const terminated = await governor.order(await ordering(ada, { kind: "terminate" }));
  // It frees nobody from what came later.
  const old = await governor.order(await ordering(ada, { kind: "release", containment: idOf(first) }));
  expect(old).toMatchObject({ ok: false, code: "order.replayed" });
  expect(governor.standing(ADA).containment).toBe("terminated");
  const release: Ordered = { kind: "release", containment: idOf(terminated) };
  expect((await governor.order(await ordering(ada, release))).ok).toBe(true);
  expect(governor.standing(ADA).containment).toBe("free");
  expect(await enforce(await (await begun(governor)).authorize(pay(5)), saying())).toBe("ran");
  const said = (await entries()).flatMap((one) => (one.kind === "containment" ? [one.state] : []));
  expect(said).toEqual(["quarantined", "terminated", "free"]);
});

test("workloads and zones are contained like agents", async () => {
  const { ports } = manualClock();
  const attest = () => {
    const expiresAt = Number.MAX_SAFE_INTEGER;
    const attested = { digest: IMAGE, image: IMAGE, issuedAt: 0, expiresAt, fields: {} };
    return { ok: true, attested } as const;
  };
  const { governor } = await governed({ ports, governed: BY_ROOT, attest });
  const begin = { agent: ADA, purpose: null, parent: null, attestation: "x" };
  const one = await governor.begin({ ...begin, zone: "eu" });
  const two = await governor.begin({ ...begin, zone: "us", attestation: null });
  await governor.order(await ordering({ kind: "workload", digest: IMAGE }, quarantine));
  const three = await governor.begin({ ...begin, zone: "us", attestation: null });
  await governor.order(await ordering({ kind: "zone", zone: "us" }, quarantine));
  const stopped = [one, two, three].map((said) => (said.ok ? said.execution.signal.reason?.code : said.code));
  expect(stopped).toEqual(["subject.quarantined", "subject.quarantined", "subject.quarantined"]);
  const refused = await governor.begin({ ...begin, zone: "eu" });
  expect(refused).toMatchObject({ ok: false, code: "subject.quarantined" });
  expect(governor.standing(ADA).containment).toBe("free");
});

test("trust falls at once and what runs is judged again", async () => {
  const { ports } = manualClock();
  const policy = `${POLICY}deny distrusted on * when trust < 100\n`;
  const { governor, entries } = await governed({ ports, governed: BY_ROOT, host: await hostOf(policy) });
  const execution = await begun(governor, BOB);
  const running = enforce(
    await execution.authorize(pay(5)),
    saying(() => new Promise<string>(() => {})),
  );
  const stopped = running.catch((error: unknown) => error);
  const bob: OrderSubject = { kind: "agent", agent: BOB };
  await governor.order(await ordering(bob, { kind: "trust", trust: 50 }));
  expect(await stopped).toMatchObject({ code: "rule" });
  expect(governor.standing(BOB).trust).toBe(50);
  // Whoever is behind counts: the lowest trust is that of all.
  const parent = await begun(governor, BOB);
  const child = await begun(governor, ADA, { parent: parent.id });
  expect((await child.authorize(pay(5))).verdict).toBe("deny");
  await governor.order(await ordering(bob, { kind: "trust", trust: 900 }));
  expect((await child.authorize(pay(5))).verdict).toBe("allow");
  const trust = (await entries()).flatMap((one) => (one.kind === "trust" ? [[one.before, one.after]] : []));
  expect(trust).toEqual([
    [50, 50],
    [50, 900],
  ]);
});

test("orders that nobody may give are none", async () => {
  const { ports } = manualClock();
  const { governor } = await governed({ ports, governed: BY_ROOT });
  const codes: string[] = [];
  const orders = [
    "nothing",
    await ordering(ada, quarantine, { issuer: "somebody" }),
    await ordering(ada, quarantine, { set: "other" }),
    await ordering(ada, { kind: "release", containment: "0190a5de-0000-7000-8000-00000000000c" }),
  ];
  for (const order of orders) {
    const said = await governor.order(order);
    codes.push(said.ok ? "taken" : said.code);
  }
  expect(codes).toEqual(["order.malformed", "order.unsigned", "order.wrong_set", "order.replayed"]);
  expect(governor.standing(ADA).containment).toBe("free");
  const { governor: keyless } = await governed({ ports: nodeGovernor });
  expect(await keyless.order(orders[1]!)).toMatchObject({ ok: false, code: "order.unsigned" });
});

test("a node that cannot read its orders is denied by the evaluator, and its leases end", async () => {
  const { ports, move } = manualClock();
  let isDown = false;
  const envelopes: string[] = [];
  const read = async () => {
    if (isDown) throw new Error("unreachable");
    return envelopes;
  };
  const { governor } = await governed({ ports, governed: BY_ROOT, orders: { read } });
  const execution = await begun(governor);
  const idle = await begun(governor, BOB);
  envelopes.push(await ordering({ kind: "zone", zone: "us" }, quarantine));
  move(20_000);
  const us = { type: "zone", id: "us" };
  await until(() => governor.standing(us).containment === "quarantined");
  isDown = true;
  move(30_000);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect((await execution.authorize(pay(5))).verdict).toBe("allow");
  expect(governor.problem()).toBeNull();
  const early = await execution.authorize(pay(5));
  move(35_000);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const codes = [await enforce(early, saying()), (await execution.authorize(pay(5))).code];
  expect(codes).toEqual(["deny containment.stale", "containment.stale"]);
  expect(governor.problem()).toMatchObject({ code: "containment.stale" });
  // The lease of 60 s was renewed once, before what is known was too old.
  expect(idle.signal.aborted).toBe(false);
  move(60_000);
  expect(idle.signal.reason).toMatchObject({ code: "execution.lease_lost" });
  const late = await begun(governor, BOB);
  expect((await late.authorize(pay(5))).code).toBe("containment.stale");
});

test("a source that says less than it did is not believed until it says it again", async () => {
  const { ports, move } = manualClock();
  const told = await Promise.all(
    [60_000, 1_200_000].map((ms) =>
      ordering({ kind: "zone", zone: "us" }, quarantine, { expiresMs: NOW + ms }),
    ),
  );
  const [brief = "", long = ""] = told;
  let said: readonly string[] = [brief, long];
  let root = GOVERNED;
  const governs = { by: () => root, crypto: nodeCrypto };
  const read = async () => said;
  const { governor, entries } = await governed({ ports, governed: governs, orders: { read } });
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 5_000) {
      move(Math.min(left, 5_000));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const code = async () => (await (await begun(governor)).authorize(pay(5))).code;
  const withheld = async () =>
    (await entries()).flatMap((one) => (one.kind === "event" && one.name === "order.withheld" ? [one] : []));
  expect(await code()).toBe("rule");
  // What has expired may go, and so may what was never there.
  await pass(65_000);
  said = [long, "no order"];
  await pass(120_000);
  said = [long];
  await pass(120_000);
  expect([await code(), await withheld()]).toEqual(["rule", []]);
  // Its key counts no longer: it is there all the same.
  const issuers = { ...GOVERNED.root.issuers, containment: new Map() };
  root = { ...GOVERNED, root: { ...GOVERNED.root, issuers } };
  await pass(120_000);
  expect([await code(), await withheld()]).toEqual(["rule", []]);
  root = GOVERNED;
  said = [];
  const later = await ordering({ kind: "agent", agent: BOB }, quarantine, { expiresMs: NOW + 1_200_000 });
  await pass(30_000);
  expect(await code()).toBe("rule");
  // What it has beside that restricts all the same.
  said = [later];
  await pass(60_000);
  expect(await code()).toBe("containment.stale");
  const digest = digestName(nodeCrypto.sha256(utf8(long)));
  expect(await withheld()).toMatchObject([{ phase: "refused", digest }]);
  expect(governor.standing({ type: "zone", id: "us" }).containment).toBe("quarantined");
  expect(governor.standing(BOB).containment).toBe("quarantined");
  said = [later, long];
  await pass(20_000);
  expect(await code()).toBe("rule");
  said = [long];
  await pass(90_000);
  expect([await code(), (await withheld()).length]).toEqual(["containment.stale", 2]);
  await pass(1_200_000);
  expect(await code()).toBe("rule");
});

const OUTCOMES = `${POLICY.replace("version 1\n", 'version 1\nimport "std/governor"\n')}
allow went_well on step_ended when status == succeeded oblige raise_trust { by: 1 }
allow went_badly on step_ended when status == failed oblige lower_trust { by: 200 }
quarantine gone on step_ended when status == failed and trust < 200
`;

test("an outcome is judged where the policy wants it: it changes trust, and contains", async () => {
  const { governor, entries } = await governed({ host: await hostOf(OUTCOMES) });
  const execution = await begun(governor);
  const forged = { action: "step_ended", fields: { step: "pay", status: "succeeded" } };
  expect((await execution.authorize(forged)).code).toBe("step.invalid");
  expect(await enforce(await execution.authorize(pay(5)), saying())).toBe("ran");
  await until(() => governor.standing(ADA).trust === 501);
  const fail = async () => {
    const failing = saying(() => Promise.reject(new Error("no")));
    await expect(enforce(await execution.authorize(pay(5)), failing)).rejects.toThrow("no");
  };
  await fail();
  await until(() => governor.standing(ADA).trust === 301);
  await fail();
  await until(() => governor.standing(ADA).trust === 101);
  await fail();
  await until(() => execution.signal.aborted);
  expect(governor.standing(ADA).containment).toBe("quarantined");
  await until(() => governor.executions().length === 0);
  const all = await entries();
  const said = all.filter(({ kind }) => kind === "trust" || kind === "containment");
  expect(said.map(({ kind, parents }) => [kind, parents.length])).toEqual([
    ["trust", 1],
    ["trust", 1],
    ["trust", 1],
    ["containment", 1],
  ]);
});

test("after a restart everybody stands as before, and ids are taken", async () => {
  const { ports } = manualClock();
  const before = await governed({ ports, governed: BY_ROOT });
  const execution = await begun(before.governor);
  const order = await ordering({ kind: "agent", agent: BOB }, { kind: "trust", trust: 300 });
  await before.governor.order(order);
  const first = await execution.authorize(pay(5, "shop", { requestId: "r1" }));
  expect(await enforce(first, saying())).toBe("ran");
  const mallory = await begun(before.governor, BOB);
  expect((await mallory.authorize(pay(5, "mallory"))).verdict).toBe("quarantine");
  await before.close();
  const { governor, entries } = await governed({ ports, governed: BY_ROOT, dir: before.dir });
  expect(governor.standing(BOB)).toMatchObject({ containment: "quarantined", trust: 300 });
  expect(await governor.order(order)).toMatchObject({ ok: false, code: "order.replayed" });
  const again = await begun(governor);
  const same = await again.authorize(pay(5, "shop", { requestId: "r1" }));
  expect([same.id, same.verdict, await enforce(same, saying())]).toEqual([
    first.id,
    "allow",
    "deny step.replayed",
  ]);
  const other = await again.authorize(pay(6, "shop", { requestId: "r1" }));
  expect(other.code).toBe("step.replayed");
  const contained = (await entries()).find(({ kind }) => kind === "containment");
  const bob: OrderSubject = { kind: "agent", agent: BOB };
  const free = await governor.order(await ordering(bob, { kind: "release", containment: contained!.id }));
  expect([free.ok, governor.standing(BOB).containment]).toEqual([true, "free"]);
});

test("a restart reads requests in one pass, since each alone would take a whole segment", async () => {
  const before = await governed();
  const execution = await begun(before.governor);
  for (const requestId of ["r1", "r2", "r3"]) await execution.authorize(pay(5, "shop", { requestId }));
  await before.close();
  const opened = await openFileLog(before.dir, openOptions());
  if (!opened.ok) throw opened.error;
  const opening = vi.fn(opened.store.opening);
  const store: LogStore = Object.create(opened.store, { opening: { value: opening } });
  const log = { store, node: "n1", nextSeq: opened.nextSeq("n1"), mode: "strict" } as const;
  const governor = await openGovernor({ host: before.host, ports: nodeGovernor, log });
  onTestFinished(async () => {
    await governor.close();
    await opened.store.close();
  });
  const again = await begun(governor);
  const other = await again.authorize(pay(6, "shop", { requestId: "r2" }));
  expect([other.code, opening.mock.calls]).toEqual(["step.replayed", []]);
});

test("what a process that died left open is ended by the next one, and its verdicts hold", async () => {
  const before = await governed();
  const execution = await begun(before.governor);
  const answer = await execution.authorize(pay(5, "mallory"));
  expect(answer.verdict).toBe("quarantine");
  // As if it had died before it wrote who is contained: the log of a copy ends with the decision.
  const entries = await before.entries();
  const at = entries.findIndex(({ kind }) => kind === "decision");
  const dir = await copyLog(before.store, at + 1);
  const { governor, entries: after } = await governed({ dir });
  expect(governor.standing(ADA).containment).toBe("quarantined");
  const kinds = (await after()).map((one) => (one.kind === "execution" ? one.phase : one.kind));
  expect(kinds).toEqual(["begin", "decision", "containment", "end"]);
});

test("canaries are made again and again, and a node that allows one stops", async () => {
  const { ports, move } = manualClock();
  const canary = { agent: ADA, action: "pay", fields: { amount: 999, to: "canary" } };
  const measured = () => ({ zone: "eu" });
  const { governor, host, entries } = await governed({ ports, canaries: [canary], measured });
  const execution = await begun(governor);
  move(60_000);
  expect(governor.stopped()).toBeNull();
  const loose = await hostOf(POLICY.replace("amount < 100", "amount < 1000"));
  expect(loose.evaluator).not.toBe(host.evaluator);
  await host.replace({ wasm: await moduleOf(POLICY.replace("amount < 100", "amount < 1000")) });
  move(60_000);
  expect(governor.stopped()).toMatchObject({ code: "governor.canary" });
  expect(execution.signal.reason).toMatchObject({ code: "governor.canary" });
  expect(
    await governor.begin({ agent: ADA, purpose: null, parent: null, zone: null, attestation: null }),
  ).toMatchObject({ ok: false, code: "governor.canary" });
  await until(() => governor.executions().length === 0);
  const said = (await entries()).flatMap((one) => (one.kind === "decision" ? [one.verdict] : []));
  expect(said).toEqual(["deny", "deny", "allow"]);
});

test("another policy is asked the canaries at once, and many changes once a second", async () => {
  const { ports, move } = manualClock();
  const canary = { agent: ADA, action: "pay", fields: { amount: 999, to: "canary" } };
  const one = await governed({ ports, canaries: [canary], measured: () => ({ zone: "eu" }) });
  const { governor, host, entries } = one;
  const made = async () => (await entries()).filter(({ kind }) => kind === "decision").length;
  move(30_000);
  for (let nth = 0; nth < 5; nth += 1) await governor.changed();
  expect(await made()).toBe(2);
  move(1_000);
  expect(await made()).toBe(3);
  // The minute begins anew with them.
  move(59_000);
  expect(await made()).toBe(3);
  move(1_000);
  expect(await made()).toBe(4);
  const execution = await begun(governor);
  move(1_000);
  await host.replace({ wasm: await moduleOf(POLICY.replace("amount < 100", "amount < 1000")) });
  await governor.changed();
  expect(governor.stopped()).toMatchObject({ code: "governor.canary" });
  expect(execution.signal.reason).toMatchObject({ code: "governor.canary" });
});
