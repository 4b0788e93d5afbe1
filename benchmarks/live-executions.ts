/** Many executions at once, each with something that runs: what they take, how soon all are stopped. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Execution, enforce, openGovernor } from "@polity/governor/index.ts";
import { nodeGovernor } from "@polity/governor/node/index.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { buildPolicy } from "./build.ts";
import { nowhere } from "./lineage-stores.ts";
import { median, quantile } from "./measure.ts";
import type { Case, Measured } from "./section.ts";

function textOf(version: number, condition: string): string {
  return `polity 1
policy bench.live version ${version}
entity Agent { limit: int 0..1000 }
subject agent: Agent
action pay { amount: int 0..1000, to: string max 40 }
allow in_limit on pay when amount <= agent.limit
deny shut on pay when ${condition}
`;
}

/** Two versions, of which the second denies whatever runs. */
export async function prepareLive(folder: string): Promise<void> {
  for (const [at, condition] of ['to == "nobody"', "amount > 0"].entries()) {
    const source = join(folder, `live-${at}.pol`);
    writeFileSync(source, textOf(at + 1, condition));
    await buildPolicy(source, join(folder, `live-${at}.wasm`));
  }
}

/** Bytes, after everything that nobody needs was collected. */
function heap(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

/** From the moment at which somebody says that the policy is another one to each execution's abort. */
export async function runLive(one: Case, count: number, folder: string): Promise<readonly Measured[]> {
  const entities = [{ type: "Agent", id: "a", attributes: { limit: 1_000 } }];
  const loaded = await loadUnsigned(readFileSync(join(folder, "live-0.wasm")), {
    facts: JSON.stringify({ entities }),
  });
  if (!loaded.ok) throw new Error(loaded.message);
  const { host } = loaded;
  const store = {
    ...nowhere(),
    size: 0,
    entry: async () => null,
    opening: async () => null,
    openings: async () => async () => null,
  };
  const log = { store, node: "bench", nextSeq: 0, mode: "strict", waitingMax: 8 * count } as const;
  const limits = { executionsMax: count + 1 };
  const governor = await openGovernor({ host, log, ports: nodeGovernor, limits });
  const before = heap();
  const executions: Execution[] = [];
  const running: Promise<unknown>[] = [];
  for (let at = 0; at < count; at += 1) {
    const agent = { type: "Agent", id: "a" };
    const about = { purpose: null, parent: null, zone: null, attestation: null };
    const begun = await governor.begin({ agent, ...about });
    if (!begun.ok) throw new Error(begun.message);
    executions.push(begun.execution);
    const answer = await begun.execution.authorize({
      action: "pay",
      fields: { amount: 5, to: `shop-${at}` },
    });
    const isRunning = new Promise<void>((started) => {
      const handlers = { allow: () => new Promise(started as () => void), refuse: () => started() };
      running.push(enforce(answer, handlers).catch(() => undefined));
    });
    await isRunning;
  }
  const bytes = heap() - before;
  const waits: number[] = [];
  let from = 0;
  for (const { signal } of executions) {
    signal.addEventListener("abort", () => waits.push((performance.now() - from) * 1e6));
  }
  const replaced = await host.replace({ wasm: readFileSync(join(folder, "live-1.wasm")) });
  if (!replaced.ok) throw new Error("the other policy was not taken");
  from = performance.now();
  await governor.changed();
  await Promise.all(running);
  if (waits.length !== count) throw new Error(`${waits.length} of ${count} executions were stopped`);
  await governor.close();
  const rest = { ...one, ratio_to_hand: null, mode: "once" } as const;
  return [
    {
      ...rest,
      ...{ figure: "ack", median_ns: median(waits), p99_ns: quantile(waits, 0.99) },
      note: "from another policy to the abort of each execution, which denies all of them",
    },
    {
      ...rest,
      ...{ figure: "memory", median_ns: null, p99_ns: null, bytes, units: count },
      note: "of live executions, each with a step that runs",
    },
  ];
}
