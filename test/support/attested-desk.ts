/** A folder with a policy that lets attested workloads pay, keys, a trust root, and an MCP server. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const launcher = fileURLToPath(new URL("../../cli/bin/pol.js", import.meta.url));

export const RELEASED = `sha256:${"a1".repeat(32)}`;
export const OTHER = `sha256:${"b2".repeat(32)}`;

const POLICY = `polity 1
policy example.bank version 1
import "std/attestation"
entity Agent
subject agent: Agent
action pay { amount: int 0..1000, attestation: Attestation from host }
allow released on pay when attests_image(attestation, {"${RELEASED}"})
  and attests_production(attestation, Hardware.tpm) and attested_within(attestation, 1h)
`;

const PLAN = {
  name: "example.com/agents",
  root: { keys: ["root.pub.pem"], threshold: 1 },
  policy: { keys: ["root.pub.pem"], threshold: 1, sets: ["bank"] },
  freshness: { keys: ["root.pub.pem"], threshold: 1 },
  issuers: { attestation: { launcher: ["launcher.pub.pem"] }, containment: { watch: ["watch.pub.pem"] } },
};

/** One tool; a call of it waits until somebody cancels it, or answers at once where the amount is 1. */
const SERVER = `
const schema = { type: "object", properties: { amount: { type: "integer" } }, required: ["amount"] };
const tools = [{ name: "pay", inputSchema: schema }];
const answer = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n");
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === "initialize") answer(id, { protocolVersion: "2025-11-25", capabilities: {} });
  if (method === "tools/list") answer(id, { tools });
  if (method === "tools/call") process.stderr.write("called " + params.arguments.amount + "\\n");
  if (method === "tools/call" && params.arguments.amount === 1) answer(id, { content: [] });
});
`;

export interface Said {
  readonly id?: number;
  readonly result?: { readonly isError?: boolean; readonly structuredContent?: { readonly code: string } };
  readonly error?: { readonly message: string };
}

export interface Gateway {
  readonly call: (amount: number) => void;
  /** What the client got until now. */
  readonly said: () => readonly Said[];
  readonly told: () => string;
  readonly status: () => number | null;
  readonly end: () => void;
}

export function attestedDesk() {
  const dir = mkdtempSync(join(tmpdir(), "pol-attest-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const pol = (...args: readonly string[]) =>
    spawnSync(process.execPath, [launcher, ...args], { cwd: dir, encoding: "utf8" });
  const sound = (...args: readonly string[]) => {
    const { status, stderr, stdout } = pol(...args);
    if (status !== 0) throw new Error(`pol ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  writeFileSync(join(dir, "policy.pol"), POLICY);
  writeFileSync(join(dir, "server.cjs"), SERVER);
  writeFileSync(join(dir, "plan.json"), JSON.stringify(PLAN));
  writeFileSync(join(dir, "facts.json"), JSON.stringify({ entities: [{ type: "Agent", id: "a1" }] }));
  for (const who of ["root", "launcher", "watch", "log"]) sound("keygen", "-o", who);
  mkdirSync(join(dir, "trust"));
  sound("trust", "init", "--plan", "plan.json", "--sign", "root.pem", "-o", "trust/1.root.json");
  sound("build", "policy.pol");
  const policy = ["--policy", "policy.wasm", "--facts", "facts.json", "--trust", "trust"];
  const options = [...policy, "--log", "decisions", "--key", "log.pem"];

  /** As whoever starts workloads writes it. */
  function attest(more: Readonly<Record<string, string>> = {}, image = RELEASED): string {
    const usual = { agent: "Agent::a1", environment: "production", hardware: "tpm", trust: "trust" };
    const all = { ...usual, key: "launcher.pem", output: "attestation.json", ...more };
    const given = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
    return sound("attest", "issue", `example.com/agent@${image}`, ...given);
  }

  function gateway(): Gateway {
    const way = ["--server", "bank", "--agent", "Agent::a1", "--attestation", "attestation.json"];
    const args = [launcher, "gateway", "mcp", ...options, ...way, "--", process.execPath, "server.cjs"];
    const child: ChildProcess = spawn(process.execPath, args, { cwd: dir });
    onTestFinished(() => void child.kill("SIGKILL"));
    let [out, told] = ["", ""];
    child.stdout!.on("data", (chunk) => (out += chunk));
    child.stderr!.on("data", (chunk) => (told += chunk));
    child.stdin!.on("error", () => {});
    let id = 0;
    return {
      call(amount) {
        id += 1;
        const params = { name: "pay", arguments: { amount } };
        child.stdin!.write(`${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params })}\n`);
      },
      said: () => out.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Said])),
      told: () => told,
      status: () => child.exitCode,
      end: () => child.stdin!.end(),
    };
  }

  const allEvents = () => {
    const lines = sound("log", "export", "decisions").trim().split("\n");
    const entries = lines.map(
      (line) => (JSON.parse(line) as { entry: Readonly<Record<string, unknown>> }).entry,
    );
    return entries.flatMap(({ kind, name, phase, event }) =>
      kind === "event" ? [`${String(name)} ${String(phase)} ${String(event)}`] : [],
    );
  };
  const isRefusal = (text: string) => / refused /.test(text);
  const events = () => allEvents().filter((text) => !isRefusal(text));
  const refusals = () => allEvents().filter(isRefusal);
  return { dir, pol, sound, attest, gateway, options, launcher, events, refusals };
}
