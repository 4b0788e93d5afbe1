/** What waited for approval when a process ended waits again, and is released once at most. */
import { enforce } from "@polity/governor/answers.ts";
import type { Governor, PendingApproval } from "@polity/governor/governor.ts";
import { expect, test } from "vitest";
import {
  ADA,
  BOB,
  BY_ROOT,
  begun,
  copyLog,
  type Governed,
  governed,
  hostOf,
  manualClock,
  pay,
  saying,
  until,
} from "../support/governing.ts";
import { serving } from "../support/serving.ts";
import { type Approver, approvalOf, FACTS, HELD } from "../support/treasury.ts";
import { NOW } from "../support/trust-roots.ts";

type More = Parameters<typeof governed>[0];

async function desk(more: More = {}, start = NOW) {
  const { ports, move } = manualClock(start);
  const measured = { measured: () => ({ zone: "eu" }) };
  const host = await hostOf(HELD, FACTS);
  const desk = await governed({ ports, governed: BY_ROOT, host, ...measured, ...more });
  return { ...desk, move };
}

/** What another process finds that opens the same log, as it was at a size. */
async function killed({ store }: Pick<Governed, "store">, size?: number, more: More = {}, start = NOW) {
  await store.flush();
  return desk({ dir: await copyLog(store, size ?? store.size), ...more }, start);
}

async function approve(governor: Governor, pending: PendingApproval, id: Approver, more = {}) {
  return governor.approve(await approvalOf(pending, id, more));
}

const named = (entries: readonly { kind: string; name?: string }[], name: string) =>
  entries.filter((one) => one.kind === "event" && one.name === name);

test("what waited waits again after a kill, as it was, and goes on where it is asked again", async () => {
  const first = await desk();
  const execution = await begun(first.governor);
  const held = await execution.authorize(pay(600));
  expect((await approve(first.governor, held.pending!, "bert")).ok).toBe(true);
  const [pending] = first.governor.approvals();

  const second = await killed(first);
  expect(second.governor.approvals()).toEqual([pending]);
  expect(await approve(second.governor, pending!, "bert")).toMatchObject({ code: "approval.replayed" });
  const other = { ...pending!, requestDigest: `sha256:${"0".repeat(64)}` };
  expect(await approve(second.governor, other, "cleo")).toMatchObject({ code: "approval.wrong_request" });
  // Its execution is over: who it was says so to whoever asks for it.
  const early = await second.governor.release(pending!.id);
  expect([early.verdict, early.code]).toEqual(["deny", "execution.ended"]);

  const anew = await begun(second.governor);
  const again = await anew.authorize(pay(600));
  expect([again.verdict, again.pending?.id]).toEqual(["hold", pending!.id]);
  expect((await second.governor.release(pending!.id)).code).toBe("approval.pending");
  expect((await approve(second.governor, again.pending!, "cleo")).ok).toBe(true);
  const released = await second.governor.release(pending!.id);
  expect(await enforce(released, saying())).toBe("ran");
  expect(second.governor.approvals()).toEqual([]);
  expect((await anew.authorize(pay(600))).pending!.id).not.toBe(pending!.id);
});

test("over several restarts; all answers may be there before anybody asks again", async () => {
  const first = await desk();
  const asked = (await (await begun(first.governor)).authorize(pay(600))).pending!;
  await first.close();
  // Whether it was closed or killed is the same to whoever waits.
  const closed = await desk({ dir: first.dir });
  expect(closed.governor.approvals()).toEqual([asked]);
  const second = await killed(closed);
  expect((await approve(second.governor, asked, "bert")).ok).toBe(true);
  const third = await killed(second);
  expect((await approve(third.governor, asked, "cleo")).ok).toBe(true);
  const fourth = await killed(third);
  expect(fourth.governor.approvals()[0]!.given).toHaveLength(2);
  const execution = await begun(fourth.governor);
  const answer = await execution.authorize(pay(600));
  expect(answer.verdict).toBe("allow");
  expect(await enforce(answer, saying())).toBe("ran");
  expect(named(await fourth.entries(), "approval.kept")).toHaveLength(5);
});

test.each(["strict", "relaxed"] as const)(
  "%s: an approval is used once, whenever it is killed",
  async (mode) => {
    const first = await desk({ mode });
    const execution = await begun(first.governor);
    const held = (await execution.authorize(pay(600))).pending!;
    await until(() => first.store.size > 1);
    for (const who of ["bert", "cleo"] as const) await approve(first.governor, held, who);
    await first.store.flush();
    const before = first.store.size;
    let sizeThen = 0;
    const released = await first.governor.release(held.id);
    await enforce(
      released,
      saying(() => {
        sizeThen = first.store.size;
        return "ran";
      }),
    );
    // Before the release: once more. After it: never, though nobody knows whether it ran.
    const unused = await killed(first, before, { mode });
    const once = await (await begun(unused.governor)).authorize(pay(600));
    expect([once.verdict, await enforce(once, saying())]).toEqual(["allow", "ran"]);
    expect(sizeThen).toBe(before + 1);
    const used = await killed(first, sizeThen, { mode });
    expect(used.governor.approvals()).toEqual([]);
    const fresh = await (await begun(used.governor)).authorize(pay(600));
    expect([fresh.verdict, fresh.pending!.given]).toEqual(["hold", []]);
    expect(fresh.pending!.id).not.toBe(held.id);
  },
);

