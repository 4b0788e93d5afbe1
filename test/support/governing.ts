/** A governor over a real policy and a log in a folder of its own. */
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import type { Authorized, Execution, Governor, Handlers } from "@polity/governor/governor.ts";
import { GOVERNOR_OBLIGATIONS } from "@polity/governor/judge.ts";
import { nodeGovernor } from "@polity/governor/node/index.ts";
import { type GovernorOptions, openGovernor } from "@polity/governor/open-governor.ts";
import { type Order, type Ordered, type OrderSubject, signOrder } from "@polity/governor/papers/order.ts";
import type { GovernorPorts } from "@polity/governor/ports.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { nodeCrypto, nodeUuid } from "@polity/lineage/node/crypto.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { onTestFinished } from "vitest";
import { compiled } from "./compiled.ts";
import { freshFolder, openOptions } from "./file-log.ts";
import { GOVERNED } from "./papers.ts";
import { CLEO, NOW, ONLINE } from "./trust-roots.ts";

export const POLICY = `polity 1
policy test.agents version 1
entity Agent { limit: int 0..1000 }
obligation confirm { amount: int 0..1000 }
obligation receipt after { amount: int 0..1000 }
subject agent: Agent
every action { zone: string max 20 from host }
setting closed: bool = false
action pay { amount: int 0..1000, to: string max 40 from agent, place: path? }
allow small on pay when amount <= agent.limit and amount < 100
allow large on pay when amount <= agent.limit and amount in 100..199
  oblige confirm { amount: amount }
allow noted on pay when amount <= agent.limit and amount in 200..299
  oblige receipt { amount: amount }
deny shut on * when closed
deny far on * when zone == "moon"
quarantine mallory on pay when to == "mallory"
terminate thief on pay when to == "thief"
`;

const FACTS = {
  entities: [
    { type: "Agent", id: "ada", attributes: { limit: 1000 } },
    { type: "Agent", id: "bob", attributes: { limit: 50 } },
  ],
};
export const ADA = { type: "Agent", id: "ada" };
export const BOB = { type: "Agent", id: "bob" };

const modules = new Map<string, Promise<Uint8Array>>();

export function moduleOf(text: string): Promise<Uint8Array> {
  const known = modules.get(text) ?? buildEvaluator(compiled(text)).then(({ wasm }) => wasm);
  modules.set(text, known);
  return known;
}

export async function hostOf(text = POLICY, facts: unknown = FACTS) {
  const obligations = [
    ...GOVERNOR_OBLIGATIONS,
    { name: "confirm", arguments: { amount: "int" } },
    { name: "receipt", arguments: { amount: "int" } },
  ];
  const loaded = await loadUnsigned(await moduleOf(text), { obligations, facts: JSON.stringify(facts) });
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  return loaded.host;
}

export interface Governed {
  readonly governor: Governor;
  readonly store: LogStore;
  readonly host: Awaited<ReturnType<typeof hostOf>>;
  readonly dir: string;
  readonly close: () => Promise<void>;
  /** Every entry that is durable, with its leaf. */
  readonly entries: () => Promise<readonly Entry[]>;
}

/** Closes by itself when the test ends. */
export async function governed(
  changes: Partial<Omit<GovernorOptions, "log">> & {
    readonly mode?: "strict" | "relaxed";
    readonly dir?: string;
    readonly node?: string;
  } = {},
): Promise<Governed> {
  const { mode = "strict", dir = freshFolder(), node = "n1", ...rest } = changes;
  const opened = await openFileLog(dir, openOptions());
  if (!opened.ok) throw opened.error;
  const { store, nextSeq } = opened;
  const host = (rest.host as Governed["host"]) ?? (await hostOf());
  const log = { store, node, nextSeq: nextSeq(node), mode };
  const governor = await openGovernor({ host, ports: nodeGovernor, ...rest, log });
  const close = async () => {
    await governor.close();
    await store.close();
  };
  onTestFinished(close);
  const entries = async () => {
    await store.flush();
    const all: Entry[] = [];
    for (let at = 0; at < store.size; at += 1) {
      const decoded = decodeEntry((await store.entry(at))!);
      if (!decoded.ok) throw new Error(decoded.message);
      all.push(decoded.entry);
    }
    return all;
  };
  return { governor, store, host, dir, entries, close };
}

/** A clock that stands still until somebody moves it, and rings what is due on its way. */
export function manualClock(start = NOW): {
  readonly ports: GovernorPorts;
  readonly move: (ms: number) => void;
} {
  let now = start;
  let waiting: { readonly at: number; readonly run: () => void }[] = [];
  const wake = (afterMs: number, run: () => void) => {
    const one = { at: now + afterMs, run };
    waiting.push(one);
    return () => {
      waiting = waiting.filter((other) => other !== one);
    };
  };
  const move = (ms: number) => {
    const end = now + ms;
    now = Math.min(now, end);
    for (;;) {
      const [next] = waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      waiting = waiting.filter((other) => other !== next);
      now = Math.max(now, next.at);
      next.run();
    }
    now = end;
  };
  return { ports: { ...nodeGovernor, now: () => now, wake }, move };
}

/** Signed by who may order under `GOVERNED`; good for an hour from `NOW` on. */
export function ordering(
  subject: OrderSubject,
  ordered: Ordered,
  change: Partial<Order> = {},
): Promise<string> {
  const { root, set, audience } = GOVERNED;
  const scope = { root: root.name, set, audience, issuedMs: NOW - 1_000, expiresMs: NOW + 3_600_000 };
  const isTrust = ordered.kind === "trust";
  const order = {
    ...scope,
    id: nodeUuid(),
    subject,
    ordered,
    reason: "test",
    issuer: isTrust ? "rating" : "watch",
  };
  return signOrder({ ...order, ...change }, [isTrust ? ONLINE : CLEO]);
}

export const BY_ROOT = { by: () => GOVERNED, crypto: nodeCrypto };

export async function begun(
  governor: Governor,
  agent = ADA,
  more: { readonly parent?: string | null; readonly zone?: string | null; readonly leaseMs?: number } = {},
): Promise<Execution> {
  const said = await governor.begin({
    ...{ agent, purpose: "test", parent: null, zone: "eu", attestation: null },
    ...more,
  });
  if (!said.ok) throw new Error(`${said.code}: ${said.message}`);
  return said.execution;
}

export const pay = (amount: number, to = "shop", more: object = {}) => ({
  action: "pay",
  fields: { amount, to },
  ...more,
});

/** What ran, or the code that it was refused with. */
export const saying = (run: Handlers<string>["allow"] = () => "ran"): Handlers<string> => ({
  allow: run,
  refuse: ({ verdict, code }: Authorized) => `${verdict} ${code}`,
});

/** Until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!isSo()) {
    if (Date.now() > end) throw new Error("it never was so");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A log in a folder of its own with the first entries of another one. */
export async function copyLog(from: LogStore, count: number): Promise<string> {
  const dir = freshFolder();
  const opened = await openFileLog(dir, openOptions());
  if (!opened.ok) throw opened.error;
  for (let at = 0; at < count; at += 1) {
    const decoded = decodeEntry((await from.entry(at))!);
    if (!decoded.ok) throw new Error(decoded.message);
    await opened.store.append(decoded.entry, (await from.opening(at)) ?? undefined);
  }
  await opened.store.close();
  return dir;
}
