/** What somebody tries with papers and clocks is in the log, also where nothing of it was taken in. */

import { enforce } from "@polity/governor/answers.ts";
import { signApproval } from "@polity/governor/papers/approval.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import { expect, test } from "vitest";
import {
  ADA,
  BOB,
  BY_ROOT,
  begun,
  governed,
  manualClock,
  ordering,
  pay,
  saying,
} from "../support/governing.ts";
import { GOVERNED } from "../support/papers.ts";
import { BERT, CLEO, NOW } from "../support/trust-roots.ts";

const approval = (pending: string, signer: typeof BERT) => {
  const { root, set, audience } = GOVERNED;
  const scope = { root: root.name, set, audience, issuedMs: NOW, expiresMs: NOW + 60_000, askedMs: NOW };
  const answer = { approver: { type: "User", id: "bert" }, decision: "approved" as const };
  const asked = { pending, request: `sha256:${"0".repeat(64)}`, rules: ["asked"] };
  return signApproval({ ...scope, ...asked, ...answer }, [signer]);
};

test("papers that are not taken in are in the log, but for those that are merely late or known", async () => {
  const { ports } = manualClock();
  const { governor, entries } = await governed({ ports, governed: BY_ROOT });
  const id = "0190a5de-0000-7000-8000-00000000000a";
  const codes = [
    await governor.approve("{}"),
    await governor.approve(await approval(id, CLEO)),
    await governor.approve(await approval(id, BERT)),
    await governor.order("no envelope"),
    await governor.order(await ordering({ kind: "zone", zone: "eu" }, { kind: "release", containment: id })),
  ].map((said) => (said.ok ? "taken in" : said.code));
  expect(codes).toEqual([
    ...["approval.malformed", "approval.unsigned", "approval.unknown", "order.malformed", "order.replayed"],
  ]);
  const events = (await entries()).flatMap((one) => (one.kind === "event" ? [one] : []));
  expect(events.map(({ name, phase, event }) => `${event} ${phase}: ${name}`)).toEqual([
    "approval refused: approval.malformed",
    "approval refused: approval.unsigned",
    "order refused: order.malformed",
  ]);
  expect(new Set(events.map(({ digest }) => digest)).size).toBe(3);
});

const said = (all: readonly Entry[]) =>
  all.flatMap((one) => (one.kind === "event" ? [`${one.event} ${one.phase}: ${one.name}`] : []));

test("a begin that is refused is in the log, with who wanted it and whoever stands behind it", async () => {
  const { ports } = manualClock();
  const { governor, entries } = await governed({
    ...{ ports, governed: BY_ROOT },
    limits: { executionsMax: 2 },
  });
  const beginning = { agent: BOB, purpose: null, parent: null, zone: null, attestation: null };
  const root = await begun(governor);
  const codes: string[] = [];
  const tryIt = async (more: object) => {
    const begin = await governor.begin({ ...beginning, ...more });
    codes.push(begin.ok ? "begun" : begin.code);
  };
  await tryIt({ agent: { type: "", id: "x" } });
  await tryIt({ agent: { type: "Agent", id: "\u{1f600}".repeat(64) }, zone: 7 });
  await tryIt({ parent: "0190a5de-0000-7000-8000-00000000000a" });
  await tryIt({ attestation: "no envelope", parent: root.id });
  await governor.order(await ordering({ kind: "agent", agent: BOB }, { kind: "quarantine" }));
  await tryIt({ parent: root.id });
  await begun(governor);
  await tryIt({ agent: ADA });
  expect(await governor.attest(root.id, "no envelope")).toMatchObject({ code: "attestation.malformed" });
  expect((await root.authorize(null as never)).code).toBe("step.invalid");
  expect(codes).toEqual([
    ...["execution.invalid", "execution.invalid", "execution.unknown", "attestation.malformed"],
    ...["subject.quarantined", "execution.too_many"],
  ]);
  const all = await entries();
  const long = `begin Agent::${"\u{1f600}".repeat(60)}`;
  expect(said(all).filter((one) => !one.startsWith("0") && !one.includes("order"))).toEqual([
    ...["begin refused: execution.invalid", `${long} refused: execution.invalid`],
    ...["begin Agent::bob refused: execution.unknown", "begin Agent::bob refused: attestation.malformed"],
    ...["begin Agent::bob refused: subject.quarantined", "begin Agent::ada refused: execution.too_many"],
    ...["attestation refused: attestation.malformed", "step refused: step.invalid"],
  ]);
  const about = all.filter((one) => one.kind === "event" && one.phase === "refused");
  expect(about.map(({ parents }) => parents.length)).toEqual([0, 0, 0, 1, 1, 0, 1, 1]);
});