test("its time goes on while nothing runs, and after the restart", async () => {
  const first = await desk();
  const held = (await (await begun(first.governor)).authorize(pay(600))).pending!;
  const late = await killed(first, first.store.size, {}, NOW + 15 * 60_000);
  expect(late.governor.approvals()).toEqual([]);
  expect(await approve(late.governor, held, "bert")).toMatchObject({ code: "approval.expired" });
  expect(named(await late.entries(), "approval.expired")).toHaveLength(1);
  const later = await killed(late, late.store.size, {}, NOW);
  expect(later.governor.approvals()).toEqual([]);

  const second = await killed(first, first.store.size, {}, NOW + 60_000);
  expect(second.governor.approvals()[0]!.expiresAt).toBe(NOW + 15 * 60_000);
  second.move(14 * 60_000);
  expect(second.governor.approvals()).toEqual([]);
  await until(() => second.store.size > 4);
  const [expired] = named(await second.entries(), "approval.expired");
  expect(expired).toMatchObject({ phase: "refused", event: "pay" });
});

test("what was held before the newest note about the policy begins waits again all the same", async () => {
  const first = await desk();
  const held = (await (await begun(first.governor)).authorize(pay(600))).pending!;
  const policyFrom = NOW + 60_000;
  const until = { policyUntil: NOW + 3_600_000, factsUntil: NOW + 3_600_000 };
  const window = () => ({ policyFrom, ...until });
  const second = await killed(first, undefined, { host: await noted(policyFrom), window }, policyFrom + 1);
  expect(second.governor.approvals()).toEqual([held]);
  for (const who of ["bert", "cleo"] as const)
    await approve(second.governor, held, who, { issuedMs: policyFrom });
  const answer = await (await begun(second.governor)).authorize(pay(600));
  expect([answer.verdict, answer.code]).toEqual(["allow", "rule"]);
  expect(await enforce(answer, saying())).toBe("ran");
});

/** As the host of a bundle does it: nothing is judged as current before its note says that it is. */
async function noted(policyFrom: number) {
  const host = await hostOf(HELD, FACTS);
  const own: typeof host.decide = (action, fields, header, entities) =>
    host.decide(action, fields, { ...header, policyFrom: Math.max(header.policyFrom, policyFrom) }, entities);
  return Object.create(host, { decide: { value: own } }) as typeof host;
}

test("nobody else goes on with it, and no other request; who rejected it has rejected it", async () => {
  const first = await desk();
  const execution = await begun(first.governor);
  const held = (await execution.authorize(pay(600))).pending!;
  const named = (await execution.authorize(pay(650, "shop", { requestId: "r1" }))).pending!;
  const second = await killed(first);
  expect(second.governor.approvals().map(({ id }) => id)).toEqual([held.id, named.id]);
  const [ada, bob] = [await begun(second.governor), await begun(second.governor, BOB)];
  const child = await begun(second.governor, ADA, { parent: bob.id });
  const ids = [
    await bob.authorize(pay(600)),
    await child.authorize(pay(600)),
    await ada.authorize(pay(601)),
    await ada.authorize(pay(600, "elsewhere")),
    await ada.authorize(pay(600, "shop", { requestId: "r2" })),
  ].map(({ pending }) => pending?.id);
  expect(new Set([...ids, held.id, undefined]).size).toBe(7);
  const same = await ada.authorize(pay(650, "shop", { requestId: "r1" }));
  expect(same.pending?.id).toBe(named.id);
  expect((await approve(second.governor, held, "bert", { decision: "rejected" })).ok).toBe(true);
  const third = await killed(second);
  expect(await approve(third.governor, held, "cleo")).toMatchObject({ code: "approval.rejected" });
  const anew = await (await begun(third.governor)).authorize(pay(600));
  expect([anew.verdict, anew.pending!.given]).toEqual(["hold", []]);
});

