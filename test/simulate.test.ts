/** Governors in simulated time: short worlds, which `npm run simulate` makes longer and many more of. */
import { expect, test, vi } from "vitest";
import { moodOf } from "../scripts/simulate/moods.ts";
import { openVersions } from "../scripts/simulate/policies.ts";
import { simulate } from "../scripts/simulate/run.ts";

const TRIED = [
  ...["released", "world: a crash", "entries: containment", "steps: hold rule", "loading: a bundle"],
  ...["events: obligation.tell released", "events: obligation.tell ok", "decisions, single: allow rule"],
  ...["attestations: taken", "begin: attestation.expired", "news: a bundle taken", "news: a note taken"],
];

test("everything that must hold does, and a seed makes the same world again", {
  timeout: 300_000,
}, async () => {
  const versions = await openVersions();
  const first = await simulate(40, 80, versions);
  expect(first.violations).toEqual([]);
  const again = await simulate(40, 80, versions);
  expect([again.digest, again.events]).toEqual([first.digest, first.events]);
  const other = await simulate(41, 80, versions);
  expect(other.violations).toEqual([]);
  expect(other.digest).not.toBe(first.digest);
  // Otherwise nothing was tried.
  const seen = (what: string) => (first.counts.get(what) ?? 0) + (other.counts.get(what) ?? 0);
  for (const what of TRIED) expect(seen(what), what).toBeGreaterThan(0);
});

// ---- mistakes in the governor, made on purpose

/** Which one is in force. */
const planted = vi.hoisted(() => ({ what: "" }));

vi.mock("../governor/held-reading.ts", async (original) => {
  const { readHeld, ...rest } = await original<typeof import("../governor/held-reading.ts")>();
  return {
    ...rest,
    readHeld(...given: Parameters<typeof readHeld>) {
      const isUse = given[1].kind === "decision" && given[1].approvalsConsumed.length > 0;
      if (planted.what !== "approval used twice" || !isUse) readHeld(...given);
    },
  };
});

vi.mock("../governor/steps/order.ts", async (original) => {
  const { ordersTold, ...rest } = await original<typeof import("../governor/steps/order.ts")>();
  return {
    ...rest,
    ordersTold(...[work, event]: Parameters<typeof ordersTold>) {
      ordersTold(work, event);
      const isFailed = event.kind === "orders-failed" && planted.what === "failed reading counts";
      if (isFailed) work.state.ordersReadAt = work.state.now;
    },
  };
});

vi.mock("../governor/steps/keep.ts", async (original) => {
  const { judgeAnew, ...rest } = await original<typeof import("../governor/steps/keep.ts")>();
  return {
    ...rest,
    judgeAnew(...given: Parameters<typeof judgeAnew>) {
      if (planted.what !== "drift not judged") judgeAnew(...given);
    },
  };
});

vi.mock("../governor/settle.ts", async (original) => {
  const { settle, ...rest } = await original<typeof import("../governor/settle.ts")>();
  return {
    ...rest,
    settle(...[recorder, left, state]: Parameters<typeof settle>) {
      const isForgotten = planted.what === "executions left open";
      return settle(recorder, isForgotten ? { ...left, executions: left.executions.slice(1) } : left, state);
    },
  };
});

vi.mock("../governor/steps/judged.ts", async (original) => {
  const { judged, ...rest } = await original<typeof import("../governor/steps/judged.ts")>();
  return {
    ...rest,
    judged(...[work, event]: Parameters<typeof judged>) {
      const isAlone = planted.what === "nobody behind is judged";
      judged(work, isAlone ? { ...event, said: event.said.slice(0, 1) } : event);
    },
  };
});

/** In the moods that are made for them, and what is said then. */
const PLANTS = [
  ["approval used twice", "held", /uses an approval that was used before/],
  ["failed reading counts", "unreached", /orders were read at \d+, when nobody answered/],
  ["drift not judged", "attested", /forbids a\d+ what still runs/],
  ["executions left open", "crashing", /outlives its process, and is never ended/],
  ["nobody behind is judged", "attested", /forbids a\d+ what was released/],
] as const;

test("worlds see the mistakes that their moods are made for", { timeout: 300_000 }, async () => {
  const versions = await openVersions();
  for (const [what, mood, said] of PLANTS) {
    planted.what = what;
    const found: string[] = [];
    for (let seed = 1; seed <= SEEDS_MAX && !found.some((one) => said.test(one)); seed += 1) {
      if (moodOf(seed).name === mood) found.push(...(await simulate(seed, 150, versions)).violations);
    }
    expect(found.join("\n"), what).toMatch(said);
  }
  planted.what = "";
});

/** Worlds change with every line of them, so no single one is asked; mostly the first says it. */
const SEEDS_MAX = 40;
