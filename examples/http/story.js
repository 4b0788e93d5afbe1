/**
 * An agent that asks `pol serve` before each action. The agent's part is plain `fetch`, and could be any
 * language; what starts the service and approves is `pol`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { printLineage } from "../shared/lineage.js";
import { pol, startPol, until } from "../shared/pol.js";
import { tell } from "../shared/tell.js";

const office = (name) => fileURLToPath(new URL(`../govern/${name}`, import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "polity-http-"));
try {
  const server = await startService();
  await liveAgent(server.url, server.key);
  server.child.kill("SIGTERM");
  await server.ended;
  printLineage(dir, "decisions");
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function startService() {
  for (const who of ["log", "root", "anna"]) pol(dir, "keygen", "-o", who);
  const holder = { keys: ["root.pub.pem"], threshold: 1 };
  const issuers = { approval: { 'User::"anna"': ["anna.pub.pem"] } };
  const plan = { name: "example.com/office", root: holder, policy: { ...holder, sets: ["office"] }, issuers };
  writeFileSync(join(dir, "plan.json"), JSON.stringify({ ...plan, freshness: holder }));
  mkdirSync(join(dir, "trust"));
  pol(dir, "trust", "init", "--plan", "plan.json", "--sign", "root.pem", "-o", "trust/1.root.json");
  const agents = ["--agent", "Agent::buyer", "--agent", "Agent::clerk"];
  const key = pol(dir, "api-key", "add", "agents", "--keys", "keys.json", ...agents).trim();
  const desk = pol(dir, "api-key", "add", "desk", "--keys", "keys.json", "--may", "approve");
  writeFileSync(join(dir, "desk.key"), desk);
  const policy = ["--policy", office("policy.pol"), "--facts", office("facts.json"), "--trust", "trust"];
  const log = [
    "--keys",
    "keys.json",
    "--log",
    "decisions",
    "--key",
    "log.pem",
    "--origin",
    "example.com/office",
  ];
  const started = startPol(dir, ["serve", ...policy, ...log, "--listen", "127.0.0.1:0"]);
  const listening = () => /listens +(http:\S+)/.exec(started.told.out)?.[1];
  return { ...started, key, url: await until("a service that listens", listening) };
}

async function liveAgent(url, key) {
  async function ask(method, path, body) {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const response = await fetch(`${url}/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
    return response.json();
  }
  const begin = async (id, purpose, parent = null) =>
    (await ask("POST", "/executions", { agent: { type: "Agent", id }, purpose, parent })).id;
  const step = (id, action, fields) => ask("POST", `/executions/${id}/steps`, { action, fields });
  /** What was judged is executed, and nothing else; then the service hears what came of it. */
  async function act(id, { error, verdict, grant, reasons, step }) {
    if (error !== undefined) return `refused: ${error.code}`;
    if (grant === null) return `${verdict}: ${reasons.join("; ")}`;
    const { amount, to } = grant.fields;
    await ask("POST", `/executions/${id}/outcomes`, { step, status: "succeeded" });
    return `sent ${amount} to ${to}`;
  }

  const buyer = await begin("buyer", "pay the bills");
  const pay = async (amount, to) => act(buyer, await step(buyer, "pay", { amount, to }));
  tell("buyer", "pays 25 to acme", await pay("25", "acme"));

  const held = await step(buyer, "pay", { amount: "250", to: "acme" });
  tell("buyer", "pays 250 to acme", await act(buyer, held));
  const signing = ["--api-key", "desk.key", "--trust", "trust", "--key", "anna.pem"];
  pol(dir, "approvals", "approve", url, held.pending.id, ...signing);
  tell("anna", "pol approvals approve", "with a key of her own");
  tell("buyer", "goes on", await act(buyer, await ask("POST", `/approvals/${held.pending.id}/release`, {})));

  const clerk = await begin("clerk", "audit the books", buyer);
  const { grant } = await step(clerk, "audit", { year: 2025 });
  const stopped = ask("GET", `/executions/${clerk}/abort?wait=30`);
  tell("clerk", `audits ${grant.fields.year}, for the buyer`, "which takes a minute");

  tell("buyer", "pays 25 to mallory", await pay("25", "mallory"));
  tell("clerk", "", `is stopped in the middle of it: ${(await stopped).abort.code}`);
  tell("buyer", "pays 25 to acme", await pay("25", "acme"));
}