test("a child's step waits for the same agents again", async () => {
  const first = await desk();
  const parent = await begun(first.governor, BOB);
  const held = (await (await begun(first.governor, ADA, { parent: parent.id })).authorize(pay(600))).pending!;
  const second = await killed(first);
  expect(second.governor.approvals()).toEqual([held]);
  for (const who of ["bert", "cleo"] as const) await approve(second.governor, held, who);
  const alone = await (await begun(second.governor)).authorize(pay(600));
  expect([alone.verdict, alone.pending!.id === held.id]).toEqual(["hold", false]);
  const bob = await begun(second.governor, BOB);
  const again = await (await begun(second.governor, ADA, { parent: bob.id })).authorize(pay(600));
  expect([again.verdict, await enforce(again, saying())]).toEqual(["allow", "ran"]);
});

test("what was stopped or ended does not wait, nor does what the policy no longer holds", async () => {
  const first = await desk();
  const execution = await begun(first.governor);
  await execution.authorize(pay(600));
  const open = first.store.size;
  await execution.end("succeeded");
  expect((await killed(first)).governor.approvals()).toEqual([]);
  const closed = await hostOf(HELD, { ...FACTS, settings: { closed: true } });
  expect((await killed(first, open, { host: closed })).governor.approvals()).toEqual([]);
  const erased = await killed(first, open);
  await erased.store.erase(1);
  expect((await desk({ dir: await copyLog(erased.store, open) })).governor.approvals()).toEqual([]);
});

test.each(["strict", "relaxed"] as const)(
  "%s: an end that lets wait says how it ended, and nothing of it is lost",
  async (mode) => {
    const first = await desk({ mode });
    const parent = await begun(first.governor, BOB);
    const own = (await parent.authorize(pay(650))).pending!;
    const child = await begun(first.governor, ADA, { parent: parent.id });
    const held = (await child.authorize(pay(600))).pending!;
    const released = (await parent.authorize(pay(700))).pending!;
    for (const who of ["bert", "cleo"] as const) await approve(first.governor, released, who);
    expect(await enforce(await first.governor.release(released.id), saying())).toBe("ran");
    await parent.end("failed", "waits");
    const ends = async ({ entries }: Pick<Governed, "entries">) =>
      (await entries()).flatMap((one) =>
        one.kind === "execution" && one.phase === "end" ? [one.status] : [],
      );
    expect(await ends(first)).toEqual(["abandoned", "failed"]);
    const ids = [own.id, held.id].sort();
    const waiting = ({ governor }: Pick<Governed, "governor">) =>
      governor
        .approvals()
        .map(({ id }) => id)
        .sort();
    // In this process, as in the next one, whether it is closed or killed.
    expect(waiting(first)).toEqual(ids);
    expect((await first.governor.release(own.id)).code).toBe("execution.ended");
    for (const next of [await killed(first, undefined, { mode }), first]) {
      expect(waiting(next)).toEqual(ids);
      const again = await (await begun(next.governor, BOB)).authorize(pay(650));
      expect([again.verdict, again.pending!.id]).toEqual(["hold", own.id]);
      for (const who of ["bert", "cleo"] as const) await approve(next.governor, own, who);
      expect(await enforce(await next.governor.release(own.id), saying())).toBe("ran");
      expect(waiting(next)).toEqual([held.id]);
    }
    expect(named(await first.entries(), "approval.kept")).toHaveLength(2);
  },
);

test("contained meanwhile: nothing begins that could go on with it", async () => {
  const first = await desk();
  const held = (await (await begun(first.governor)).authorize(pay(600))).pending!;
  const second = await killed(first);
  const execution = await begun(second.governor);
  for (const who of ["bert", "cleo"] as const) await approve(second.governor, held, who);
  expect((await execution.authorize(pay(5, "mallory"))).verdict).toBe("quarantine");
  expect((await execution.authorize(pay(600))).code).toBe("execution.aborted");
  const third = await killed(second);
  await expect(begun(third.governor)).rejects.toThrow("subject.quarantined");
});

test("over HTTP: a release says that the execution is over, and the same step goes on", async () => {
  const host = await hostOf(HELD, FACTS);
  const options = { governed: BY_ROOT, host, measured: () => ({ zone: "eu" }) };
  const first = await serving({ governed: options });
  const step = async ({ ask }: typeof first) => {
    const { body } = await ask("POST", "/v1/executions", { agent: ADA });
    return ask("POST", `/v1/executions/${body.id as string}/steps`, pay(600));
  };
  const id = (await step(first)).body.pending.id as string;
  const dir = await copyLog(first.store, first.store.size);
  const second = await serving({ governed: { ...options, dir } });
  const released = await second.ask("POST", `/v1/approvals/${id}/release`, {});
  expect([released.status, released.body.error.code]).toEqual([409, "execution.ended"]);
  expect((await step(second)).body.pending.id).toBe(id);
  const again = await second.ask("POST", `/v1/approvals/${id}/release`, {});
  expect(again.body.code).toBe("approval.pending");
});
