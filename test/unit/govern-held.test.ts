/** A governed function that is held, and resumed once somebody has approved with the command for it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pendingBody } from "@polity/gateway/http/paper-calls.ts";
import { runIn } from "@polity/gateway/wrap/current-execution.ts";
import { govern, Held } from "@polity/gateway/wrap/govern.ts";
import type { DecisionEntry } from "@polity/lineage/entry.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { expect, test } from "vitest";
import { openTrust } from "../../cli/trust-files.ts";
import { begun, governed, hostOf } from "../support/governing.ts";
import { serveDesk, trustOf } from "../support/serve-process.ts";

const POLICY = `polity 1
policy test.resumed version 1
entity Team
entity User in Team
entity Agent
subject agent: Agent
setting closed: bool = false
action transfer { amount: int 0..1000, to: string max 40 }
allow any on transfer when amount <= 900
hold large on transfer when amount > 100 until approved by Team::"treasury" within 15m
  because "above 100, the treasury has to approve"
hold hasty on transfer when amount > 500 until approved by Team::"treasury" within 1s
deny shut on transfer when closed
`;
const FACTS = {
  entities: [
    { type: "Agent", id: "ada" },
    { type: "Team", id: "treasury" },
    { type: "User", id: "anna", parents: [{ type: "Team", id: "treasury" }] },
  ],
};

interface Payment {
  readonly amount: number;
  readonly to: string;
}

const thrown = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    (value) => value,
    (error: unknown) => error,
  );

async function desk() {
  const desk = serveDesk({});
  for (const who of ["anna", "mallory"]) desk.pol("keygen", "-o", who);
  trustOf(desk, { approval: { 'User::"anna"': ["anna.pub.pem"] } }, "money");
  const walked = await openTrust([join(desk.dir, "trust")], Date.now(), null);
  if (!walked.ok) throw new Error(walked.message);
  const by = () => ({ root: walked.root, set: "money", audience: null });
  const host = await hostOf(POLICY, FACTS);
  const { governor, entries } = await governed({ host, governed: { by, crypto: nodeCrypto } });
  const execution = await begun(governor);
  const ran: Payment[] = [];
  const run = (fields: Payment) => {
    ran.push(fields);
    return `paid ${fields.amount} to ${fields.to}`;
  };
  const pay = govern(run, { action: "transfer", input: ({ amount, to }: Payment) => ({ amount, to }) });
  const held = async (payment: Payment): Promise<Held> => {
    const error = await thrown(runIn(execution, () => pay(payment)));
    expect(error).toBeInstanceOf(Held);
    return error as Held;
  };
  /** What the command signs, taken to the governor; the code where it is not taken. */
  const answer = async ({ pending }: Held, what: "approve" | "reject", change = pendingBody(pending)) => {
    desk.write("pending.json", JSON.stringify({ approvals: [change] }));
    const paper = ["--trust", "trust", "--key", "anna.pem", "-o", `${pending.id}.json`];
    desk.pol("approvals", what, "pending.json", pending.id, ...paper);
    const said = await governor.approve(readFileSync(join(desk.dir, `${pending.id}.json`), "utf8"));
    return said.ok ? "taken" : said.code;
  };
  return { ...desk, governor, host, entries, pay, held, answer, ran };
}

test("what was held runs once it is approved, with what was held, and once", async () => {
  const { governor, pay, held, answer, ran, entries } = await desk();
  const payment = { amount: 250, to: "ACME" };
  const error = await held(payment);
  expect(error.message).toBe("held: above 100, the treasury has to approve");
  expect(await thrown(pay.resume(governor, error))).toMatchObject({
    name: "Refused",
    code: "approval.pending",
  });
  // What the caller's object says by now was not held.
  payment.to = "MALLORY";
  expect(await answer(error, "approve")).toBe("taken");
  // What was approved for one action runs nothing of another.
  const refund = govern((fields: Payment) => ran.push(fields), { action: "refund", input: () => payment });
  expect(await thrown(refund.resume(governor, error))).toMatchObject({ code: "approval.unknown" });
  expect(ran).toEqual([]);
  expect(await pay.resume(governor, error)).toBe("paid 250 to ACME");
  expect(await thrown(pay.resume(governor, error))).toMatchObject({ code: "approval.unknown" });
  expect(ran).toMatchObject([{ amount: 250, to: "ACME", agent: "ada" }]);
  // Another payee is another request, which waits anew.
  const other = await held(payment);
  expect(other.pending.id).not.toBe(error.pending.id);
  expect(await thrown(pay.resume(governor, other.pending))).toMatchObject({ code: "approval.pending" });
  const all = await entries();
  const released = all.find(
    (one): one is DecisionEntry => one.kind === "decision" && one.verdict === "allow",
  );
  expect(released?.approvalsConsumed).toEqual([0]);
  expect(all.flatMap((one) => (one.kind === "outcome" ? [one.status] : []))).toEqual(["succeeded"]);
});

test("one no, silence, or a policy that says otherwise by now: it does not run", async () => {
  const { governor, host, pay, held, answer, ran } = await desk();
  const rejected = await held({ amount: 200, to: "ACME" });
  expect(await answer(rejected, "reject")).toBe("taken");
  expect(await thrown(pay.resume(governor, rejected))).toMatchObject({ code: "approval.rejected" });
  const late = await held({ amount: 600, to: "ACME" });
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect(await thrown(pay.resume(governor, late))).toMatchObject({ name: "Refused" });
  const denied = await held({ amount: 300, to: "ACME" });
  expect(await answer(denied, "approve")).toBe("taken");
  expect((await host.replace({ facts: JSON.stringify({ ...FACTS, settings: { closed: true } }) })).ok).toBe(
    true,
  );
  await governor.changed();
  expect(await thrown(pay.resume(governor, denied))).toMatchObject({
    name: "Refused",
    answer: { verdict: "deny", decisions: [{ rules: expect.arrayContaining(["shut"]) }] },
  });
  expect(ran).toEqual([]);
});
