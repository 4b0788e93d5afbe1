/** The gateway over HTTP without processes: what is refused before a session, and what becomes of one. */
import { openApiKeys } from "@polity/gateway/http/api-keys.ts";
import { catalogOf } from "@polity/gateway/mcp/catalog.ts";
import { type ListenOptions, listenForClients } from "@polity/gateway/mcp/listen.ts";
import type { Message } from "@polity/gateway/mcp/message.ts";
import type { UpstreamEvents } from "@polity/gateway/mcp/upstream.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { expect, test } from "vitest";
import {
  ADA,
  BOB,
  BY_ROOT,
  type Governed,
  governed,
  hostOf,
  manualClock,
  ordering,
} from "../support/governing.ts";
import { keyOf } from "../support/serving.ts";
import { FACTS, HELD } from "../support/treasury.ts";

const { sha256 } = nodeCrypto;
const inputSchema = {
  type: "object",
  properties: { amount: { type: "integer" }, to: { type: "string" } },
  required: ["amount", "to"],
};
const RESULTS: Readonly<Record<string, object>> = {
  initialize: { protocolVersion: "2025-11-25", capabilities: { tools: {} } },
  "tools/list": { tools: [{ name: "pay", inputSchema }] },
  "tools/call": { content: [] },
};
const INITIALIZE = { jsonrpc: "2.0", id: 0, method: "initialize", params: {} };
const pay = (id: number, amount: number) => {
  const params = { name: "pay", arguments: { amount, to: "shop" } };
  return { jsonrpc: "2.0", id, method: "tools/call", params };
};

/** A server that answers, or waits where the test says so. */
function serverOf(answers: (method: string) => boolean): ListenOptions["connect"] {
  return ({ message, closed }: UpstreamEvents) => ({
    send(asked: Message) {
      const result = asked.kind === "request" && answers(asked.method) ? RESULTS[asked.method] : undefined;
      if (asked.kind === "request" && result !== undefined)
        queueMicrotask(() => message({ kind: "result", id: asked.id, result: { ...result } }));
    },
    async close() {
      closed("it was told to end");
    },
  });
}

