/** Executions on a real policy, with a log in a real folder. */
import { enforce } from "@polity/governor/answers.ts";
import type { DecisionEntry, ExecutionEntry, OutcomeEntry } from "@polity/lineage/entry.ts";
import { expect, test } from "vitest";
import {
  ADA,
  BOB,
  begun,
  governed,
  hostOf,
  manualClock,
  POLICY,
  pay,
  saying,
  until,
} from "../support/governing.ts";

test("an execution begins, asks, runs, reports and ends, and each entry names what led to it", async () => {
  const { governor, entries } = await governed();
  const execution = await begun(governor);
  const answer = await execution.authorize(
    pay(5, "shop", { fields: { amount: 5, to: "shop", place: "/a//b" } }),
  );
  expect(answer).toMatchObject({ verdict: "allow", code: "rule", execution: execution.id, action: "pay" });
  expect(answer.receipt?.index).toBe(1);
  const fields = await enforce(answer, { allow: (grant) => grant.fields, refuse: () => ({}) });
  // As it was judged: who acts is filled in, and paths are as rules saw them.
  expect(fields).toEqual({ agent: "ada", zone: "eu", amount: 5, to: "shop", place: "/a/b" });
  expect(await enforce(await execution.authorize(pay(400)), saying())).toBe("deny no_rule");
  await execution.end("succeeded");
  const all = await entries();
  expect(all.map(({ kind }) => kind)).toEqual(["execution", "decision", "outcome", "decision", "execution"]);
  const [begin, decision, outcome, denied, end] = all as [
    ExecutionEntry,
    DecisionEntry,
    OutcomeEntry,
    DecisionEntry,
    ExecutionEntry,
  ];
  expect(new Set(all.map(({ execution: id }) => id))).toEqual(new Set([execution.id]));
  expect(begin).toMatchObject({ phase: "begin", agent: ADA, purpose: "test", parents: [] });
  const first = decision.parents[0]!.leaf;
  expect(decision.parents).toEqual([{ leaf: first, relation: "caused", log: null }]);
  expect(denied.parents).toEqual(decision.parents);
  expect(outcome).toMatchObject({ decision: decision.id, status: "succeeded" });
  expect(outcome.parents).toEqual([{ leaf: answer.receipt!.leafHash, relation: "caused", log: null }]);
  expect(end).toMatchObject({ phase: "end", status: "succeeded", parents: decision.parents });
});

test("a child's request is judged for everybody behind it too, the strictest wins", async () => {
  const { governor, entries } = await governed();
  const parent = await begun(governor, BOB);
  const spawned: string[] = [];
  await enforce(await parent.authorize(pay(1)), {
    allow: async () => {
      const child = await begun(governor, ADA, { parent: parent.id });
      // What the parent may not do, nobody may do for it.
      const answer = await child.authorize(pay(80));
      expect(answer).toMatchObject({ verdict: "deny", code: "no_rule" });
      expect(answer.decisions.map(({ verdict }) => verdict)).toEqual(["allow", "deny"]);
      expect(await enforce(answer, saying())).toBe("deny no_rule");
      expect(await enforce(await child.authorize(pay(40)), saying())).toBe("ran");
      await child.end("succeeded");
      spawned.push(child.id);
    },
    refuse: () => {},
  });
  const all = await entries();
  const begins = all.filter(({ kind }) => kind === "execution") as ExecutionEntry[];
  const delegations = begins[1]!.parents.map(({ relation }) => relation);
  expect([begins[1]!.execution, delegations]).toEqual([spawned[0], ["delegated", "delegated"]]);
  const decisions = all.filter((one) => one.kind === "decision" && one.execution === spawned[0]);
  // The parent's entry comes first, and the child's own follows from it.
  expect(decisions.map((one) => [(one as DecisionEntry).verdict, one.parents.length])).toEqual([
    ["deny", 1],
    ["allow", 2],
    ["allow", 1],
    ["allow", 2],
  ]);
});

test("the agent cannot say who it is, or what the host measures", async () => {
  const { governor, entries } = await governed();
  const execution = await begun(governor);
  const forged = { agent: "bob", amount: 5, to: "shop" };
  const zoned = { zone: "eu", amount: 5, to: "shop" };
  for (const fields of [forged, zoned]) {
    const answer = await execution.authorize({ action: "pay", fields });
    expect([answer.verdict, answer.code, answer.id]).toEqual(["deny", "step.invalid", null]);
    expect(await enforce(answer, saying())).toBe("deny step.invalid");
  }
  const moon = await begun(governor, ADA, { zone: "moon" });
  expect(await enforce(await moon.authorize(pay(5)), saying())).toBe("deny rule");
  const other = await begun(governor, { type: "User", id: "ada" });
  expect((await other.authorize(pay(5))).code).toBe("step.invalid");
  const noted = (await entries()).filter(({ kind }) => kind === "event");
  expect(noted.map((one) => [one.kind === "event" && one.name, one.execution])).toEqual([
    ["step.invalid", execution.id],
    ["step.invalid", execution.id],
    ["step.invalid", other.id],
  ]);
});

