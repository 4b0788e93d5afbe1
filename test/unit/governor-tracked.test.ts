/** What is due after what was allowed: begun, tried again, done or given up, and what a log says of it. */
import {
  newOwedReading,
  type Owed,
  obligationDigest,
  outstandingOf,
  readOwed,
} from "@polity/governor/obligations/owed.ts";
import { openTracker, TRACKER_LIMITS } from "@polity/governor/obligations/tracked.ts";
import type { Discharger } from "@polity/governor/ports.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import type { EntryBody } from "@polity/lineage/recorder.ts";
import { LogError } from "@polity/lineage/store.ts";
import type { Obligation } from "@polity/runtime/decision.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import { describe, expect, test } from "vitest";

const EXECUTION = "0190a5de-0000-7000-8000-000000000001";

function due(name: string, given: Obligation["arguments"], when: Obligation["when"] = "before"): Obligation {
  return { name, when, arguments: given };
}

/** A log in memory, and a clock whose every pause is over at once. */
function desk(attempt: Discharger, isWritten: (body: EntryBody) => boolean = () => true) {
  const notes: EntryBody[] = [];
  const pauses: number[] = [];
  const unmet: string[] = [];
  const note = async (body: EntryBody) => {
    if (!isWritten(body)) throw new LogError("log.busy", "later");
    notes.push(body);
  };
  const wake = (afterMs: number, ring: () => void) => {
    if (afterMs === TRACKER_LIMITS.withinMs) return () => undefined;
    pauses.push(afterMs);
    queueMicrotask(ring);
    return () => undefined;
  };
  const dischargers = new Map([["notify", attempt]]);
  const onUnmet = (_: string, message: string) => unmet.push(message);
  const ports = { note, wake, sha256, dischargers, onUnmet };
  return { notes, pauses, unmet, ports, tracker: openTracker(ports) };
}

const obligation = due("notify", { message: "paid", service: "desk" }, "after");
const DECISION = "0190a5de-0000-7000-8000-000000000002";
const LEAF = `sha256:${"1".repeat(64)}`;
const owed: Owed = {
  execution: EXECUTION,
  decision: DECISION,
  leaf: LEAF,
  action: "pay",
  fields: {},
  obligation,
};
const ended = { status: "succeeded", result: null };
const idle = async (tracker: ReturnType<typeof openTracker>) => {
  while (tracker.outstanding().length > 0) await new Promise((resolve) => setTimeout(resolve, 1));
};

describe("what is tracked", () => {
  test("is tried again with growing pauses until it is done, under one id", async () => {
    const ids: string[] = [];
    const { notes, pauses, tracker, unmet } = desk((_, { id }) => {
      ids.push(id);
      if (ids.length < 3) throw new Error("not now");
    });
    await tracker.begin([owed]);
    expect(tracker.outstanding()).toEqual([
      { execution: EXECUTION, decision: DECISION, action: "pay", obligation, attempts: 0, problem: null },
    ]);
    expect(ids).toEqual([]);
    tracker.ran([owed], ended);
    await idle(tracker);
    expect(pauses).toEqual([1000, 2000]);
    expect([ids.length, new Set(ids).size]).toEqual([3, 1]);
    const digest = obligationDigest(obligation, sha256);
    const event = { kind: "event", name: "obligation.notify", event: DECISION, digest };
    expect(notes).toEqual([
      { ...event, phase: "released" },
      { ...event, phase: "ok" },
    ]);
    expect(unmet).toEqual([]);
  });

  test("is given up after so many attempts, and the log says so", async () => {
    const { notes, pauses, tracker, unmet } = desk(() => Promise.reject(new Error("no")));
    await tracker.begin([owed]);
    tracker.ran([owed], ended);
    await idle(tracker);
    expect(notes.at(-1)).toMatchObject({ phase: "failed" });
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]);
    expect(unmet).toEqual(["`notify`: no"]);
  });

  test("fails where it takes too long, and is open when the tracker closes", async () => {
    const rung: [number, () => void][] = [];
    const { ports, notes } = desk(() => new Promise<void>(() => {}));
    const wake = (afterMs: number, ring: () => void) => {
      rung.push([afterMs, ring]);
      return () => undefined;
    };
    const tracker = openTracker({ ...ports, wake });
    await tracker.begin([owed]);
    tracker.ran([owed], ended);
    await Promise.resolve();
    rung.find(([afterMs]) => afterMs === 15_000)![1]();
    while (rung.length < 2) await Promise.resolve();
    expect(tracker.outstanding()[0]).toMatchObject({
      attempts: 1,
      problem: "it was not discharged within 15000 ms",
    });
    await tracker.close();
    expect(tracker.outstanding()).toHaveLength(1);
    expect(notes).toHaveLength(1);
  });

  test("is not begun where that cannot be written down, nobody does it, or too many are open", async () => {
    let made = 0;
    const attempt = () => {
      made += 1;
    };
    const second = { ...owed, obligation: due("notify", { message: "", service: "" }, "after") };
    const full = desk(
      attempt,
      (body) => full.notes.length === 0 || body.kind !== "event" || body.phase !== "released",
    );
    await expect(full.tracker.begin([owed, second])).rejects.toThrow("later");
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(full.notes).toMatchObject([{ phase: "released" }, { phase: "failed" }]);
    const { ports } = desk(attempt);
    const none = openTracker(ports, { ...TRACKER_LIMITS, openMax: 0 });
    await expect(none.begin([owed])).rejects.toThrow("0 obligations");
    const strange = { ...owed, obligation: due("strange", {}, "after") };
    await expect(openTracker(ports).begin([strange])).rejects.toThrow("nobody here discharges `strange`");
    expect([made, full.tracker.outstanding()]).toEqual([0, []]);
  });

  test("is written as done later, where the disk is behind", async () => {
    let refused = 0;
    const { notes, tracker } = desk(
      () => undefined,
      (body) => {
        if (body.kind !== "event" || body.phase !== "ok" || refused === 3) return true;
        refused += 1;
        return false;
      },
    );
    await tracker.begin([owed]);
    tracker.ran([owed], ended);
    await idle(tracker);
    expect(notes.at(-1)).toMatchObject({ phase: "ok" });
  });
});

