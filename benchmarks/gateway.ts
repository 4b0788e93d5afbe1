/** How much later does a tool answer because the gateway is before its server? Real processes, real pipes. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type McpClient, startClient } from "./mcp-client.ts";
import { median, quantile } from "./measure.ts";
import { type Case, type Measured, type Options, POLITY, type Section } from "./section.ts";

const POL = join(import.meta.dirname, "../cli/bin/pol.js");
const SERVER = [process.execPath, join(import.meta.dirname, "mcp-echo-server.ts")];
/** Calls that an agent has under way at once, for the throughput. */
const OUTSTANDING = 16;

export const section: Section = {
  name: "gateway",
  title: "A call of a tool through the gateway",
  cases: () => ["mcp-stdio-relaxed", "mcp-stdio-strict"].map((row) => ({ row, engine: POLITY })),
  prepare: async () => undefined,
  run,
};

async function run(one: Case, folder: string, options: Options): Promise<readonly Measured[]> {
  const dir = mkdtempSync(join(folder, "gateway-"));
  makeDesk(dir);
  const relaxed = one.row.endsWith("relaxed") ? ["--relaxed"] : [];
  const gateway = [
    ...[process.execPath, POL, "gateway", "mcp", "--policy", "policy.wasm", "--facts", "facts.json"],
    ...["--server", "bench", "--agent", "Agent::a1", "--pins", "pins.json"],
    ...["--log", "decisions", "--key", "log.pem", ...relaxed, "--", ...SERVER],
  ];
  const direct = await startClient(SERVER, dir);
  const governed = await startClient(gateway, dir);
  const [rounds, calls] = options.isQuick ? [1, 10] : [5, 400];
  const [there, through]: [number[], number[]] = [[], []];
  for (let round = -1; round < rounds; round += 1) {
    for (const [client, times] of [
      [direct, there],
      [governed, through],
    ] as const) {
      for (let at = 0; at < calls; at += 1) {
        const ns = await client.call(`round ${round}, call ${at}`);
        if (round >= 0) times.push(ns);
      }
    }
  }
  const [most, mostDirect] = [await throughput(governed, calls), await throughput(direct, calls)];
  await Promise.all([direct.close(), governed.close()]);
  rmSync(dir, { recursive: true });
  const added = (q: number) => quantile(through, q) - quantile(there, q);
  const note =
    `added to ${Math.round(median(there) / 1e3)} µs without; ` +
    `${most} calls/s with ${OUTSTANDING} under way, ${mostDirect} without`;
  const ratio_to_hand = median(through) / median(there);
  const figures = { median_ns: added(0.5), p99_ns: added(0.99), ratio_to_hand };
  return [{ ...one, mode: "varied", figure: "ack", ...figures, note }];
}

/** Calls a second, so many always under way. */
async function throughput(client: McpClient, calls: number): Promise<number> {
  const from = performance.now();
  await Promise.all(
    Array.from({ length: OUTSTANDING }, async (_, lane) => {
      for (let at = 0; at < calls; at += 1) await client.call(`lane ${lane}, call ${at}`);
    }),
  );
  return Math.round((OUTSTANDING * calls * 1e3) / (performance.now() - from));
}

/** As somebody begins: a policy that was imported from the server, and an agent who may call its tool. */
function makeDesk(dir: string): void {
  pol(dir, "import", "mcp", "--server", "bench", "-o", "policy.pol", "--pins", "pins.json", "--", ...SERVER);
  const agent = { type: "Agent", id: "a1", attributes: { tools: ["say"] } };
  const entities = [{ type: "Team", id: "operators" }, agent];
  writeFileSync(join(dir, "facts.json"), JSON.stringify({ entities }));
  pol(dir, "build", "policy.pol");
  pol(dir, "keygen", "-o", "log");
}

function pol(dir: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [POL, ...args], { cwd: dir, encoding: "utf8" });
  if (status !== 0) throw new Error(`pol ${args.join(" ")}: ${stderr}`);
}
