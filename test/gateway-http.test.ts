/** The public client over streamable HTTP, public servers behind it; and clients that mean harm. */
import { readFileSync, writeFileSync } from "node:fs";
import { type ClientRequest, request } from "node:http";
import { join } from "node:path";
import { REFUSALS } from "@polity/gateway/mcp/denial.ts";
import { MCP_CODES } from "@polity/gateway/mcp/http-codes.ts";
import { expect, test } from "vitest";
import {
  connectOver,
  type Listening,
  lacksMcp,
  listenThrough,
  makeDesk,
  pol,
  publicServer,
} from "./support/mcp.ts";
import { notRun } from "./support/not-run.ts";

const LONG_MS = 120_000;
const lacks = lacksMcp();
const INITIALIZE = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
};
const callOf = (id: number, name: string, args: object = {}) => ({
  ...{ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } },
});

function makeFiles() {
  const command = (dir: string) => [process.execPath, publicServer("filesystem"), dir];
  const desk = makeDesk("files", command("/tmp"), ["read_text_file", "list_directory"]);
  const { dir } = desk;
  writeFileSync(join(dir, "a.txt"), "hello\n");
  const keyOf = (name: string, ...more: readonly string[]) =>
    pol(dir, "api-key", "add", name, "--keys", "keys.json", "--agent", "Agent::a1", ...more).trim();
  return { ...desk, keyOf, command: command(dir) };
}

/** A request by hand: status, headers and text. */
async function ask(
  { url }: Listening,
  key: string | null,
  body: unknown,
  more: Record<string, string> = {},
  method = "POST",
) {
  const headers = {
    accept: "application/json, text/event-stream",
    "content-type": "application/json",
    ...(key !== null && { authorization: `Bearer ${key}` }),
    ...more,
  };
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(url, { method, headers, ...(method === "POST" && { body: text }) });
  return { status: response.status, id: response.headers.get("mcp-session-id"), text: await response.text() };
}

test("the public client does what is allowed and nothing else, a session for each", {
  timeout: LONG_MS,
}, async () => {
  if (lacks !== null) return notRun("the gateway over HTTP", lacks);
  const desk = makeFiles();
  const { dir } = desk;
  const key = desk.keyOf("one");
  const listening = await listenThrough(desk, desk.command);
  const { client, transport } = await connectOver(listening.url, key);
  const other = await connectOver(listening.url, key);
  expect(other.transport.sessionId).not.toBe(transport.sessionId);
  expect((await client.listTools()).tools).toHaveLength(14);
  const read = (path: string) => client.callTool({ name: "read_text_file", arguments: { path } });
  expect((await read(join(dir, "a.txt"))).content[0]?.text).toBe("hello\n");
  expect((await read("/etc/passwd")).structuredContent).toMatchObject({ code: "rule" });
  // More than one answer is written whole, read piece by piece.
  writeFileSync(join(dir, "b.txt"), "x".repeat(300_000));
  expect((await read(join(dir, "b.txt"))).content[0]?.text).toHaveLength(300_000);
  await transport.terminateSession();
  await expect(client.ping()).rejects.toThrow();
  await other.client.ping();
  expect(await listening.end()).toBe("SIGTERM");
  const entries = desk.entries();
  const begun = entries.filter(({ kind, phase }) => kind === "execution" && phase === "begin");
  // The third is that of a ping without a session.
  expect(begun).toHaveLength(3);
  const decisions = entries.filter(({ kind, execution }) => kind === "decision" && execution !== null);
  expect(decisions.map(({ verdict }) => verdict)).toEqual(["allow", "deny", "allow", "deny"]);
  expect(decisions.at(-1)?.action).toBe("mcp_unknown_session");
});

test("progress comes while a call runs, which a stop of the gateway waits for", {
  timeout: LONG_MS,
}, async () => {
  if (lacks !== null) return notRun("the gateway over HTTP", lacks);
  const command = [process.execPath, publicServer("everything")];
  const desk = makeDesk("all", command, ["trigger-long-running-operation", "echo"], (policy) =>
    policy.replace("when claims_harm(call)", 'when call.tool == "none"'),
  );
  const key = pol(desk.dir, "api-key", "add", "one", "--keys", "keys.json", "--agent", "Agent::a1").trim();
  const listening = await listenThrough(desk, command);
  const { client } = await connectOver(listening.url, key);
  const progress: unknown[] = [];
  const call = client.callTool(
    { name: "trigger-long-running-operation", arguments: { duration: 3, steps: 3 } },
    undefined,
    { onprogress: (one) => progress.push(one) },
  );
  await expect.poll(() => progress.length, { timeout: 20_000 }).toBeGreaterThan(0);
  const ended = listening.end();
  expect((await call).isError).toBeUndefined();
  expect(await ended).toBe("SIGTERM");
  const outcomes = desk.entries().filter(({ kind }) => kind === "outcome");
  expect(outcomes.map(({ status }) => status)).toEqual(["succeeded"]);
});