describe("what a log says is owed", () => {
  const digest = obligationDigest(obligation, sha256);
  const json = canonicalJson(obligation.arguments);
  const decision = (id: string, names: readonly string[]) => ({
    ...{ kind: "decision", id, execution: EXECUTION, action: "pay" },
    obligations: names.map((name) => ({ name, phase: name === "cap" ? "before" : "after", arguments: json })),
  });
  const event = (phase: string, of = DECISION) => ({
    ...{ kind: "event", execution: EXECUTION, name: "obligation.notify", event: of, digest, phase },
  });
  const outcome = { kind: "outcome", execution: EXECUTION, decision: DECISION, status: "failed" };
  const open = (...entries: object[]) => {
    const reading = newOwedReading();
    for (const [at, entry] of entries.entries()) readOwed(reading, entry as Entry, LEAF, at, sha256);
    return outstandingOf(reading).map(({ owed, index, status }) => [owed.decision, index, status]);
  };
  const own = decision(DECISION, ["cap", "notify"]);
  const OTHER = "0190a5de-0000-7000-8000-000000000003";

  test("is what was begun, and neither done nor given up", () => {
    expect(open(own)).toEqual([]);
    expect(open(own, event("released"))).toEqual([[DECISION, 0, null]]);
    expect(open(own, event("released"), outcome)).toEqual([[DECISION, 0, "failed"]]);
    expect(open(own, event("released"), outcome, event("ok"))).toEqual([]);
    expect(open(own, event("released"), event("failed"))).toEqual([]);
    const two = [own, decision(OTHER, ["notify"]), event("released"), event("released", OTHER)];
    expect(open(...two)).toHaveLength(2);
    expect(open(...two, event("ok"))).toEqual([[OTHER, 1, null]]);
  });

  test("may be imposed by a decision about somebody behind, and stand before its own decision", () => {
    const behind = [decision(OTHER, ["notify"]), decision(DECISION, [])];
    expect(open(...behind, event("released"))).toEqual([[DECISION, 1, null]]);
    expect(open(event("released"), own)).toEqual([[DECISION, 1, null]]);
  });

  test("may come before both, in any order, and what is done in between is nobody's", () => {
    const [behind, empty] = [decision(OTHER, ["notify"]), decision(DECISION, [])];
    const all = [event("released"), behind, empty, outcome];
    for (const [first, ...rest] of [all, [all[0], all[2], all[1], all[3]], [all[1], all[0], all[2], all[3]]])
      expect(open(first!, ...(rest as object[]))).toEqual([[DECISION, rest.indexOf(empty) + 1, "failed"]]);
    expect(open(event("released"), behind, event("ok"), empty, outcome)).toEqual([]);
    expect(open(event("released"), behind, event("released"), empty)).toHaveLength(1);
  });

  test("costs as much for each where many are open", () => {
    let hashed = 0;
    const counting: typeof sha256 = (bytes) => {
      hashed += 1;
      return sha256(bytes);
    };
    const reading = newOwedReading();
    for (let at = 0; at < 1_000; at += 1) {
      const id = DECISION.slice(0, -4) + String(at).padStart(4, "0");
      const one = { ...obligation, arguments: { at } };
      const imposed = { name: one.name, phase: "after", arguments: canonicalJson(one.arguments) };
      const released = { ...event("released", id), digest: obligationDigest(one, sha256) };
      for (const entry of [{ ...decision(id, []), obligations: [imposed] }, released])
        readOwed(reading, entry as Entry, LEAF, at, counting);
    }
    expect([outstandingOf(reading).length, hashed]).toEqual([1_000, 1_000]);
  });

  test("is known after its execution has ended, and is nothing without a decision", () => {
    const end = { kind: "execution", phase: "end", execution: EXECUTION };
    expect(open(own, event("released"), end)).toEqual([[DECISION, 0, null]]);
    expect(open(own, end, event("released"))).toEqual([]);
    expect(open({ ...own, execution: null }, event("released"))).toEqual([]);
  });
});
