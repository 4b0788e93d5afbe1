/** Nothing is released before it is written down, and what is written can be asked again. */
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { checkOpening } from "@polity/lineage/commitment.ts";
import type { DecisionEntry } from "@polity/lineage/entry.ts";
import { nodeCrypto, nodeRecording } from "@polity/lineage/node/crypto.ts";
import { type Asking, type RecordedHostOptions, recordHost } from "@polity/lineage/recorded-host.ts";
import { LogError } from "@polity/lineage/store.ts";
import { loadSetUnsigned, loadUnsigned } from "@polity/runtime/authoring.ts";
import { permissionOf } from "@polity/runtime/index.ts";
import { issuePermit, rememberPermits, verifyPermit } from "@polity/runtime/permit.ts";
import { beforeAll, expect, test } from "vitest";
import { compiled } from "../support/compiled.ts";
import { freshFolder, openLog, rejection, verify } from "../support/file-log.ts";
import { heldStore } from "../support/held-store.ts";
import { HEADER } from "../support/paying-set.ts";
import { signerOf } from "../support/signing.ts";

const PAY = `polity 1
policy test.pay version 1
obligation confirm { amount: int 0..100 }
action pay { amount: int 0..100, payee: string max 40, place: path?, memo: string max 40? }
allow small on pay when amount <= 10
allow large on pay when amount > 10 and amount <= 50 oblige confirm { amount: amount }
hold asked on pay when payee == "thief"
`;
const GUARD = `polity 1
guard test.guard version 2
action pay { amount: int 0..100, payee: string max 40, place: path?, memo: string max 40? }
deny mallory on pay when payee == "mallory"
`;
const KNOWN = [{ name: "confirm", arguments: { amount: "int" } }];

let pay: Uint8Array;
let guard: Uint8Array;
beforeAll(async () => {
  pay = (await buildEvaluator(compiled(PAY))).wasm;
  guard = (await buildEvaluator(compiled(GUARD))).wasm;
});

const strict: RecordedHostOptions = { node: "n1", nextSeq: 0, ports: nodeRecording, mode: "strict" };
const asking = (fields: object): Asking => ({ action: "pay", fields, header: HEADER });
const small = asking({ amount: 5, payee: "ada" });

async function openHost() {
  const loaded = await loadUnsigned(pay, { obligations: KNOWN });
  if (!loaded.ok) throw new Error(loaded.message);
  return loaded.host;
}

async function openSet() {
  const members = [
    { name: "pays", wasm: pay },
    { name: "guard", wasm: guard },
  ];
  const loaded = await loadSetUnsigned(members, { obligations: KNOWN });
  if (!loaded.ok) throw new Error(loaded.message);
  return loaded.set;
}

test("strict: no decision is there before its entry is durable", async () => {
  const held = heldStore();
  const host = recordHost(await openHost(), held.store, strict);
  let released = 0;
  const decisions = [small, asking({ amount: 99, payee: "ada" }), asking({ amount: "x" })].map(
    async (one) => {
      const recorded = await host.decide(one);
      released += 1;
      return recorded;
    },
  );
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect([released, host.counts().waiting]).toEqual([0, 3]);
  await held.sync();
  const said = await Promise.all(decisions);
  expect(said.map(({ decision }) => [decision.verdict, decision.code])).toEqual([
    ["allow", "rule"],
    ["deny", "no_rule"],
    ["deny", "input.invalid"],
  ]);
  for (const [at, { id, receipt, problem, decidedMs, set }] of said.entries()) {
    const entry = held.entries[at] as DecisionEntry;
    expect([entry.id, entry.at, receipt?.index, problem, entry.set]).toEqual([id, decidedMs, at, null, set]);
    expect(receipt?.leafHash).toMatch(/^sha256:/);
  }
  // What has no canonical form has no commitment either.
  expect(held.openings.map((one) => one?.request ?? null)).toEqual([
    '{"action":"pay","fields":{"amount":5,"payee":"ada"}}',
    '{"action":"pay","fields":{"amount":99,"payee":"ada"}}',
    null,
  ]);
});

