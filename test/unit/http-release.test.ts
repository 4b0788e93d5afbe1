/** What was held before a route goes on there once it is approved, and nowhere else. */
import type { ApiResponse } from "@polity/gateway/http/api.ts";
import { guardRoute } from "@polity/gateway/http/route-guard.ts";
import type { Execution, Grant } from "@polity/governor/governor.ts";
import { expect, test } from "vitest";
import { BOB, BY_ROOT, begun, governed, hostOf, manualClock } from "../support/governing.ts";
import { approvalOf, FACTS, heldBy } from "../support/treasury.ts";

const SHIPS = `${heldBy(1)}action ship { amount: int 0..1000 }
allow shipped on ship when amount <= agent.limit
`;

test("what waits runs with the fields that were held, on its own route alone", async () => {
  const { ports } = manualClock();
  const { governor } = await governed({ ports, governed: BY_ROOT, host: await hostOf(SHIPS, FACTS) });
  const [ada, bob] = [await begun(governor), await begun(governor, BOB)];
  const ran: unknown[] = [];
  const run = async ({ fields }: Grant) => {
    ran.push(fields);
    return { result: "ran", isFailed: false };
  };
  const said = ({ status, body }: ApiResponse) =>
    `${status} ${String(body).replace(/.*"code":"([^"]*)".*\n/, "$1")}`;
  const ask = (execution: Execution, action: string, named: string | null, amount = 600) => {
    const release = { governor, pending: () => named };
    const input = () => ({ amount, to: "shop" });
    return guardRoute({ action, input, execution: () => execution, release }, null, run, said);
  };
  expect(await ask(ada, "pay", null)).toBe("202 rule");
  const [pending] = governor.approvals();
  const { id } = pending!;
  expect(await ask(ada, "pay", id)).toMatch(/^409 approval.pending|^403 approval.pending/);
  expect(await governor.approve(await approvalOf(pending!, "bert"))).toMatchObject({ ok: true });
  expect(await ask(bob, "pay", id)).toMatch(/approval.unknown$/);
  expect(await ask(ada, "ship", id)).toMatch(/approval.unknown$/);
  expect(await ask(ada, "pay", "0190a5de-0000-7000-8000-00000000000a")).toMatch(/approval.unknown$/);
  expect(ran).toEqual([]);
  expect(await ask(ada, "pay", id, 999)).toBe("ran");
  expect(ran).toMatchObject([{ amount: 600, to: "shop" }]);
  expect(await ask(ada, "pay", id)).toMatch(/approval.unknown$/);
});