test("whoever tries again and again fills no log: so many a minute, then how many more", async () => {
  const { ports, move } = manualClock();
  const { governor, entries } = await governed({ ports });
  const beginning = { agent: BOB, purpose: null, zone: null, attestation: null };
  const parent = "0190a5de-0000-7000-8000-00000000000a";
  for (let at = 0; at < 1_000; at += 1) await governor.begin({ ...beginning, parent });
  expect(await entries()).toHaveLength(256);
  move(60_000);
  expect(said(await entries()).slice(256)).toEqual(["744 more refused: execution.unknown"]);
  await governor.begin({ ...beginning, parent });
  expect(await entries()).toHaveLength(258);
  for (let at = 0; at < 300; at += 1) await governor.begin({ ...beginning, parent });
  await governor.close();
  expect(said(await entries()).slice(-2)).toEqual([
    ...["begin Agent::bob refused: execution.unknown", "45 more refused: execution.unknown"],
  ]);
});

test("a clock that was set back while nothing ran is noticed, and nothing begins meanwhile", async () => {
  const { ports, move } = manualClock();
  const first = await governed({ ports });
  const execution = await begun(first.governor);
  move(60_000);
  expect(await enforce(await execution.authorize(pay(5)), saying())).toBe("ran");
  await first.close();
  move(-30_000);
  const { governor: second } = await governed({ ports, dir: first.dir });
  const beginning = { agent: { type: "Agent", id: "ada" }, purpose: null, parent: null, zone: null };
  const early = await second.begin({ ...beginning, attestation: null });
  expect(early).toMatchObject({ ok: false, code: "governor.clock_back" });
  move(40_000);
  expect(await second.begin({ ...beginning, attestation: null })).toMatchObject({ ok: true });
});

test("a clock that was far ahead is named with its entry, and another name is a way out", async () => {
  const { ports, move } = manualClock();
  const first = await governed({ ports, governed: BY_ROOT });
  const years = 75 * 365 * 86_400_000;
  await first.governor.order(await ordering({ kind: "agent", agent: BOB }, { kind: "quarantine" }));
  move(years);
  await begun(first.governor);
  const [last] = (await first.entries()).slice(-1);
  await first.close();
  move(-years);
  const second = await governed({ ports, dir: first.dir });
  const beginning = { purpose: null, parent: null, zone: null, attestation: null };
  const refused = await second.governor.begin({ ...beginning, agent: ADA });
  const until = new Date(last!.at).toISOString().replace(".000Z", "Z");
  expect(refused).toMatchObject({ ok: false, code: "governor.clock_back" });
  expect(refused.ok ? "" : refused.message).toContain(`entry ${last!.id}`);
  expect(refused.ok ? "" : refused.message).toContain(`before ${until}`);
  await second.close();
  const { governor } = await governed({ ports, dir: first.dir, node: "n1-again" });
  expect(await governor.begin({ ...beginning, agent: ADA })).toMatchObject({ ok: true });
  // What else the log says holds under any name.
  expect(await governor.begin({ ...beginning, agent: BOB })).toMatchObject({ code: "subject.quarantined" });
});