async function desk(changes: Partial<ListenOptions> = {}, more: Parameters<typeof governed>[0] = {}) {
  const measured = { measured: () => ({ zone: "eu" }) };
  const options = { governed: BY_ROOT, host: await hostOf(HELD, FACTS), ...measured, ...more };
  const one: Governed = await governed(options);
  const { key, row } = keyOf({ agents: [ADA] });
  const both = keyOf({ name: "both", agents: [ADA, BOB] });
  const other = keyOf({ name: "other", agents: [ADA] });
  const strange = keyOf({ name: "strange", agents: [BOB] });
  const keys = openApiKeys([row, both.row, other.row, strange.row], sha256);
  let made = 0;
  const api = listenForClients({
    ...{ governor: one.governor, keys: () => keys, agent: null, purpose: "test", hosts: ["desk.example"] },
    ...{ sessionsMax: 4, server: "bank", catalog: catalogOf(one.host), pins: null, sha256, log: () => {} },
    makeId() {
      made += 1;
      return `session-${made}`;
    },
    connect: serverOf(() => true),
    ...changes,
  });
  const ask = async (
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
    method = "POST",
    read = async () => Buffer.from(JSON.stringify(body)),
  ) => {
    const all: Readonly<Record<string, string>> = {
      ...{ host: "desk.example", authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...{ accept: "application/json, text/event-stream", ...headers },
    };
    const said = await api.handle({
      ...{ method, target: "/mcp", header: (name: string) => all[name] ?? null },
      body: read,
      signal: new AbortController().signal,
    });
    const text = typeof said.body === "string" ? said.body : "";
    const { error, result } = text === "" ? {} : JSON.parse(text);
    const [code = null] = [error?.data?.code, result?.structuredContent?.code];
    return { status: said.status, id: said.headers["mcp-session-id"] ?? "", code, result };
  };
  /** A session that was greeted. */
  const session = async () => {
    const { id } = await ask(INITIALIZE);
    return { "mcp-session-id": id };
  };
  /** Of other clients. */
  const by = { other: bearer(other.key), strange: bearer(strange.key) };
  return { ...one, api, ask, session, by, both: bearer(both.key) };
}

/** What was tried, in the order of the log: verdicts and actions. */
async function tried({ governor, entries }: Governed): Promise<readonly string[]> {
  await governor.close();
  return (await entries()).flatMap((one) =>
    one.kind === "decision" ? [`${one.verdict} ${one.action}`] : [],
  );
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

test("what is refused before anything of it is read", async () => {
  const one = await desk();
  const { ask, session } = one;
  const refused = async (headers: Record<string, string>, method = "POST") => {
    const { status, code } = await ask(INITIALIZE, headers, method);
    return [status, code];
  };
  expect(await refused({ host: "evil.example" })).toEqual([403, "mcp.host"]);
  expect(await refused({ origin: "http://desk.example" })).toEqual([403, "mcp.origin"]);
  expect(await refused({ authorization: "" })).toEqual([401, "api_key.missing"]);
  expect(await refused({ authorization: `Bearer ${keyOf().key}` })).toEqual([401, "api_key.unknown"]);
  expect(await refused({ accept: "text/html" })).toEqual([406, "mcp.accept"]);
  expect(await refused({ "content-type": "text/plain" })).toEqual([415, "http.content_type"]);
  for (const length of ["5000000", "-1", "many"])
    expect(await refused({ "content-length": length })).toEqual([413, "http.too_large"]);
  expect(await refused({}, "PUT")).toEqual([405, "http.method"]);
  const named = await session();
  expect(await refused({ ...named, accept: "text/html" }, "GET")).toEqual([406, "mcp.accept"]);
  expect((await ask(null, named, "GET")).status).toBe(200);
  expect(await refused(named, "GET")).toEqual([409, "mcp.stream"]);
  expect(await refused({ ...named, "last-event-id": "1" }, "GET")).toEqual([400, "mcp.resume"]);
  expect((await ask(null, named, "DELETE")).status).toBe(204);
  expect(await refused(named, "DELETE")).toEqual([404, "mcp.session"]);
  // Whoever has a key is in the log with every one of these; who has none is not.
  expect(await tried(one)).toEqual([
    ...Array(4).fill("deny mcp_malformed"),
    ...Array(3).fill("deny mcp_too_large"),
    ...Array(3).fill("deny mcp_malformed"),
    "deny mcp_unknown_session",
  ]);
});

test("a session may stand behind another of its key, as another agent, and ends with it", async () => {
  const { ports } = manualClock();
  const one = await desk({ sessionsMax: 8 }, { ports });
  const { ask, both, governor } = one;
  const as = (agent: string, more = {}) => ({ ...both, "polity-agent": agent, ...more });
  const refused = async (headers: Record<string, string>) => (await ask(INITIALIZE, headers)).code;
  // Of several agents one has to be named, and nobody else.
  for (const said of ["", "Agent::", "Agent::mallory", "User::ada", 'Agent::"ada']) {
    expect(await refused(as(said))).toBe("api_key.scope");
  }
  expect(await refused(both)).toBe("api_key.scope");
  const parent = (await ask(INITIALIZE, as("Agent::ada"))).id;
  // Another key's session hands nothing on, and no session at all does not either.
  expect(await refused({ "polity-parent": parent })).toBe("mcp.session");
  expect(await refused(as("Agent::bob", { "polity-parent": "session-9" }))).toBe("mcp.session");
  const child = (await ask(INITIALIZE, as('Agent::"bob"', { "polity-parent": parent }))).id;
  const [ada, bob] = governor.executions();
  expect([bob?.agent, bob?.parent]).toEqual([BOB, ada?.id]);
  // What a later request says of it changes nothing.
  const sent = await ask(pay(1, 5), as("Agent::ada", { "mcp-session-id": child }));
  expect([sent.status, sent.result.isError]).toEqual([200, undefined]);
  await governor.order(await ordering({ kind: "agent", agent: ADA }, { kind: "quarantine" }));
  await expect.poll(() => governor.executions()).toEqual([]);
  expect((await ask(pay(2, 5), { ...both, "mcp-session-id": child })).code).not.toBeNull();
  expect((await tried(one)).filter((what) => what.startsWith("allow"))).toEqual(["allow pay", "allow pay"]);
});

test("a gateway that has one agent takes no other by a header", async () => {
  const { ask, both, governor } = await desk({ agent: ADA });
  expect((await ask(INITIALIZE, { ...both, "polity-agent": "Agent::bob" })).code).toBe("api_key.scope");
  expect((await ask(INITIALIZE, { ...both, "polity-agent": "Agent::ada" })).status).toBe(200);
  expect(governor.executions().map(({ agent }) => agent)).toEqual([ADA]);
});

test("a session counts once, while its server is greeted and afterwards", async () => {
  let isSlow = true;
  const { ask, session, governor } = await desk({ connect: serverOf(() => !isSlow) });
  // Its server has not answered yet, which takes nobody else's place.
  void ask(INITIALIZE);
  await expect.poll(() => governor.executions().length).toBe(1);
  isSlow = false;
  const second = await session();
  expect(second["mcp-session-id"]).toBe("session-2");
  expect((await ask(INITIALIZE)).code).toBe("mcp.sessions");
  expect((await ask(null, second, "DELETE")).status).toBe(204);
  expect((await session())["mcp-session-id"]).toBe("session-3");
});

test("who is contained has no session; a server that cannot be started leaves no execution", async () => {
  const connect = () => {
    throw new Error("forced");
  };
  const { ports } = manualClock();
  const { ask, governor } = await desk({ connect }, { ports });
  const broken = await ask(INITIALIZE);
  expect([broken.status, broken.code]).toEqual([500, "http.failed"]);
  expect(governor.executions()).toEqual([]);
  await governor.order(await ordering({ kind: "agent", agent: ADA }, { kind: "quarantine" }));
  const contained = await ask(INITIALIZE);
  expect([contained.status, contained.code]).toEqual([403, "subject.quarantined"]);
});

test("what is held outlives the gateway, and not a session that its client ends", async () => {
  const first = await desk();
  const ended = await first.session();
  expect((await first.ask(pay(1, 600), ended)).result.isError).toBe(true);
  expect(first.governor.approvals()).toHaveLength(1);
  await first.ask(null, ended, "DELETE");
  expect(first.governor.approvals()).toEqual([]);
  const named = await first.session();
  await first.ask(pay(1, 700), named);
  const [pending] = first.governor.approvals();
  await first.api.drain();
  const closing = await first.ask(INITIALIZE);
  expect([closing.status, closing.code]).toEqual([503, "http.closing"]);
  await first.close();
  const second = await desk({}, { dir: first.dir });
  expect(second.governor.approvals()).toEqual([pending]);
  // The same call, in a session of the same agent, goes on with it.
  const { result } = await second.ask(pay(1, 700), await second.session());
  expect(result.structuredContent.pending.id).toBe(pending!.id);
});

test("a server that will not be greeted has no session, and its execution has failed", async () => {
  const error = { code: -32000, message: "go away" };
  const connect: ListenOptions["connect"] = ({ message, closed }) => ({
    send: (asked) => asked.kind === "request" && message({ kind: "error", id: asked.id, error }),
    close: async () => closed("it was told to end"),
  });
  const one = await desk({ connect });
  await one.ask(INITIALIZE);
  const last = async () => (await one.entries()).at(-1);
  await expect.poll(last).toMatchObject({ kind: "execution", phase: "end", status: "failed" });
  expect(await tried(one)).toEqual(["deny mcp_upstream_refused"]);
});

test("a governor that has stopped opens no session", async () => {
  const { ask, governor } = await desk();
  await governor.close();
  const said = await ask(INITIALIZE);
  expect([said.status, said.code]).toEqual([503, "governor.stopped"]);
});

test("no key of several has all sessions, and what it tries beyond its share is in the log", async () => {
  const one = await desk();
  const { ask, by } = one;
  const begin = async (headers = {}) => {
    const { status, code } = await ask(INITIALIZE, headers);
    return code ?? status;
  };
  expect([await begin(), await begin(), await begin()]).toEqual([200, 200, "mcp.sessions"]);
  // Half of what the first leaves.
  expect([await begin(by.other), await begin(by.other)]).toEqual([200, "mcp.sessions"]);
  expect(await tried(one)).toEqual(["deny mcp_too_many", "deny mcp_too_many"]);
});

test("a key of another agent opens nothing here, which is in the log as that agent's", async () => {
  const one = await desk({ agent: ADA });
  const said = await one.ask(INITIALIZE, one.by.strange);
  expect([said.status, said.code]).toEqual([403, "api_key.scope"]);
  expect(await tried(one)).toEqual(["deny mcp_key_scope"]);
  const [begun] = await one.entries();
  expect(begun).toMatchObject({ kind: "execution", phase: "begin", agent: BOB });
});

test("bodies that come slowly leave room for those of others", async () => {
  const { ask, by } = await desk();
  let end: () => void = () => {};
  const slow = new Promise<void>((resolve) => {
    end = resolve;
  });
  const trickling = async () => {
    await slow;
    return Buffer.from("{}");
  };
  const answers = Array.from({ length: 16 }, () => ask(null, {}, "POST", trickling));
  expect((await ask(INITIALIZE)).code).toBe("http.busy");
  expect((await ask(INITIALIZE, by.other)).status).toBe(200);
  end();
  const codes = (await Promise.all(answers)).map(({ code }) => code);
  expect(codes.filter((code) => code === "http.busy")).toHaveLength(8);
  expect((await ask(INITIALIZE)).status).toBe(200);
});
