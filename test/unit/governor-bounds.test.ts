/** Bounds on what stands behind each other, is under way, or takes its time: beyond them, nothing. */
import { enforce } from "@polity/governor/answers.ts";
import { remember } from "@polity/governor/work.ts";
import { expect, test } from "vitest";
import { ADA, BOB, begun, governed, manualClock, pay, saying, until } from "../support/governing.ts";

const BEGINNING = { agent: ADA, purpose: null, zone: "eu", attestation: null };

test("execution.too_many: as many behind each other as may be", async () => {
  const { governor } = await governed({ limits: { depthMax: 2 } });
  const first = await begun(governor);
  const second = await begun(governor, BOB, { parent: first.id });
  const third = await governor.begin({ ...BEGINNING, parent: second.id });
  expect(third).toMatchObject({ ok: false, code: "execution.too_many" });
  expect((await begun(governor, ADA, { parent: first.id })).signal.aborted).toBe(false);
});

test("execution.too_many: as many steps under way as may be; what nobody enforces makes room", async () => {
  const { governor } = await governed({ limits: { stepsMax: 2 } });
  const execution = await begun(governor);
  for (let at = 0; at < 5; at += 1) expect((await execution.authorize(pay(5))).verdict).toBe("allow");
  const ends: ((text: string) => void)[] = [];
  const waiting = saying(() => new Promise<string>((resolve) => void ends.push(resolve)));
  const running = [1, 2].map(async () => enforce(await execution.authorize(pay(5)), waiting));
  await until(() => ends.length === 2);
  const answer = await execution.authorize(pay(5));
  expect([answer.verdict, answer.code]).toEqual(["deny", "execution.too_many"]);
  for (const end of ends) end("ran");
  expect(await Promise.all(running)).toEqual(["ran", "ran"]);
  expect((await execution.authorize(pay(5))).verdict).toBe("allow");
});

test("execution.parent_ended: nobody acts for what has ended, or is about to", async () => {
  const { governor } = await governed();
  const parent = await begun(governor);
  const child = await begun(governor, BOB, { parent: parent.id });
  const running = enforce(
    await child.authorize(pay(5)),
    saying(() => new Promise<string>(() => {})),
  ).catch((error: { readonly code: string }) => error.code);
  // It goes on ending until whoever acts for it has ended too.
  const ending = parent.end("succeeded");
  const late = await governor.begin({ ...BEGINNING, parent: parent.id });
  expect(late).toMatchObject({ ok: false, code: "execution.parent_ended" });
  expect(child.signal.reason).toMatchObject({ code: "execution.parent_ended" });
  expect(await running).toBe("execution.parent_ended");
  await ending;
  expect((await child.authorize(pay(5))).code).toBe("execution.aborted");
  const gone = await governor.begin({ ...BEGINNING, parent: parent.id });
  expect(gone).toMatchObject({ ok: false, code: "execution.unknown" });
});

test.each([
  ["before", 150, "confirm"],
  ["after", 250, "receipt"],
])("obligation.unknown: nobody here does what is due %s", async (_, amount, name) => {
  const { governor } = await governed();
  const execution = await begun(governor);
  const refused = await enforce(await execution.authorize(pay(amount)), {
    allow: () => "ran",
    refuse: ({ verdict, code, reasons }) => `${verdict} ${code} ${reasons.join()}`,
  });
  expect(refused).toMatch(/^deny obligation\.unknown /);
  expect(refused).toContain(name);
});

test("obligation.failed: what is due before has its time, whoever forgets to answer", async () => {
  const { ports, move } = manualClock();
  let isAsked = false;
  const confirm = () => {
    isAsked = true;
    return new Promise<undefined>(() => {});
  };
  const obligations = { confirm };
  const { governor } = await governed({ ports, obligations });
  const execution = await begun(governor);
  const refused = enforce(await execution.authorize(pay(150)), {
    allow: () => "ran",
    refuse: ({ code, reasons }) => `${code}: ${reasons.join()}`,
  });
  await until(() => isAsked);
  move(10_000);
  expect(await refused).toMatch(/^obligation\.failed: .*`confirm` was not discharged within 10000 ms/);
  expect((await execution.authorize(pay(5))).verdict).toBe("allow");
});

test.each([
  ["an agent without an id", { agent: { type: "Agent", id: "" } }],
  ["a purpose that is no text", { purpose: 7 }],
  ["a lease that is none", { leaseMs: -1 }],
])("execution.invalid: %s", async (_, change) => {
  const { governor, entries } = await governed();
  const said = await governor.begin({ ...BEGINNING, parent: null, ...change } as never);
  expect(said).toMatchObject({ ok: false, code: "execution.invalid" });
  // What was tried is in the log, and nothing has begun.
  expect(await entries()).toMatchObject([{ kind: "event", name: "execution.invalid", phase: "refused" }]);
});

test.each([1, 5, 100])("the last %i of many are remembered, and hardly more", (max) => {
  const map = new Map<number, string>();
  let most = 0;
  for (let at = 0; at < 10 * max; at += 1) {
    remember(map, at + 1, "", max);
    most = Math.max(most, map.size);
    const last = Array.from({ length: Math.min(at + 1, max) }, (_, back) => at + 1 - back);
    expect(last.filter((key) => !map.has(key))).toEqual([]);
  }
  expect(most).toBe(max + Math.floor(max / 16));
  // What comes again is as good as new.
  for (let at = 0; max > 1 && at < 3 * max; at += 1) {
    remember(map, -1, "again", max);
    remember(map, 20 * max + at, "", max);
  }
  expect(map.has(-1)).toBe(max > 1);
});