test("who has no key, another's session, or no form, gets nothing; what had a key is in the log", {
  timeout: LONG_MS,
}, async () => {
  if (lacks !== null) return notRun("the gateway over HTTP", lacks);
  const desk = makeFiles();
  const { dir } = desk;
  const [key, other, scoped] = [
    ...["one", "other"].map((name) => desk.keyOf(name)),
    desk.keyOf("scoped", "--action", "list_directory"),
  ] as [string, string, string];
  const listening = await listenThrough(desk, desk.command);
  const send = (body: unknown, more?: Record<string, string>, by: string | null = key) =>
    ask(listening, by, body, more);
  expect((await send(INITIALIZE, {}, null)).status).toBe(401);
  expect((await send(INITIALIZE, {}, `${key}x`)).status).toBe(401);
  expect((await send(INITIALIZE, { origin: "http://127.0.0.1" })).text).toContain("mcp.origin");
  expect((await send(INITIALIZE, { accept: "application/json" })).status).toBe(406);
  expect((await send(INITIALIZE, { "content-type": "text/plain" })).status).toBe(415);
  expect((await send(callOf(1, "read_text_file"))).text).toContain("mcp.no_session");
  expect((await send([INITIALIZE])).text).toContain("mcp.no_session");
  const first = await send(INITIALIZE);
  expect(first).toMatchObject({ status: 200, id: expect.stringMatching(/^[\w-]{43}$/) });
  const session = { "mcp-session-id": first.id ?? "" };
  const inside = (body: unknown, more = {}) => send(body, { ...session, ...more });
  expect((await inside({ jsonrpc: "2.0", method: "notifications/initialized" })).status).toBe(202);
  const target = join(dir, "a.txt");
  const good = callOf(2, "read_text_file", { path: target });
  expect((await inside(good, { "mcp-protocol-version": "2024-11-05" })).text).toContain("mcp.version");
  expect((await inside(good, { "mcp-protocol-version": "2025-11-25" })).text).toContain("hello");

  // Another's key does not open the session, whoever knows its id.
  const stolen = await send(callOf(3, "read_text_file", { path: target }), session, other);
  expect([stolen.status, stolen.text.includes("hello")]).toEqual([404, false]);
  expect((await ask(listening, other, "", session, "GET")).status).toBe(404);
  expect((await ask(listening, other, "", session, "DELETE")).status).toBe(404);

  // What has two readings, comes twice or is too deep is refused as over standard input.
  const twice = JSON.stringify(callOf(4, "read_text_file", { path: "/etc/passwd" })).replace(
    '"path"',
    `"path":"${target}","path"`,
  );
  expect(await inside(twice)).toMatchObject({ status: 400, text: expect.stringContaining("-32700") });
  expect((await inside(`[${JSON.stringify(callOf(5, "list_directory"))}]`)).status).toBe(400);
  expect((await inside(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)).status).toBe(400);
  expect((await inside(good)).text).toContain("used before");
  // Refused by what its head says, before anything of it is read.
  const giant = await stream(
    listening.url,
    {
      ...{ ...session, authorization: `Bearer ${key}`, accept: "application/json, text/event-stream" },
      ...{ "content-type": "application/json", "content-length": "5000000" },
    },
    "POST",
  );
  giant.sent.on("error", () => undefined).destroy();
  expect(giant.status).toBe(413);
  expect((await inside({ jsonrpc: "2.0", id: 6, method: "tasks/list" })).text).toContain("-32601");
  expect((await inside(INITIALIZE)).status).toBe(400);
  expect((await ask(listening, key, "", { ...session, "last-event-id": "1" }, "GET")).text).toContain(
    "mcp.resume",
  );
  expect((await ask(listening, key, "", session, "PUT")).status).toBe(405);

  // A key that is not for an action has its session, and not the action.
  const narrow = { "mcp-session-id": (await send(INITIALIZE, {}, scoped)).id ?? "" };
  await send({ jsonrpc: "2.0", method: "notifications/initialized" }, narrow, scoped);
  const outside = await send(callOf(1, "read_text_file", { path: target }), narrow, scoped);
  expect(outside.text).toContain("api_key.scope");
  // Whose key is taken back has no session either.
  pol(dir, "api-key", "remove", "scoped", "--keys", "keys.json");
  await expect.poll(() => listening.said(), { timeout: 10_000 }).toContain("its key was taken back");

  expect((await ask(listening, key, "", session, "DELETE")).status).toBe(204);
  expect((await inside(callOf(9, "list_directory", { path: dir }))).status).toBe(404);
  expect(await listening.end()).toBe("SIGTERM");
  const decisions = desk.entries().filter(({ kind, execution }) => kind === "decision" && execution !== null);
  const tried = decisions.map(({ action, verdict }) => `${action} ${verdict}`);
  expect(tried.filter((one) => one.endsWith("allow"))).toEqual(["read_text_file allow"]);
  const times = (name: string) => tried.filter((one) => one === `${name} deny`).length;
  expect(times("mcp_unknown_session")).toBe(6);
  expect(times("mcp_too_large")).toBe(1);
  // Three of them before there was a session, four for a head that is wrong in it.
  expect(times("mcp_malformed")).toBe(10);
  expect([times("mcp_replayed_id"), times("mcp_unknown_method"), times("mcp_key_scope")]).toEqual([1, 1, 1]);
});

