/** The public client, the gateway, and behind it servers that are asked over HTTP. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import {
  connectOver,
  connectThrough,
  lacksMcp,
  listenThrough,
  makeDesk,
  pol,
  publicServer,
} from "./support/mcp.ts";
import { notRun } from "./support/not-run.ts";

const LONG_MS = 120_000;
const lacks = lacksMcp();
const launcher = fileURLToPath(new URL("../cli/bin/pol.js", import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The public server of everything, as its authors start it for HTTP. */
async function everything() {
  const port = await freePort();
  const env = { ...process.env, PORT: `${port}` };
  const child = spawn(process.execPath, [publicServer("everything"), "streamableHttp"], { env });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (said += String(bytes)));
  await expect.poll(() => said, { timeout: 20_000 }).toContain("listening on port");
  return { child, url: `http://127.0.0.1:${port}/mcp`, said: () => said };
}

function deskOf(url: string) {
  const tools = ["echo", "get-sum", "trigger-long-running-operation"];
  return makeDesk("all", ["--upstream", url], tools, (policy) =>
    policy.replace("when claims_harm(call)", 'when call.tool == "none"'),
  );
}

const idOf = (said: string) =>
  /Session initialized with ID: (\S+)/g.exec(said.split("tools")[0] ?? said)?.[1];

test("over standard input: what is allowed reaches the server, in a session that nobody else sees", {
  timeout: LONG_MS,
}, async () => {
  if (lacks !== null) return notRun("the gateway before a server over HTTP", lacks);
  const { url, said } = await everything();
  const desk = deskOf(url);
  const client = await connectThrough(desk, ["--upstream", url]);
  expect((await client.listTools()).tools.map(({ name }) => name)).toContain("echo");
  const echo = await client.callTool({ name: "echo", arguments: { message: "hello" } });
  expect(echo.content[0]?.text).toContain("hello");
  const denied = await client.callTool({ name: "get-env", arguments: {} });
  expect(denied.structuredContent).toMatchObject({ code: "no_rule" });
  const smuggled = await client.callTool({ name: "get-sum", arguments: { a: "1", b: 2 } });
  expect(smuggled.structuredContent).toMatchObject({ code: "input.invalid" });
  const progress: unknown[] = [];
  await client.callTool(
    { name: "trigger-long-running-operation", arguments: { duration: 1, steps: 2 } },
    undefined,
    { onprogress: (one) => progress.push(one) },
  );
  expect(progress.length).toBeGreaterThan(0);
  const giving = new AbortController();
  setTimeout(() => giving.abort(), 300);
  const long = { name: "trigger-long-running-operation", arguments: { duration: 30, steps: 30 } };
  await expect(client.callTool(long, undefined, { signal: giving.signal })).rejects.toThrow();
  expect(JSON.stringify([echo, denied])).not.toContain(idOf(said()) ?? "no session");
  await client.close();
  // One session was that of the import.
  await expect.poll(() => said().split("session termination").length - 1, { timeout: 10_000 }).toBe(2);
  const outcomes = desk.entries().filter(({ kind }) => kind === "outcome");
  expect(outcomes.map(({ status }) => status)).toEqual(["succeeded", "succeeded", "abandoned"]);
});

test("over HTTP on both sides: a session for each client, and a server that goes away is told", {
  timeout: LONG_MS,
}, async () => {
  if (lacks !== null) return notRun("the gateway over HTTP before a server over HTTP", lacks);
  const { url, said, child } = await everything();
  const desk = deskOf(url);
  const key = pol(desk.dir, "api-key", "add", "one", "--keys", "keys.json", "--agent", "Agent::a1").trim();
  const listening = await listenThrough(desk, ["--upstream", url]);
  const clients = [await connectOver(listening.url, key), await connectOver(listening.url, key)];
  const begun = [...said().matchAll(/Session initialized with ID: (\S+)/g)].map(([, id]) => id);
  expect(new Set(begun).size).toBe(3);
  expect(begun).not.toContain(clients[0]?.transport.sessionId);
  const call = { name: "echo", arguments: { message: "hi" } };
  for (const { client } of clients) expect((await client.callTool(call)).content[0]?.text).toContain("hi");
  await clients[1]?.transport.terminateSession();
  await expect.poll(() => said().split("session termination").length - 1, { timeout: 10_000 }).toBe(2);
  const gone = new Promise((resolve) => (child as ChildProcess).once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
  await expect(clients[0]?.client.callTool(call)).rejects.toThrow(/upstream\.(unreachable|cut)/);
  expect(await listening.end()).toBe("SIGTERM");
  const outcomes = desk.entries().filter(({ kind }) => kind === "outcome");
  expect(outcomes.map(({ status }) => status)).toEqual(["succeeded", "succeeded", "failed"]);
});

const TOKEN = "secret.token-1";

/** Answers whoever shows the token, over TLS, that it has no tools. */
async function privateServer(dir: string): Promise<string> {
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const files = ["-keyout", "tls.key", "-out", "tls.crt"];
  const made = spawnSync("openssl", ["req", "-x509", ...kind, ...files, ...subject], { cwd: dir });
  if (made.status !== 0) throw new Error(String(made.stderr));
  const [key, cert] = [readFileSync(join(dir, "tls.key")), readFileSync(join(dir, "tls.crt"))];
  const server = createTlsServer({ key, cert }, (request, response) => {
    let body = "";
    request.on("data", (bytes) => (body += String(bytes)));
    request.on("end", () => {
      if (request.method !== "POST") return response.writeHead(405).end();
      if (request.headers.authorization !== `Bearer ${TOKEN}`) return response.writeHead(401).end();
      const { id, method } = JSON.parse(body) as { readonly id?: number; readonly method: string };
      if (id === undefined) return response.writeHead(202).end();
      const isFirst = method === "initialize";
      const result = isFirst
        ? { protocolVersion: "2025-11-25", capabilities: {} }
        : { tools: [{ name: "t" }] };
      const text = JSON.stringify({ jsonrpc: "2.0", id, result });
      return response.writeHead(200, { "content-type": "application/json" }).end(text);
    });
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

function runPol(dir: string, args: readonly string[], env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, [launcher, ...args], { cwd: dir, env: { ...process.env, ...env } });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (said += String(bytes)));
  return new Promise((resolve) => child.on("close", (code) => resolve(`${code} ${said}`)));
}

test("certificates are looked at whatever the environment says, and the token is shown to its server alone", {
  timeout: LONG_MS,
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), "pol-upstream-"));
  const url = await privateServer(dir);
  writeFileSync(join(dir, "token"), `${TOKEN}\n`, { mode: 0o600 });
  writeFileSync(join(dir, "other"), "other\n", { mode: 0o600 });
  const ask = (token: string, env: Record<string, string>) =>
    runPol(dir, ["import", "mcp", "--server", "t", "--upstream", url, "--upstream-token", token], env);
  const careless = { NODE_TLS_REJECT_UNAUTHORIZED: "0", NODE_NO_WARNINGS: "1" };
  expect(await ask("token", careless)).toMatch(/^2 .*upstream\.untrusted: .*DEPTH_ZERO_SELF_SIGNED_CERT/s);
  const known = { NODE_EXTRA_CA_CERTS: join(dir, "tls.crt") };
  const other = await ask("other", known);
  expect(other).toMatch(/^2 .*upstream\.unauthorized/s);
  expect(await ask("token", known)).toMatch(/^0 .*action t \{/s);
  chmodSync(join(dir, "token"), 0o644);
  const open = await ask("token", known);
  expect(open).toMatch(/^2 .*open to other users/s);
  expect(other + open).not.toMatch(/secret|Bearer/);
});
