/** Which entries a governor lets gather, and which it wants at once. */
import { enforce } from "@polity/governor/answers.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import { nodeRecording } from "@polity/lineage/node/crypto.ts";
import { openRecorder, type RecordingStore } from "@polity/lineage/recorder.ts";
import { afterEach, expect, test, vi } from "vitest";
import { begun, governed, hostOf, POLICY, pay, saying } from "../support/governing.ts";
import { heldStore } from "../support/held-store.ts";

afterEach(() => {
  vi.useRealTimers();
});

const JUDGED = POLICY.replace("entity Agent", 'import "std/governor"\nentity Agent');
const NOTE = { kind: "event", name: "n", phase: "ok", event: "e", digest: null } as const;

/** Kinds of entries, and of decisions their verdicts, with the haste that each was sent with. */
function watched(store: Awaited<ReturnType<typeof governed>>["store"]): string[] {
  const sent: string[] = [];
  const append = store.append;
  vi.spyOn(store, "append").mockImplementation((entry: Entry, opening, haste) => {
    sent.push(`${entry.kind === "decision" ? entry.verdict : entry.kind} ${haste}`);
    return append(entry, opening, haste);
  });
  return sent;
}

async function shop(
  mode: "strict" | "relaxed",
  host = undefined as Awaited<ReturnType<typeof hostOf>> | undefined,
) {
  const { governor, store, close } = await governed({ mode, ...(host !== undefined && { host }) });
  const sent = watched(store);
  const execution = await begun(governor);
  for (const [amount, to] of [
    [5, "shop"],
    [500, "shop"],
    [5, "mallory"],
  ] as const) {
    await enforce(await execution.authorize(pay(amount, to)), saying());
  }
  await execution.end("succeeded");
  await close();
  return sent;
}

test("strict: what came of a step waits for company, and nothing else does", async () => {
  expect((await shop("strict")).sort()).toEqual([
    "allow now",
    "containment now",
    "deny now",
    "execution now",
    "execution now",
    "outcome soon",
    "quarantine now",
  ]);
});

test("relaxed: decisions wait too, but for those that contain somebody", async () => {
  expect((await shop("relaxed")).sort()).toEqual([
    "allow soon",
    "containment now",
    "deny soon",
    "execution now",
    "execution now",
    "outcome soon",
    "quarantine now",
  ]);
});

test("nothing waits where outcomes are judged: they may contain somebody", async () => {
  for (const mode of ["strict", "relaxed"] as const) {
    const sent = await shop(mode, await hostOf(JUDGED));
    expect(sent).toContain("outcome now");
    expect(sent.filter((one) => one.endsWith("soon"))).toEqual([]);
  }
});

test("the end of an execution does not wait for the gathering of its outcomes", async () => {
  const { governor, store, close } = await governed();
  const execution = await begun(governor);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  await enforce(await execution.authorize(pay(5)), saying());
  await execution.end("succeeded");
  expect(store.size).toBe(4);
  vi.useRealTimers();
  await close();
});

test("relaxed: what holds or contains is in the log before anybody is told", async () => {
  const hold = 'hold big on pay when amount == 150 until approved by Agent::"bob" within 1h';
  const host = await hostOf(`${POLICY}${hold}\n`);
  const { governor, store } = await governed({ mode: "relaxed", host });
  const execution = await begun(governor);
  const { append } = store;
  const durable: string[] = [];
  vi.spyOn(store, "append").mockImplementation(async (entry: Entry, opening, haste) => {
    const receipt = await append(entry, opening, haste);
    if (entry.kind === "decision") durable.push(entry.verdict);
    return receipt;
  });
  const told: string[] = [];
  for (const [amount, to] of [
    [5, "shop"],
    [150, "shop"],
    [5, "mallory"],
  ] as const) {
    const { verdict } = await execution.authorize(pay(amount, to));
    told.push(`${verdict} ${durable.includes(verdict) ? "durable" : "on its way"}`);
  }
  expect(told).toEqual(["allow on its way", "hold durable", "quarantine durable"]);
});

test("a relaxed recorder that has little room left wants its entries at once", async () => {
  const hastes: unknown[] = [];
  const held = heldStore();
  const store: RecordingStore = {
    ...held.store,
    append(entry, opening, haste) {
      hastes.push(haste);
      return held.store.append(entry, opening);
    },
  };
  const recorder = openRecorder(store, {
    ...{ node: "n", nextSeq: 0, mode: "relaxed", waitingMax: 8 },
    ports: nodeRecording,
  });
  for (let at = 0; at < 4; at += 1) void recorder.append(NOTE, {}, "soon");
  expect(hastes).toEqual(["soon", "soon", "now", "now"]);
  await held.sync();
  await recorder.close();
});