test("without keys it does not start, and a server that dies closes its session alone", {
  timeout: LONG_MS,
}, async () => {
  if (lacks !== null) return notRun("the gateway over HTTP", lacks);
  const desk = makeFiles();
  writeFileSync(join(desk.dir, "keys.json"), '{"keys":[],"v":1}\n', { mode: 0o600 });
  await expect(listenThrough(desk, desk.command)).rejects.toThrow("has no key");
  const key = desk.keyOf("one");
  const listening = await listenThrough(desk, ["sh", "-c", "exit 3"], ["--sessions", "1"]);
  const dead = await ask(listening, key, INITIALIZE);
  expect(dead.text).toContain("the server ended");
  await expect.poll(async () => (await ask(listening, key, INITIALIZE)).text).toContain("the server ended");
  expect(await listening.end()).toBe("SIGTERM");
});

/** With any host and length in its head; what it gets stays open until it is destroyed. */
function stream(
  url: string,
  headers: Record<string, string>,
  method = "GET",
): Promise<{ status?: number; sent: ClientRequest }> {
  return new Promise((resolve, reject) => {
    const all = { accept: "text/event-stream", ...headers };
    const sent = request(url, { method, headers: all }, (response) => {
      resolve({ ...(response.statusCode !== undefined && { status: response.statusCode }), sent });
    });
    sent.on("error", reject);
    if (method === "GET") sent.end();
    else sent.flushHeaders();
  });
}

test("another host, a second stream and one session too many are refused", {
  timeout: LONG_MS,
}, async () => {
  if (lacks !== null) return notRun("the gateway over HTTP", lacks);
  const desk = makeFiles();
  const key = desk.keyOf("one");
  const listening = await listenThrough(desk, desk.command, ["--sessions", "1", "--host", "Desk.example"]);
  const { id } = await ask(listening, key, INITIALIZE);
  expect((await ask(listening, key, INITIALIZE)).text).toContain("mcp.sessions");
  const headers = { authorization: `Bearer ${key}`, "mcp-session-id": id ?? "" };
  const statusOf = async (host: string) => {
    const { status, sent } = await stream(listening.url, { ...headers, host });
    sent.destroy();
    return status;
  };
  expect([await statusOf("evil.example"), await statusOf("127.0.0.1.evil.example:80")]).toEqual([403, 403]);
  const first = await stream(listening.url, { ...headers, host: "desk.example:8471" });
  expect([first.status, await statusOf("localhost")]).toEqual([200, 409]);
  first.sent.on("error", () => undefined);
  expect(await listening.end()).toBe("SIGTERM");
});

test("every code has a row in docs/mcp.md, or is named there", () => {
  const text = readFileSync(new URL("../docs/mcp.md", import.meta.url), "utf8");
  const rows = Object.entries(MCP_CODES).map(([code, { status }]) => `| \`${code}\` | ${status} |`);
  expect(rows.filter((row) => !text.includes(row))).toEqual([]);
  const own = Object.keys(REFUSALS).filter((code) => code !== "execution.aborted");
  expect(own.filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
});