test("an answer runs once, and so does a request under its id", async () => {
  const { governor } = await governed();
  const execution = await begun(governor);
  let runs = 0;
  const count = saying(() => {
    runs += 1;
    return "ran";
  });
  const answer = await execution.authorize(pay(5, "shop", { requestId: "r1" }));
  const both = await Promise.all([enforce(answer, count), enforce(answer, count)]);
  expect(both.sort()).toEqual(["deny step.in_use", "ran"]);
  const again = await execution.authorize(pay(5, "shop", { requestId: "r1" }));
  expect(again).toMatchObject({ id: answer.id, verdict: "allow" });
  expect(await enforce(again, count)).toBe("deny step.replayed");
  const other = await execution.authorize(pay(6, "shop", { requestId: "r1" }));
  expect(await enforce(other, count)).toBe("deny step.replayed");
  const retried = await execution.authorize(pay(5, "shop", { requestId: "r1", retries: answer.id }));
  expect(await enforce(retried, count)).toBe("ran");
  expect(runs).toBe(2);
  // An answer of nobody's is none, whatever it says.
  expect(await enforce({ ...answer }, count)).toBe("deny step.invalid");
  const unknown = await execution.authorize(pay(5, "shop", { retries: "nothing" }));
  expect(unknown.code).toBe("step.invalid");
});

test("at the last moment the answer is judged anew where anything has changed", async () => {
  const { governor, host, entries } = await governed();
  const execution = await begun(governor);
  const answer = await execution.authorize(pay(5));
  const facts = { entities: [{ type: "Agent", id: "ada", attributes: { limit: 1 } }] };
  expect(await host.replace({ facts: JSON.stringify(facts) })).toEqual({ ok: true });
  await governor.changed();
  expect(await enforce(answer, saying())).toBe("deny no_rule");
  const decisions = (await entries()).filter(({ kind }) => kind === "decision");
  const relation = { leaf: answer.receipt!.leafHash, relation: "caused", log: null };
  expect(decisions[1]!.parents).toContainEqual(relation);
});

test("what runs is stopped by a change that no longer allows it, with whoever acts for it", async () => {
  const { governor, host, entries } = await governed();
  const parent = await begun(governor);
  const child = await begun(governor, ADA, { parent: parent.id });
  const answer = await parent.authorize(pay(5));
  const running = enforce(
    answer,
    saying(() => new Promise<string>(() => {})),
  );
  const stopped = running.catch((error: unknown) => error);
  await host.replace({ facts: JSON.stringify({ ...FACTS_CLOSED }) });
  await governor.changed();
  expect(await stopped).toMatchObject({ code: "rule" });
  expect([parent.signal.aborted, child.signal.aborted]).toEqual([true, true]);
  expect(parent.signal.reason).toMatchObject({ code: "rule" });
  expect((await child.authorize(pay(5))).code).toBe("execution.aborted");
  await until(() => governor.executions().length === 0);
  const outcome = (await entries()).find(({ kind }) => kind === "outcome") as OutcomeEntry;
  expect(outcome).toMatchObject({ status: "abandoned", decision: answer.id, note: "stopped: rule" });
});

const FACTS_CLOSED = {
  entities: [{ type: "Agent", id: "ada", attributes: { limit: 1000 } }],
  settings: { closed: true },
};

test("a handler that throws has failed, and its error reaches the caller", async () => {
  const { governor, entries } = await governed();
  const execution = await begun(governor);
  const failing = enforce(
    await execution.authorize(pay(5)),
    saying(() => {
      throw new TypeError("secret");
    }),
  );
  await expect(failing).rejects.toThrow("secret");
  await execution.end("failed");
  const outcome = (await entries()).find(({ kind }) => kind === "outcome");
  expect(outcome).toMatchObject({ status: "failed", note: "threw TypeError" });
  expect((await execution.authorize(pay(5))).code).toBe("execution.ended");
});

