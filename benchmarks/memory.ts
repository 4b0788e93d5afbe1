/** How much memory does an evaluator take, what adds to it, and does it grow while it decides? */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import type { Host } from "@polity/runtime/host.ts";
import { ask } from "@polity/runtime/instance.ts";
import { build as bundle } from "esbuild";
import { requests } from "./access.ts";
import { buildPolicy, buildText } from "./build.ts";
import { HEADER } from "./header.ts";
import { openInstanceOf, openPolity } from "./open-polity.ts";
import { random } from "./random.ts";
import { type Case, type Measured, type Options, POLITY, type Section } from "./section.ts";

const ACCESS = join(import.meta.dirname, "../examples/access/policy.pol");
const [RULES, ENTITIES] = [1_000, 10_000];
const DECISIONS = 10_000_000;

type Measure = (folder: string, options: Options) => Promise<Pick<Measured, "bytes" | "units" | "note">>;

const ROWS = new Map<string, Measure>([
  ["memory-instance", instanceBytes],
  ["memory-host", hostBytes],
  ["memory-thread", threadBytes],
  [`memory-rules-${RULES}`, ruleBytes],
  [`memory-entities-${ENTITIES}`, entityBytes],
  ["memory-growth-module", (folder, options) => growth(folder, options, "module")],
  ["memory-growth-heap", (folder, options) => growth(folder, options, "heap")],
]);

export const section: Section = {
  name: "memory",
  title: "Bytes in memory, and what 10 million decisions add to them",
  cases: () => [...ROWS.keys()].map((row) => ({ row, engine: POLITY })),
  async prepare(folder) {
    await buildPolicy(ACCESS, join(folder, "access.wasm"));
    await buildText("rules.pol", manyRules(10), join(folder, "rules-10.wasm"));
    await buildText("rules.pol", manyRules(RULES), join(folder, `rules-${RULES}.wasm`));
    // As a service has it: no types to take out of sources in each thread.
    const entryPoints = [join(import.meta.dirname, "memory-thread.ts")];
    const outfile = join(folder, "thread.js");
    await bundle({ entryPoints, outfile, bundle: true, platform: "node", format: "esm", logLevel: "error" });
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    await buildText("entities.pol", ENTITIES_POLICY, join(folder, "entities.wasm"));
  },
  async run(one: Case, folder: string, options: Options) {
    const found = await ROWS.get(one.row)!(folder, options);
    const nothing = { median_ns: null, p99_ns: null, ratio_to_hand: null } as const;
    return [{ ...one, mode: "once", figure: "memory", ...nothing, ...found }];
  },
};

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What lives on the heap of JavaScript and in memories of modules, once what is dead is gone. */
function livingBytes(): number {
  for (let round = 0; round < 4; round += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function instanceBytes(folder: string) {
  const { memory, program } = await openInstanceOf(join(folder, "access.wasm"));
  const { staticBytes, memoryBytesMax } = program.manifest.limits;
  const bound = `the manifest states ${memoryBytesMax} at most, ${staticBytes} of them in use`;
  return { bytes: memory.buffer.byteLength, note: `the module's own memory; ${bound}` };
}

/** A host keeps two instances, one in reserve. */
async function hostBytes(folder: string) {
  const units = 50;
  const kept: Host[] = [await openPolity(join(folder, "access.wasm"))];
  const before = livingBytes();
  for (let at = 0; at < units; at += 1) kept.push(await openPolity(join(folder, "access.wasm")));
  const bytes = livingBytes() - before;
  const note = "a host with two instances: their memories, and what JavaScript keeps";
  return { bytes: kept.length > 0 ? bytes : 0, units, note };
}

/** By what the process takes; a thread has an engine of its own, which is most of it. */
async function threadBytes(folder: string) {
  const units = 4;
  const start = () =>
    new Promise<Worker>((done, failed) => {
      const worker = new Worker(join(folder, "thread.js"), {
        workerData: { wasm: join(folder, "access.wasm") },
      });
      worker.once("message", () => done(worker));
      worker.once("error", failed);
    });
  const first = await start();
  livingBytes();
  const before = process.memoryUsage.rss();
  const workers = await Promise.all(Array.from({ length: units }, start));
  const bytes = process.memoryUsage.rss() - before;
  await Promise.all([first, ...workers].map((worker) => worker.terminate()));
  return { bytes, units, note: "a thread with a host of its own, engine included" };
}

async function ruleBytes(folder: string) {
  const [few, many] = [join(folder, "rules-10.wasm"), join(folder, `rules-${RULES}.wasm`)];
  const kept = [await openPolity(few)];
  const start = livingBytes();
  kept.push(await openPolity(few));
  const middle = livingBytes();
  kept.push(await openPolity(many));
  const bytes = livingBytes() - middle - (middle - start);
  const note = "what a host has more with them: names, messages and places of rules included";
  return { bytes: kept.length > 0 ? bytes : 0, units: RULES - 10, note };
}

async function entityBytes(folder: string) {
  const wasm = join(folder, "entities.wasm");
  const [none, all] = [
    await openInstanceOf(wasm, entities(1)),
    await openInstanceOf(wasm, entities(ENTITIES)),
  ];
  const bytes = all.memory.buffer.byteLength - none.memory.buffer.byteLength;
  return { bytes, units: ENTITIES, note: "in each instance: id, two groups, a number and the index" };
}

/** Everything is warm before the first look: what is compiled and remembered then is not growth. */
async function growth(folder: string, { seed, isQuick }: Options, what: "module" | "heap") {
  const decisions = isQuick ? DECISIONS / 50 : DECISIONS;
  const instance = await openInstanceOf(join(folder, "access.wasm"));
  const all = requests(seed);
  let allowed = 0;
  const decide = (times: number) => {
    for (let at = 0; at < times; at += 1) {
      const decision = ask(instance, "access", all[at % all.length], HEADER);
      if (decision?.verdict === "allow") allowed += 1;
    }
  };
  decide(decisions / 10);
  const look = () => (what === "heap" ? livingBytes() : instance.memory.buffer.byteLength);
  const before = look();
  decide(decisions);
  const after = look();
  const { memoryBytesMax } = instance.program.manifest.limits;
  if (instance.memory.buffer.byteLength > memoryBytesMax) throw new Error("more than the manifest states");
  if (allowed === 0) throw new Error("nothing was allowed");
  return { bytes: Math.max(0, after - before), note: `after ${decisions.toLocaleString("en")} decisions` };
}

function manyRules(count: number): string {
  const rules = Array.from({ length: count }, (_, at) => {
    return `allow rule_${at} on call when tool == "tool-${at}" and amount < ${at + 1}\n`;
  });
  return `polity 1
policy benchmark.rules version 1
action call { tool: string id max 64, amount: int 0..1_000_000 }
${rules.join("")}`;
}

const ENTITIES_POLICY = `polity 1
policy benchmark.entities version 1
entity Team in Team
entity Agent in Team { limit: int 0..1_000_000 }
subject agent: Agent
action call { team: Team }
allow member on call when agent in team and agent.limit > 0
`;

function entities(count: number): string {
  const next = random(1);
  const teams = Array.from({ length: 100 }, (_, at) => ({ type: "Team", id: `team-${at}` }));
  const agents = Array.from({ length: count }, (_, at) => ({
    type: "Agent",
    id: `agent-${at}`,
    attributes: { limit: at },
    parents: [teams[Math.floor(next() * 50)]!, teams[50 + Math.floor(next() * 50)]!],
  }));
  return JSON.stringify({ entities: [...teams, ...agents] });
}
