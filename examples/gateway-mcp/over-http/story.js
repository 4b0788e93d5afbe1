/**
 * Two agents behind one gateway that serves over HTTP, each with the public MCP client and a session of its
 * own; the second acts for the first. Behind the gateway is the public server of everything: a process for
 * each session, or with `--upstream` one that is itself asked over HTTP.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { printLineage } from "../../shared/lineage.js";
import { pol, startPol, until } from "../../shared/pol.js";
import { tell } from "../../shared/tell.js";

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const everything = file("../node_modules/.bin/mcp-server-everything");
const dir = mkdtempSync(join(tmpdir(), "polity-newsroom-"));
/** Of what comes back, the first sentence. */
const said = ({ content }) => content[0].text.split(". ")[0];
const why = ({ message }) => /[a-z]+\.[a-z_]+: [^"]*|the execution .*/.exec(message)?.[0] ?? message;

const server = process.argv[2] === "--upstream" ? await serveEverything() : null;
try {
  const behind = server === null ? ["--", process.execPath, everything] : ["--upstream", server.url];
  const gateway = await startGateway(behind);
  await live(gateway);
  gateway.child.kill("SIGTERM");
  await gateway.ended;
  printLineage(dir, "decisions");
} finally {
  server?.child.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
}

async function startGateway(behind) {
  for (const who of ["log", "root", "edith"]) pol(dir, "keygen", "-o", who);
  const holder = { keys: ["root.pub.pem"], threshold: 1 };
  const issuers = { approval: { 'User::"edith"': ["edith.pub.pem"] } };
  const policy = { ...holder, sets: ["newsroom"] };
  const plan = { name: "example.com/newsroom", root: holder, policy, freshness: holder, issuers };
  writeFileSync(join(dir, "plan.json"), JSON.stringify(plan));
  for (const name of ["trust", "papers"]) mkdirSync(join(dir, name));
  pol(dir, "trust", "init", "--plan", "plan.json", "--sign", "root.pem", "-o", "trust/1.root.json");
  const agents = ["--agent", "Agent::writer", "--agent", "Agent::helper"];
  const key = pol(dir, "api-key", "add", "newsroom", "--keys", "keys.json", ...agents).trim();
  const judged = ["--policy", file("policy.pol"), "--facts", file("facts.json"), "--server", "all"];
  const papers = ["--trust", "trust", "--papers", "papers", "--purpose", "tell everybody when we ship"];
  const log = ["--log", "decisions", "--key", "log.pem", "--origin", "example.com/newsroom"];
  const place = ["--listen", "127.0.0.1:0", "--keys", "keys.json"];
  const started = startPol(dir, ["gateway", "mcp", ...judged, ...papers, ...log, ...place, ...behind]);
  const listening = () => {
    if (started.child.exitCode !== null) throw new Error(started.told.error);
    return /listens +(http:\S+)/.exec(started.told.out)?.[1];
  };
  return { ...started, key, url: await until("a gateway that listens", listening) };
}

async function live({ url, key, told }) {
  /** The public client, in whose configuration there are headers, and nothing else of Polity. */
  async function connect(agent, parent = null) {
    const headers = { authorization: `Bearer ${key}`, "polity-agent": `Agent::${agent}` };
    if (parent !== null) headers["polity-parent"] = parent;
    const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
    const client = new Client({ name: agent, version: "1" });
    await client.connect(transport);
    const call = (name, fields, onprogress) =>
      client.callTool({ name, arguments: fields }, undefined, { onprogress });
    return { call, close: () => client.close(), session: transport.sessionId };
  }
  const writer = await connect("writer");
  const say = (message) => writer.call("echo", { message });
  tell("writer", "says: ship on Friday", said(await say("ship on Friday")));

  const held = await say("To all: ship on Friday");
  tell("writer", "says it to all", said(held));
  await approve(held.structuredContent.pending.id, told);
  tell("edith", "approves", "with a key of her own");
  tell("writer", "says it again", said(await say("To all: ship on Friday")));

  const helper = await connect("helper", writer.session);
  const working = Promise.withResolvers();
  const long = { duration: 60, steps: 600 };
  const worked = helper.call("trigger-long-running-operation", long, working.resolve).catch(why);
  await working.promise;
  tell("helper", "works, for the writer", "which takes a minute");

  tell("writer", "asks for secrets", await writer.call("get-env", {}).then(said, why));
  tell("helper", "", `is stopped in the middle of it: ${await worked}`);
  const ends = () => told.error.match(/a session of \S+ has ended/g)?.length === 2;
  await until("the end of both", ends);
  tell("writer", "begins anew", await connect("writer").then(() => "done", why));
  await Promise.all([writer.close(), helper.close()]);
}

/** In the service, edith does this where her key is. */
async function approve(id, told) {
  const [pending, answer] = [`papers/pending-${id}.json`, `papers/${id}.approval.json`];
  await until(pending, () => existsSync(join(dir, pending)));
  pol(dir, "approvals", "approve", pending, id, "--trust", "trust", "--key", "edith.pem", "-o", answer);
  await until("the approval", () => told.error.includes(`${id}.approval.json\` was taken in`));
}

/** The public server at any port that is free. */
async function serveEverything() {
  const port = await new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
  const child = spawn(process.execPath, [everything, "streamableHttp"], {
    env: { ...process.env, PORT: `${port}` },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let told = "";
  child.stderr.on("data", (bytes) => {
    told += bytes;
  });
  await until("a server that listens", () => told.includes("listening on port"));
  return { child, url: `http://127.0.0.1:${port}/mcp` };
}
