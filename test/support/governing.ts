/** A governor over a real policy and a log in a folder of its own. */
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import type { Authorized, Execution, Governor, Handlers } from "@polity/governor/governor.ts";
import { nodeGovernor } from "@polity/governor/node/index.ts";
import { type GovernorOptions, openGovernor } from "@polity/governor/open-governor.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { onTestFinished } from "vitest";
import { compiled } from "./compiled.ts";
import { freshFolder, openOptions } from "./file-log.ts";

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

function moduleOf(text: string): Promise<Uint8Array> {
  const known = modules.get(text) ?? buildEvaluator(compiled(text)).then(({ wasm }) => wasm);
  modules.set(text, known);
  return known;
}

export async function hostOf(text = POLICY, facts: unknown = FACTS) {
  const obligations = [
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
  /** Every entry that is durable, with its leaf. */
  readonly entries: () => Promise<readonly (Entry & { readonly leaf?: string })[]>;
}

/** Closes by itself when the test ends. */
export async function governed(
  changes: Partial<Omit<GovernorOptions, "log">> & {
    readonly mode?: "strict" | "relaxed";
    readonly dir?: string;
  } = {},
): Promise<Governed> {
  const { mode = "strict", dir = freshFolder(), ...rest } = changes;
  const opened = await openFileLog(dir, openOptions());
  if (!opened.ok) throw opened.error;
  const { store, nextSeq } = opened;
  const host = (rest.host as Governed["host"]) ?? (await hostOf());
  const log = { store, node: "n1", nextSeq: nextSeq("n1"), mode };
  const governor = await openGovernor({ host, ports: nodeGovernor, ...rest, log });
  onTestFinished(async () => {
    await governor.close();
    await store.close();
  });
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
  return { governor, store, host, dir, entries };
}

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