test("obligations due before are discharged first, those due after are owed", async () => {
  const done: string[] = [];
  const { ports, move } = manualClock();
  const { governor } = await governed({
    ports,
    limits: { obligationAttemptsMax: 2 },
    obligations: {
      confirm: ({ name, arguments: given }, { fields }) => {
        done.push(`${name} ${JSON.stringify(given)}`);
        const { amount } = fields as { amount: number };
        if (amount === 150) throw new Error("nobody confirms this");
        return amount === 160 ? { fields: { ...(fields as object), amount: 20 } } : undefined;
      },
      receipt: (_, { outcome }) => {
        done.push(`receipt ${outcome?.status}`);
        if (done.length === 5 || done.length > 6) throw new Error("no receipt");
      },
    },
  });
  const execution = await begun(governor);
  const run = async (amount: number) =>
    enforce(
      await execution.authorize(pay(amount)),
      saying(({ fields }) => `ran ${fields.amount}`),
    );
  expect(await run(120)).toBe("ran 120");
  expect(await run(150)).toBe("deny obligation.failed");
  // Whoever changes the request has it judged again: it needs no confirmation any more.
  expect(await run(160)).toBe("ran 20");
  expect(await run(250)).toBe("ran 250");
  await until(() => governor.outstanding().length === 0);
  expect(execution.signal.aborted).toBe(false);
  for (const _ of ["done the second time", "never done"]) {
    expect(await run(250)).toBe("ran 250");
    await until(() => governor.outstanding()[0]?.problem != null);
    expect(governor.outstanding()).toMatchObject([
      { action: "pay", obligation: { name: "receipt" }, problem: "no receipt" },
    ]);
    move(1_000);
    await until(() => governor.outstanding().length === 0);
  }
  // Whoever owes what is given up does nothing more.
  expect(execution.signal.reason).toMatchObject({ code: "obligation.failed" });
  const confirm = (amount: number) => `confirm {"amount":${amount}}`;
  const before = [confirm(120), confirm(150), confirm(160)];
  expect(done).toEqual([...before, ...Array(5).fill("receipt succeeded")]);
});

test("a verdict contains its subject: what runs stops, and the log says why", async () => {
  const { governor, entries } = await governed();
  const execution = await begun(governor);
  const bystander = await begun(governor, BOB);
  const child = await begun(governor, BOB, { parent: execution.id });
  expect(await enforce(await execution.authorize(pay(5, "mallory")), saying())).toBe("quarantine rule");
  expect([execution, child, bystander].map(({ signal }) => signal.aborted)).toEqual([true, true, false]);
  expect(governor.standing(ADA)).toEqual({ subject: ADA, containment: "quarantined", trust: 500 });
  const again = await governor.begin({
    ...{ agent: ADA, purpose: null, parent: null, zone: null, attestation: null },
  });
  expect(again).toMatchObject({ ok: false, code: "subject.quarantined" });
  await until(() => governor.executions().length === 1);
  const contained = (await entries()).find(({ kind }) => kind === "containment");
  expect(contained).toMatchObject({ subject: ADA, state: "quarantined", reason: "rule mallory on pay" });
  expect(contained!.parents).toHaveLength(1);
});

test("relaxed: answers come at once, and the log has everything behind them", async () => {
  const { governor, entries } = await governed({ mode: "relaxed" });
  const execution = await begun(governor);
  const answer = await execution.authorize(pay(5));
  expect([answer.verdict, answer.receipt]).toEqual(["allow", null]);
  expect(await enforce(answer, saying())).toBe("ran");
  const child = await begun(governor, BOB, { parent: execution.id });
  expect(await enforce(await child.authorize(pay(70)), saying())).toBe("deny no_rule");
  await child.end("succeeded");
  await execution.end("succeeded");
  const all = await entries();
  const kinds = all.map(({ kind, parents }) => `${kind} ${parents.length}`).sort();
  expect(kinds).toEqual([
    "decision 1",
    "decision 1",
    "decision 2",
    "execution 0",
    "execution 1",
    "execution 1",
    "execution 1",
    "outcome 1",
  ]);
});

test("closing stops what runs and ends it in the log", async () => {
  const { governor, entries } = await governed({ host: await hostOf(POLICY) });
  const execution = await begun(governor);
  const running = enforce(
    await execution.authorize(pay(5)),
    saying(() => new Promise<string>(() => {})),
  );
  const stopped = running.catch((error: unknown) => error);
  await governor.close();
  expect(await stopped).toMatchObject({ code: "governor.stopped" });
  expect((await execution.authorize(pay(5))).code).toBe("governor.stopped");
  const ends = (await entries()).map((one) => (one.kind === "execution" ? one.status : one.kind));
  expect(ends).toEqual([null, "decision", "outcome", "abandoned"]);
});