test("strict: where there is no room, or the log failed, everything is denied with a code", async () => {
  const held = heldStore();
  const host = recordHost(await openHost(), held.store, { ...strict, waitingMax: 1 });
  const first = host.decide(small);
  const full = await host.decide(small);
  expect(full.decision).toMatchObject({ verdict: "deny", code: "host.log_busy", granted: false });
  expect(full).toMatchObject({ receipt: null, id: null, problem: { code: "log.busy" } });
  expect(host.permission(full).kind).toBe("refused");
  expect((await rejection(host.outcome(full, { status: "succeeded" }) as Promise<unknown>)).code).toBe(
    "log.busy",
  );
  await held.sync();
  expect((await first).decision.verdict).toBe("allow");
  const unlucky = host.decide(small);
  held.fail(new LogError("log.full", "no space"));
  for (const recorded of [await unlucky, await host.decide(small)]) {
    expect(recorded.decision).toMatchObject({ verdict: "deny", code: "host.log_failed", granted: false });
    expect(recorded).toMatchObject({ receipt: null, problem: { code: "log.full" } });
  }
  expect(held.entries).toHaveLength(1);
  const refused = await issuePermit(full, permitTerms(), signerOf(7));
  expect(refused).toMatchObject({ ok: false, code: "permit.not_allowed" });
});

test("strict: a store that breaks in its own way denies too", async () => {
  const held = heldStore();
  const host = recordHost(await openHost(), held.store, strict);
  const unlucky = host.decide(small);
  held.fail("no error at all");
  expect((await unlucky).decision.code).toBe("host.log_failed");
});

test("relaxed: decisions come at once, and what was left out is a gap", async () => {
  const held = heldStore();
  const host = recordHost(await openHost(), held.store, { ...strict, mode: "relaxed", waitingMax: 2 });
  const said = [await host.decide(small), await host.decide(small), await host.decide(small)];
  expect(said.map(({ decision, receipt }) => [decision.verdict, receipt])).toEqual([
    ["allow", null],
    ["allow", null],
    ["allow", null],
  ]);
  expect(await issuePermit(said[0]!, permitTerms(), signerOf(7))).toMatchObject({
    code: "permit.no_receipt",
  });
  await host.close();
  expect(held.entries.map(({ kind }) => kind)).toEqual(["decision", "decision", "gap"]);
  expect(held.entries[0]!.id).toBe(said[0]!.id);
  expect(host.counts()).toMatchObject({ written: 3, refused: 1 });
});

