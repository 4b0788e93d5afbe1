/** Whatever fails inside, nothing is released: each row of the table in docs/governor.md, forced. */
import { readFileSync } from "node:fs";
import { enforce } from "@polity/governor/answers.ts";
import { nodeGovernor } from "@polity/governor/node/index.ts";
import { type GovernorOptions, openGovernor } from "@polity/governor/open-governor.ts";
import type { Opening } from "@polity/lineage/commitment.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import { type LogCode, LogError } from "@polity/lineage/store.ts";
import { emptyHost } from "@polity/runtime/index.ts";
import { denied } from "@polity/runtime/result.ts";
import { expect, test } from "vitest";
import {
  ADA,
  BOB,
  BY_ROOT,
  begun,
  hostOf,
  manualClock,
  ordering,
  POLICY,
  pay,
  saying,
  until,
} from "../support/governing.ts";
import { heldStore } from "../support/held-store.ts";

interface Changes extends Partial<Omit<GovernorOptions, "log">> {
  readonly mode?: "strict" | "relaxed";
  readonly waitingMax?: number;
  /** Of which entries the store has no room for. */
  readonly isBusy?: (entry: Entry) => boolean;
}

async function open({ mode = "strict", waitingMax = 64, isBusy, ...changes }: Changes = {}) {
  const held = heldStore({ isHeld: false });
  const append = async (entry: Entry, opening?: Opening) => {
    if (isBusy?.(entry)) throw new LogError("log.busy", "forced");
    return held.store.append(entry, opening);
  };
  const store = {
    ...held.store,
    append,
    size: 0,
    entry: async () => null,
    opening: async () => null,
    openings: async () => async () => null,
  };
  const log = { store, node: "n1", nextSeq: 0, mode, waitingMax };
  const host = changes.host ?? (await hostOf());
  const governor = await openGovernor({ ports: nodeGovernor, ...changes, host, log });
  return { governor, held };
}

/** What is said to a step of a fresh execution that would be allowed if nothing failed. */
async function said(changes: Changes = {}, amount = 5): Promise<string> {
  const { governor } = await open(changes);
  const execution = await begun(governor);
  const answer = await enforce(await execution.authorize(pay(amount)), saying());
  return answer.split(" ").at(-1)!;
}

