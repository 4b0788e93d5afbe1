/** Held steps: who approves, what is decided then, and that nothing is released by an approval alone. */
import { enforce } from "@polity/governor/answers.ts";
import type { DecisionEntry } from "@polity/lineage/entry.ts";
import { expect, test } from "vitest";
import {
  ADA,
  BY_ROOT,
  begun,
  governed,
  hostOf,
  manualClock,
  pay,
  saying,
  until,
} from "../support/governing.ts";
import { approvalOf, FACTS, HELD } from "../support/treasury.ts";
import { NOW } from "../support/trust-roots.ts";

async function desk() {
  const { ports, move } = manualClock();
  const desk = await governed({ ports, governed: BY_ROOT, host: await hostOf(HELD, FACTS) });
  return { ...desk, move };
}

test("a held step is released by a new decision, which uses up the approvals", async () => {
  const { governor, entries } = await desk();
  const execution = await begun(governor);
  const held = await execution.authorize(pay(600));
  expect([held.verdict, await enforce(held, saying())]).toEqual(["hold", "hold rule"]);
  const pending = held.pending!;
  const waiting = await enforce(held, { ...saying(), hold: ({ rules }) => rules[0]!.because ?? "" });
  expect(waiting).toBe("more than 500 needs two");
  expect(governor.approvals()).toEqual([pending]);
  expect((await governor.release(pending.id)).code).toBe("approval.pending");
  expect((await governor.approve(await approvalOf(pending, "bert"))).ok).toBe(true);
  expect(await governor.approve(await approvalOf(pending, "bert"))).toMatchObject({
    code: "approval.replayed",
  });
  const other = { ...pending, requestDigest: `sha256:${"0".repeat(64)}` };
  expect(await governor.approve(await approvalOf(other, "cleo"))).toMatchObject({
    code: "approval.wrong_request",
  });
  expect((await governor.release(pending.id)).code).toBe("approval.pending");
  expect((await governor.approve(await approvalOf(pending, "cleo"))).ok).toBe(true);
  const released = await governor.release(pending.id);
  expect([released.verdict, await enforce(released, saying())]).toEqual(["allow", "ran"]);
  // Nothing waits any more, and the same approvals release nothing again.
  expect(governor.approvals()).toEqual([]);
  expect((await governor.release(pending.id)).code).toBe("approval.unknown");
  expect(await governor.approve(await approvalOf(pending, "bert"))).toMatchObject({
    code: "approval.unknown",
  });
  const again = await execution.authorize(pay(600));
  expect(again.verdict).toBe("hold");
  const decision = (await entries()).find(({ id }) => id === released.id) as DecisionEntry;
  expect(decision.approvalsConsumed).toEqual([0, 1]);
  expect(decision.parents.map(({ relation }) => relation)).toEqual([
    "caused",
    "caused",
    "approved",
    "approved",
  ]);
});

test("what is approved can still be denied, and a changed request is another one", async () => {
  const { governor, host } = await desk();
  const execution = await begun(governor);
  const held = await execution.authorize(pay(600));
  for (const who of ["bert", "cleo"] as const) await governor.approve(await approvalOf(held.pending!, who));
  const closed = JSON.stringify({ ...FACTS, settings: { closed: true } });
  expect(await host.replace({ facts: closed })).toEqual({ ok: true });
  await governor.changed();
  const released = await governor.release(held.pending!.id);
  expect([released.verdict, await enforce(released, saying())]).toEqual(["deny", "deny rule"]);
  expect(governor.approvals()).toEqual([]);
});

test("nobody in time, or one who says no: it is over", async () => {
  const { governor, move, entries } = await desk();
  const execution = await begun(governor, ADA, { leaseMs: 3_600_000 });
  const late = (await execution.authorize(pay(600))).pending!;
  const rejected = (await execution.authorize(pay(700))).pending!;
  const no = await approvalOf(rejected, "bert", { decision: "rejected" });
  expect((await governor.approve(no)).ok).toBe(true);
  expect((await governor.release(rejected.id)).code).toBe("approval.rejected");
  move(15 * 60_000);
  expect(governor.approvals()).toEqual([]);
  expect((await governor.release(late.id)).code).toBe("approval.unknown");
  const noted = (await entries()).flatMap((one) => (one.kind === "event" ? [one.name] : []));
  expect(noted).toEqual(["approval.rejected", "approval.expired", "approval.unknown"]);
  expect(late.askedAt).toBe(NOW);
});

test("a rule that holds a step for several agents is one rule to approve", async () => {
  const { governor } = await desk();
  const parent = await begun(governor);
  const child = await begun(governor, ADA, { parent: parent.id });
  const held = await child.authorize(pay(600));
  expect(held.verdict).toBe("hold");
  expect(held.pending?.rules.map(({ rule }) => rule)).toEqual(["asked"]);
});

test("what was released runs no longer than its approvals count", async () => {
  const { governor, entries, move } = await desk();
  // Nothing else looks at it meanwhile.
  const execution = await begun(governor, ADA, { leaseMs: 86_400_000 });
  const { pending } = await execution.authorize(pay(600));
  for (const who of ["bert", "cleo"]) await governor.approve(await approvalOf(pending!, who));
  const released = await governor.release(pending!.id);
  const running = enforce(
    released,
    saying(() => new Promise<string>(() => {})),
  ).catch((error: unknown) => error);
  await until(() => governor.approvals().length === 0);
  move(pending!.expiresAt - pending!.askedAt - 1);
  expect(execution.signal.aborted).toBe(false);
  move(1);
  expect(await running).toMatchObject({ code: "rule", message: "more than 500 needs two" });
  await until(() => governor.executions().length === 0);
  const said = (await entries()).flatMap((one) => (one.kind === "decision" ? [one.verdict] : []));
  expect([said, governor.approvals()]).toEqual([["hold", "allow", "hold"], []]);
});