test("relaxed: what is held, or contained, is in the log before anybody is told", async () => {
  const held = heldStore({ roomMax: 1 });
  const host = recordHost(await openHost(), held.store, { ...strict, mode: "relaxed" });
  let told = "";
  const decided = host.decide(asking({ amount: 5, payee: "thief" })).then((one) => {
    told = one.decision.verdict;
    return one;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(told).toBe("");
  // What finds no room there is not told either.
  const late = await host.decide(asking({ amount: 5, payee: "thief" }));
  expect([late.decision.verdict, late.decision.code]).toEqual(["deny", "host.log_busy"]);
  await held.sync();
  expect(await decided).toMatchObject({ decision: { verdict: "hold" }, problem: null });
  expect((await decided).receipt).toMatchObject({ index: 0 });
  const closing = host.close();
  await held.sync();
  await closing;
});

test("what may be done comes with the fields that were judged, whatever they are by now", async () => {
  const host = recordHost(await openHost(), heldStore({ isHeld: false }).store, strict);
  const fields = { amount: 20, payee: "ada", place: "/a//b" };
  const recorded = await host.decide(asking(fields));
  fields.payee = "mallory";
  const asked = host.permission(recorded);
  expect(asked.kind).toBe("undischarged");
  const before = asked.kind === "undischarged" ? asked.before : [];
  const released = host.permission(recorded, before);
  expect(released).toMatchObject({ kind: "released", fields: { amount: 20, payee: "ada", place: "/a/b" } });
  expect(permissionOf(recorded.decision, before).kind).toBe("released");
  expect(host.permission({ ...recorded }, before).kind).toBe("refused");
});

function permitTerms(nowMs = Date.now()) {
  const { randomBytes } = nodeRecording;
  return { issuer: "example.com/host", audience: "payments", nowMs, randomBytes };
}

test("a recorded decision becomes a permit, and its outcome a child of its entry", async () => {
  const held = heldStore({ isHeld: false });
  const host = recordHost(await openHost(), held.store, strict);
  const recorded = await host.decide({ ...small, requestId: "r1", execution: "x" });
  const signer = signerOf(7);
  const issued = await issuePermit(recorded, permitTerms(recorded.decidedMs), signer);
  if (!issued.ok) throw new Error(issued.message);
  const verified = await verifyPermit(issued.token, {
    keys: [{ issuer: "example.com/host", key: signer.publicKey }],
    audience: "payments",
    action: "pay",
    request: recorded.request!.json,
    nowMs: recorded.decidedMs,
    seen: rememberPermits({ sinceMs: 0 }),
    crypto: nodeCrypto,
  });
  expect(verified).toMatchObject({
    ok: true,
    permit: { id: recorded.id, log: { index: 0, leaf: recorded.receipt!.leafHash } },
  });
  await host.outcome(recorded, { status: "succeeded", note: "paid" });
  const [decision, outcome] = held.entries;
  expect(decision).toMatchObject({ requestId: "r1", execution: "x", seq: 0 });
  expect(outcome).toMatchObject({
    kind: "outcome",
    decision: recorded.id,
    status: "succeeded",
    note: "paid",
    parents: [{ leaf: recorded.receipt!.leafHash, relation: "caused", log: null }],
  });
});

test("sensitive fields are committed to by themselves, where they are there", async () => {
  const held = heldStore({ isHeld: false });
  const sensitive = (action: string) => (action === "pay" ? ["/fields/payee", "/fields/memo"] : []);
  const host = recordHost(await openHost(), held.store, { ...strict, sensitive });
  await host.decide(small);
  await host.decide(asking({ amount: 1, payee: "ada", memo: "rent" }));
  const pointers = (held.entries as DecisionEntry[]).map((one) =>
    one.request!.sensitive.map(({ pointer }) => pointer),
  );
  expect(pointers).toEqual([["/fields/payee"], ["/fields/memo", "/fields/payee"]]);
  const entry = held.entries[1] as DecisionEntry;
  const opening = held.openings[1]!;
  expect(opening.request).not.toContain("rent");
  expect(checkOpening(entry.request!, opening)).toMatchObject({
    request: '{"action":"pay","fields":{"amount":1,"memo":"rent","payee":"ada"}}',
  });
  const wrong = recordHost(await openHost(), heldStore().store, { ...strict, sensitive: () => ["payee"] });
  const denied = await wrong.decide(small);
  expect(denied).toMatchObject({
    decision: { code: "host.log_failed" },
    problem: { code: "log.entry_invalid" },
  });
});

test("a set writes down all members, and what is in force", async () => {
  const held = heldStore({ isHeld: false });
  const signed = { digest: `sha256:${"ab".repeat(32)}`, epoch: 12 };
  const set = await openSet();
  const unsigned = await recordHost(set, held.store, strict).decide(small);
  const host = recordHost(set, held.store, { ...strict, nextSeq: 1, set: () => signed });
  const mallory = await host.decide(asking({ amount: 5, payee: "mallory" }));
  expect([unsigned.decision.verdict, mallory.decision.verdict]).toEqual(["allow", "deny"]);
  expect(unsigned.set?.epoch).toBe(0);
  expect(mallory.set).toEqual(signed);
  const [first, second] = held.entries as DecisionEntry[];
  expect(first!.members.map(({ name, policy, verdict }) => [name, policy, verdict])).toEqual([
    ["guard", "test.guard", "allow"],
    ["pays", "test.pay", "allow"],
  ]);
  expect(second).toMatchObject({ set: signed, verdict: "deny", facts: set.facts });
  const released = host.permission(unsigned);
  expect(released.kind).toBe("refused");
});

test("accessors are not called, and what is judged is what is written", async () => {
  const held = heldStore({ isHeld: false });
  const host = recordHost(await openHost(), held.store, strict);
  let calls = 0;
  const fields = {
    payee: "ada",
    get amount() {
      calls += 1;
      return calls;
    },
  };
  const recorded = await host.decide(asking(fields));
  expect([calls, recorded.decision.code, recorded.request]).toEqual([0, "input.invalid", null]);
});

test("on a real log: a thousand decisions at once, all durable, all verified", async () => {
  const dir = freshFolder();
  const store = await openLog(dir);
  const host = recordHost(await openHost(), store, strict);
  const said = await Promise.all(
    Array.from({ length: 1_000 }, (_, at) => host.decide(asking({ amount: at % 60, payee: "ada" }))),
  );
  expect(said.map(({ receipt }) => receipt?.index)).toEqual(said.map((_, at) => at));
  await store.checkpoint();
  await host.close();
  await store.close();
  expect(await verify(dir)).toMatchObject({ ok: true, size: 1_000, commitments: 1_000, openings: 1_000 });
});
