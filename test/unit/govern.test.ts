/** Functions behind a governor. */

import { currentExecution, runIn } from "@polity/gateway/wrap/current-execution.ts";
import { govern, Held, Refused } from "@polity/gateway/wrap/govern.ts";
import type { Grant } from "@polity/governor/governor.ts";
import { expect, test } from "vitest";
import { begun, governed } from "../support/governing.ts";

interface Payment {
  readonly amount: number;
  readonly to: string;
  readonly place?: string;
}

const input = ({ amount, to, place }: Payment) => ({ amount, to, ...(place !== undefined && { place }) });
const thrown = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test("a function runs with the fields that were judged, once, and its outcome is written down", async () => {
  const { governor, entries } = await governed();
  const execution = await begun(governor);
  const ran: unknown[] = [];
  const pay = govern(
    async (fields: Payment, { signal }: Grant) => {
      ran.push([fields, signal === execution.signal, currentExecution()?.id]);
      return `paid ${fields.amount}`;
    },
    { action: "pay", input },
  );
  const given = { amount: 5, to: "shop", place: "/a/../b", secret: "not judged" };
  const paying = runIn(execution, () => pay(given));
  // What the caller's object says by now was not judged.
  given.amount = 999;
  expect(await paying).toBe("paid 5");
  const judged = { agent: "ada", zone: "eu", amount: 5, to: "shop", place: "/b" };
  expect(ran).toEqual([[judged, true, execution.id]]);
  await execution.end("succeeded");
  expect((await entries()).flatMap((one) => (one.kind === "outcome" ? [one.status] : []))).toEqual([
    "succeeded",
  ]);
});

test("a refusal is thrown with its code, or handled, and the function has not run", async () => {
  const { governor } = await governed();
  const execution = await begun(governor);
  let runs = 0;
  const run = () => {
    runs += 1;
    return "ran";
  };
  const pay = govern(run, { action: "pay", input, execution: () => execution });
  const refused = await thrown(pay({ amount: 999, to: "shop" }));
  expect(refused).toBeInstanceOf(Refused);
  expect(refused).toMatchObject({ name: "Refused", code: "no_rule", answer: { verdict: "deny" } });
  const handled = govern(run, {
    action: "pay",
    input,
    execution: () => execution,
    refuse: ({ code }) => code,
  });
  expect(await handled({ amount: 999, to: "shop" })).toBe("no_rule");
  const forged = govern(run, {
    action: "pay",
    input: () => ({ agent: "bob", amount: 1, to: "x" }),
    execution: () => execution,
  });
  expect(await thrown(forged())).toMatchObject({ code: "step.invalid" });
  const nowhere = govern(run, { action: "pay", input });
  expect(await thrown(nowhere({ amount: 1, to: "shop" }))).toMatchObject({
    code: "execution.unknown",
    answer: null,
  });
  expect(runs).toBe(0);
});

test("what the function throws is thrown, and written down as a failure", async () => {
  const { governor, entries } = await governed();
  const execution = await begun(governor);
  const broken = govern(
    async () => {
      throw new TypeError("no money");
    },
    { action: "pay", input },
  );
  expect(await thrown(runIn(execution, () => broken({ amount: 1, to: "shop" })))).toMatchObject({
    message: "no money",
  });
  await execution.end("failed");
  expect((await entries()).flatMap((one) => (one.kind === "outcome" ? [one.status] : []))).toEqual([
    "failed",
  ]);
});

test("a function that stops itself gives nothing back, though it ends at once", async () => {
  const { governor, entries } = await governed();
  const execution = await begun(governor);
  const denies = Promise.resolve(null);
  const own = govern(
    () => {
      const subject = execution.agent;
      void governor.contain({ subject, state: "quarantined", reason: "itself", decision: denies });
      return "ran";
    },
    { action: "pay", input, execution: () => execution },
  );
  expect(await thrown(own({ amount: 1, to: "shop" }))).toMatchObject({ name: "GovernorAbort" });
  await governor.close();
  expect((await entries()).flatMap((one) => (one.kind === "outcome" ? [one.status] : []))).toEqual([
    "abandoned",
  ]);
});

test("whoever is stopped in the middle is told so, and calls of others go on", async () => {
  const { governor } = await governed();
  const [first, second] = [await begun(governor), await begun(governor, { type: "Agent", id: "bob" })];
  const slow = govern(
    (_fields: Payment, { signal }: Grant) =>
      new Promise<string>((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      ),
    { action: "pay", input },
  );
  const quick = govern(() => "ran", { action: "pay", input });
  const running = thrown(runIn(first, () => slow({ amount: 1, to: "shop" })));
  const contained = await thrown(runIn(first, () => quick({ amount: 1, to: "mallory" })));
  expect(contained).toMatchObject({ answer: { verdict: "quarantine" } });
  expect(await running).toMatchObject({ code: expect.stringMatching(/^(subject|execution)\./) });
  expect(await runIn(second, () => quick({ amount: 1, to: "shop" }))).toBe("ran");
});

test("an error of a hold says what waits", () => {
  const answer = { reasons: ["above 100"] } as never;
  expect(new Held({ id: "p1" } as never, answer)).toMatchObject({
    name: "Held",
    message: "held: above 100",
    pending: { id: "p1" },
  });
});
