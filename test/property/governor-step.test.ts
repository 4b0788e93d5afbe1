/** The governor without the world: deterministic, and nothing runs that is contained, stopped or late. */
import type { Effect } from "@polity/governor/effect.ts";
import type { Event } from "@polity/governor/event.ts";
import { chainOf, standingNow } from "@polity/governor/standing.ts";
import { type GovernorState, newState, type Settings } from "@polity/governor/state.ts";
import { step } from "@polity/governor/step.ts";
import { denied } from "@polity/runtime/result.ts";
import fc from "fast-check";
import { expect, test } from "vitest";

const SETTINGS: Settings = {
  ...{ mode: "strict", leaseMs: 50, containmentAgeMs: 60, executionsMax: 8, depthMax: 3, stepsMax: 4 },
  ...{ requestsMax: 8, trust: 500, backMsMax: 5, hasOrderSource: false, ordersEveryMs: 20, canaries: [] },
  ...{ canaryEveryMs: 50, judgesOutcomes: false },
};
const WINDOW = { policyFrom: 0, policyUntil: 1_000_000, factsUntil: 1_000_000 };
const VERDICTS = [
  "allow",
  "allow",
  "allow",
  "allow",
  "allow",
  "allow",
  "allow",
  "deny",
  "hold",
  "quarantine",
  "terminate",
] as const;
type Unclocked<E> = E extends Event ? Omit<E, "now"> : never;

/** What the world would do, one random number at a time. */
function play(seeds: readonly number[]): number {
  let state = newState(SETTINGS, WINDOW, 1_000);
  let now = 1_000;
  let ids = 0;
  let runs = 0;
  const open: Unclocked<Event>[] = [];
  const [executions, steps]: [string[], { step: number; execution: string }[]] = [[], []];
  const id = () => {
    ids += 1;
    return `00000000-0000-4000-8000-${String(ids).padStart(12, "0")}`;
  };

  function happen(happening: Unclocked<Event>, seed: number): void {
    const event = { ...happening, now } as Event;
    const twin = step(structuredClone(state), structuredClone(event));
    const made = step(state, event);
    expect(twin.effects).toEqual(made.effects);
    expect(twin.state).toEqual(made.state);
    state = made.state;
    for (const effect of made.effects) react(effect, seed);
  }

  function react(effect: Effect, seed: number): void {
    if (effect.kind === "judge") {
      const verdict = VERDICTS[seed % VERDICTS.length]!;
      const decision = { ...denied("no_rule"), verdict, code: "rule" as const, granted: verdict === "allow" };
      const answered = { requestId: null, decision, policy: null, facts: null, action: "a" };
      const judged = { fields: {}, decision, answered: { ...answered, request: null, header: null } };
      const said = effect.asks.map(() => {
        return { ok: true, judged, holdsUntil: now + (seed % 40), holds: [], named: [] } as const;
      });
      open.push({ kind: "judged", step: effect.step, id: id(), said });
    }
    if (effect.kind === "write" || effect.kind === "write-decision") {
      const leafHash = `sha256:${String(effect.ticket).padStart(64, "0")}`;
      const busy = { code: "log.busy", message: "full", isLasting: false };
      const isIn = seed % 9 !== 0;
      const receipt = isIn ? { origin: "o", index: effect.ticket, leafHash } : null;
      open.push({ kind: "written", ticket: effect.ticket, receipt, problem: isIn ? null : busy });
    }
    if (effect.kind === "begun") executions.push(effect.execution);
    if (effect.kind === "answer" && effect.answer.step !== null)
      steps.push({ step: effect.answer.step, execution: effect.answer.execution });
    if (effect.kind === "abort")
      for (const one of steps)
        if (one.execution === effect.execution)
          open.push({ kind: "ran", step: one.step, status: "abandoned", note: null });
    if (effect.kind === "run") {
      runs += 1;
      expectFree(state, effect.execution);
    }
  }

  for (const both of seeds) {
    const [what, seed] = [both % 11, Math.floor(both / 11)];
    now += seed % 29 === 0 ? -(seed % 20) : seed % 12;
    const pick = <T>(all: readonly T[]) => all[seed % Math.max(1, all.length)];
    const execution = pick(executions) ?? "none";
    const call = seed;
    const asked = { action: "a", fields: {}, entities: null, requestId: null, retries: null };
    const beginning = {
      ...{ agent: { type: "Agent", id: String(seed % 40) }, purpose: null, zone: null },
      parent: seed % 2 === 0 ? null : (pick(executions) ?? null),
    };
    switch (what) {
      case 0:
        happen({ kind: "begin", call, id: id(), beginning, attested: null }, seed);
        break;
      case 1:
      case 2:
        happen({ kind: "authorize", call, id: id(), execution, asked }, seed);
        break;
      case 3:
      case 4: {
        const one = pick(steps) ?? { step: 0, execution };
        happen({ kind: "enforce", call, action: "a", ...one }, seed);
        break;
      }
      case 5: {
        const one = pick(steps);
        if (one !== undefined) happen({ kind: "ran", step: one.step, status: "succeeded", note: null }, seed);
        break;
      }
      case 6:
        happen({ kind: "changed", window: WINDOW }, seed);
        break;
      case 7:
        happen({ kind: "tick", due: now, window: WINDOW }, seed);
        break;
      case 8:
        if (seed % 3 === 0)
          happen({ kind: "end", call, execution, status: "succeeded", keepsHeld: seed % 2 === 0 }, seed);
        break;
      default:
        break;
    }
    // What was on its way comes back, out of order.
    for (let count = seed % 4; count > 0 && open.length > 0; count -= 1)
      happen(open.splice(seed % open.length, 1)[0]!, seed);
    // Judging takes no time.
    for (let at = open.findIndex(({ kind }) => kind === "judged"); at >= 0; ) {
      happen(open.splice(at, 1)[0]!, seed);
      at = open.findIndex(({ kind }) => kind === "judged");
    }
  }
  return runs;
}

function expectFree(state: GovernorState, id: string): void {
  const execution = state.executions.get(id)!;
  expect([state.stopped, state.isBack, execution.phase]).toEqual([null, false, "live"]);
  expect(standingNow(state, chainOf(state, execution)).containment).toBe("free");
}

test("step is a function, and what it lets run is live, free and in time", () => {
  let runs = 0;
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 100_000 }), { minLength: 60, maxLength: 200 }), (seeds) => {
      runs += play(seeds);
    }),
    { numRuns: 60, seed: 7 },
  );
  expect(runs).toBeGreaterThan(20);
});