/** The log fails while an answer is written; then nothing is taken any more. */
async function failing(code: LogCode, mode: "strict" | "relaxed" = "strict"): Promise<string> {
  const { governor, held } = await open({ mode });
  const execution = await begun(governor);
  held.fail(new LogError(code, "forced"));
  const answer = await execution.authorize(pay(5));
  if (mode === "strict") expect([answer.verdict, answer.code]).toEqual(["deny", "host.log_failed"]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(execution.signal.aborted).toBe(true);
  expect((await execution.authorize(pay(5))).code).toBe("governor.log_failed");
  const begin = { agent: ADA, purpose: null, parent: null, zone: null, attestation: null };
  expect(await governor.begin(begin)).toMatchObject({ ok: false, code: "governor.log_failed" });
  return governor.stopped()!.code;
}

const window = (policyUntil: number, factsUntil: number) => () => ({
  policyFrom: 0,
  policyUntil,
  factsUntil,
});
const LATER = 4_000_000_000_000;
const begin = { agent: ADA, purpose: null, parent: null, zone: "eu" };

const FORCED: ReadonlyMap<string, () => Promise<string>> = new Map([
  ["the disk is full", () => failing("log.full")],
  ["the log refuses or fails", () => failing("log.failed")],
  ["a relaxed log fails", () => failing("log.failed", "relaxed")],
  ["a witness has seen more than this log has", () => failing("witness.ahead")],
  [
    "too many entries wait for the disk",
    async () => {
      const { governor } = await open({ waitingMax: 1 });
      const execution = await begun(governor);
      const both = await Promise.all([execution.authorize(pay(5)), execution.authorize(pay(6))]);
      expect(both[0]!.verdict).toBe("allow");
      return both[1]!.code;
    },
  ],
  ["the policy is not known to be current", () => said({ window: window(1, LATER) })],
  ["the facts are not known to be current", () => said({ window: window(LATER, 1) })],
  [
    "the source of orders cannot be read",
    async () => {
      const { ports, move } = manualClock();
      const orders = { read: () => Promise.reject(new Error("forced")) };
      const { governor } = await open({ ports, orders });
      // Nobody has read it since the start: what others ordered before is not known here.
      expect((await (await begun(governor)).authorize(pay(5))).code).toBe("containment.stale");
      let isRead = true;
      const read = { read: async () => (isRead ? [] : Promise.reject(new Error("forced"))) };
      const { governor: later } = await open({ ports, orders: read });
      const execution = await begun(later);
      expect((await execution.authorize(pay(5))).verdict).toBe("allow");
      isRead = false;
      move(61_000);
      return (await (await begun(later)).authorize(pay(5))).code;
    },
  ],
  [
    "the source of orders has less than before",
    async () => {
      const { ports, move } = manualClock();
      let told = [await ordering({ kind: "agent", agent: BOB }, { kind: "quarantine" })];
      const { governor } = await open({ ports, governed: BY_ROOT, orders: { read: async () => told } });
      const code = async () => (await (await begun(governor)).authorize(pay(5))).code;
      expect(await code()).toBe("rule");
      told = [];
      for (let passed = 0; passed < 61_000; passed += 5_000) {
        move(5_000);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return code();
    },
  ],
  [
    "the clock goes back",
    async () => {
      let now = 1_800_000_000_000;
      const { governor } = await open({ ports: { ...nodeGovernor, now: () => now } });
      const execution = await begun(governor);
      const early = await execution.authorize(pay(5));
      now -= 5_000;
      expect(await enforce(early, saying())).toBe("deny governor.clock_back");
      expect(await governor.begin({ ...begin, attestation: null })).toMatchObject({ ok: false });
      return (await execution.authorize(pay(5))).code;
    },
  ],
  ["there is no evaluator", () => said({ host: emptyHost({ keys: [], name: "test.none" } as never) })],
  [
    "the evaluator traps",
    async () => said({ host: { ...(await hostOf()), decide: () => denied("host.trap") } }),
  ],
  [
    "the host throws",
    async () => {
      const decide = () => {
        throw new Error("forced");
      };
      return said({ host: { ...(await hostOf()), decide } });
    },
  ],
  [
    "what was judged cannot be executed",
    async () => said({ host: { ...(await hostOf()), fieldsToExecute: () => null } }),
  ],
  ["nobody discharges an obligation", () => said({}, 150)],
  ["nobody discharges what is due after", () => said({}, 250)],
  [
    "what is due after cannot be written down as owed",
    async () => {
      const obligations = { receipt: () => undefined };
      return said({ obligations, isBusy: ({ kind }) => kind === "event" }, 250);
    },
  ],
  [
    "what is due after is given up",
    async () => {
      const limits = { obligationAttemptsMax: 1 };
      const { governor } = await open({ limits, obligations: { receipt: () => Promise.reject(Error("x")) } });
      const execution = await begun(governor);
      expect(await enforce(await execution.authorize(pay(250)), saying())).toBe("ran");
      await until(() => execution.signal.aborted);
      return (execution.signal.reason as { code: string }).code;
    },
  ],
  [
    "an obligation fails",
    () => said({ obligations: { confirm: () => Promise.reject(new Error("forced")) } }, 150),
  ],
  [
    "there are no keys of those who order",
    async () => {
      const applied = await (await open()).governor.order("{}");
      return applied.ok ? "taken" : applied.code;
    },
  ],
  [
    "there are no keys of approvers",
    async () => {
      const applied = await (await open()).governor.approve("{}");
      return applied.ok ? "taken" : applied.code;
    },
  ],
  [
    "there are no keys of those who attest",
    async () => {
      const answer = await (await open()).governor.begin({ ...begin, attestation: "{}" });
      return answer.ok ? "taken" : answer.code;
    },
  ],
  [
    "what runs is attested no longer",
    async () => {
      const { ports, move } = manualClock();
      const attested = {
        digest: `sha256:${"1".repeat(64)}`,
        image: "i",
        issuedAt: 0,
        expiresAt: ports.now() + 9,
        fields: {},
      };
      const { governor } = await open({ ports, attest: () => ({ ok: true, attested }) });
      const answer = await governor.begin({ ...begin, attestation: "x" });
      if (!answer.ok) return answer.code;
      move(10);
      expect((await answer.execution.authorize(pay(5))).code).toBe("execution.aborted");
      return (answer.execution.signal.reason as { code: string }).code;
    },
  ],
  [
    "what is shown of it now does not count",
    async () => {
      const { governor } = await open();
      const execution = await begun(governor);
      const why = { ok: false, code: "attestation.unsigned", message: "no key has signed" } as const;
      await governor.withdraw(execution.id, why);
      return (execution.signal.reason as { code: string }).code;
    },
  ],
  [
    "too many executions are live",
    async () => {
      const { governor } = await open({ limits: { executionsMax: 1 } });
      await begun(governor);
      const answer = await governor.begin({ ...begin, attestation: null });
      return answer.ok ? "taken" : answer.code;
    },
  ],
  [
    "who is contained cannot be written",
    async () => {
      const { ports, move } = manualClock();
      const { governor } = await open({ ports, isBusy: ({ kind }) => kind === "containment" });
      const execution = await begun(governor);
      expect((await execution.authorize(pay(5, "mallory"))).verdict).toBe("quarantine");
      for (let at = 0; at < 7; at += 1) {
        expect(governor.stopped()).toBe(null);
        expect((await execution.authorize(pay(5))).verdict).toBe("deny");
        move(5_000);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return governor.stopped()?.code ?? "went on";
    },
  ],
  [
    "a canary is allowed",
    async () => {
      const canaries = [{ agent: ADA, action: "pay", fields: { amount: 1, to: "canary" } }];
      const { governor } = await open({ canaries, measured: () => ({ zone: "eu" }) });
      return governor.stopped()?.code ?? "went on";
    },
  ],
]);

const page = readFileSync(new URL("../../docs/governor.md", import.meta.url), "utf8");
const rows = [...page.split("## What fails closed")[1]!.matchAll(/^\| ([^|`]+) \| `([a-z._]+)`/gm)];
const table = rows.map(([, failure, code]) => [failure!, code!] as const);

test("each failure of the page has a test, and each test a row", () => {
  expect(table.map(([failure]) => failure).sort()).toEqual([...FORCED.keys()].sort());
});

test.each(table)("%s: %s", async (failure, code) => {
  expect(await FORCED.get(failure)!()).toBe(code);
});

test("what is said to everybody is said to whoever asks whether anything would be released", async () => {
  let now = 1_800_000_000_000;
  const expired = await hostOf(
    POLICY.replace("version 1\n", "version 1\nvalid 2020-01-01T00:00:00Z until 2020-02-01T00:00:00Z\n"),
  );
  const untimely: [string | null, Changes][] = [
    [null, {}],
    ["policy.none", { host: emptyHost({ keys: [], name: "test.none" } as never) }],
    ["policy.expired", { host: expired }],
    ["policy.stale", { window: window(1, LATER) }],
    ["facts.stale", { window: window(LATER, 1) }],
    ["containment.stale", { orders: { read: () => Promise.reject(new Error("forced")) } }],
  ];
  for (const [code, changes] of untimely) {
    const { governor } = await open(changes);
    expect(governor.problem()?.code ?? null).toBe(code);
    const { code: said } = await (await begun(governor)).authorize(pay(5));
    expect(said).toBe(code ?? "rule");
  }
  const { governor } = await open({ ports: { ...nodeGovernor, now: () => now } });
  now -= 5_000;
  expect(governor.problem()?.code).toBe("governor.clock_back");
  await governor.close();
  expect(governor.problem()?.code).toBe("governor.stopped");
});
