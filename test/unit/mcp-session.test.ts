/** One session between a client and a server, without processes: how it ends, and what is too much. */
import { PassThrough } from "node:stream";
import { makeCalls } from "@polity/gateway/mcp/calls.ts";
import { catalogOf } from "@polity/gateway/mcp/catalog.ts";
import type { Message } from "@polity/gateway/mcp/message.ts";
import { openSession, type Session } from "@polity/gateway/mcp/session.ts";
import { serveStdio } from "@polity/gateway/mcp/stdio.ts";
import { listForClient, makeListing, tellListing } from "@polity/gateway/mcp/tool-list.ts";
import type { UpstreamEvents } from "@polity/gateway/mcp/upstream.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ADA, governed } from "../support/governing.ts";

const inputSchema = {
  type: "object",
  properties: { amount: { type: "integer" }, to: { type: "string" } },
  required: ["amount", "to"],
};
const RESULTS: Readonly<Record<string, object>> = {
  initialize: { protocolVersion: "2025-11-25", capabilities: { tools: {} } },
  "tools/list": { tools: [{ name: "pay", inputSchema }] },
};
const pay = (id: number) => {
  const params = { name: "pay", arguments: { amount: 1, to: "shop" } };
  return JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
};

/** Over streams, as a client that has started the gateway; the server answers nothing but its tools. */
async function desk(maySpeak: () => Promise<void> = async () => {}) {
  const one = await governed();
  const beginning = { agent: ADA, purpose: null, parent: null, attestation: null };
  const began = await one.governor.begin({ ...beginning, zone: "eu" });
  if (!began.ok) throw new Error(began.message);
  const { execution } = began;
  const authorize: typeof execution.authorize = async (step) => {
    if (step.action.startsWith("mcp_")) await maySpeak();
    return execution.authorize(step);
  };
  const [input, output] = [new PassThrough(), new PassThrough()];
  const got: Message[] = [];
  const told: string[] = [];
  output.on("data", (bytes) => told.push(String(bytes)));
  let server!: UpstreamEvents;
  let session!: Session;
  const open = (toClient: (message: Message) => void) => {
    session = openSession({
      ...{ governor: one.governor, execution: { ...execution, authorize }, server: "bank", pins: null },
      ...{ catalog: catalogOf(one.host), sha256: nodeCrypto.sha256, toClient, log: () => {} },
      connect(events) {
        server = events;
        return {
          send(message) {
            got.push(message);
            const result = message.kind === "request" ? RESULTS[message.method] : undefined;
            if (message.kind === "request" && result !== undefined)
              queueMicrotask(() => events.message({ kind: "result", id: message.id, result: { ...result } }));
          },
          close: async () => {},
        };
      },
    });
    return session;
  };
  const ended = serveStdio(open, input, output);
  return {
    ...{ ...one, input, output, got, told, server, session, ended },
    say: (...lines: readonly string[]) => input.write(lines.map((line) => `${line}\n`).join("")),
    calls: () => got.filter((sent) => sent.kind === "request" && sent.method === "tools/call"),
    /** What was tried, what came of it, and how it all ended. */
    async written() {
      return (await one.entries()).map((entry) => {
        if (entry.kind === "decision") return `${entry.action} ${entry.verdict}`;
        return entry.kind === "outcome" || entry.kind === "execution" ? `${entry.kind} ${entry.status}` : "";
      });
    },
  };
}

test("a server that fails ends its execution as failed, by name; whoever waited is told", async () => {
  const { say, calls, server, ended, told, written } = await desk();
  say(pay(1));
  await expect.poll(() => calls().length).toBe(1);
  server.closed("the server ended (SIGKILL)", "upstream.ended");
  expect(await ended).toContain("SIGKILL");
  expect(JSON.parse(told.join(""))).toMatchObject({ id: 1, error: { data: { code: "upstream.ended" } } });
  const [begun, allowed, ...rest] = await written();
  expect([begun, allowed, rest.pop()]).toEqual(["execution null", "pay allow", "execution failed"]);
  expect(rest.sort()).toEqual(["mcp_upstream_ended deny", "outcome failed"]);
});

test("a client that ends, or is stopped, has not failed", async () => {
  const { input, ended, written } = await desk();
  input.end();
  expect(await ended).toBe("the client has ended");
  expect(await written()).toEqual(["execution null", "execution succeeded"]);
});

test("a message of a client that is too large is refused, logged and never passed", async () => {
  const { input, say, got, ended, written } = await desk();
  input.write(new Uint8Array(4 * 1024 * 1024 + 1).fill(0x20));
  say(pay(1));
  expect(await ended).toContain("more than 4194304 bytes");
  expect(got).toEqual([]);
  expect(await written()).toEqual(["execution null", "mcp_too_large deny", "execution failed"]);
});

test("a client that does not read has its session closed, with what waits bounded", async () => {
  const { output, session, server, ended, written } = await desk();
  output.pause();
  const data = "x".repeat(3 * 1024 * 1024);
  let sent = 0;
  void session.closed.then(() => {
    sent += 1_000;
  });
  for (; sent < 20; sent += 1) {
    server.message({ kind: "notification", method: "notifications/message", params: { data } });
  }
  expect(await ended).toContain("does not read");
  expect(output.writableLength).toBeLessThan(40 * 1024 * 1024);
  expect(await written()).toEqual(["execution null", "mcp_unread deny", "execution failed"]);
});

test("whoever tries faster than the log takes it is read no further until it has", async () => {
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { input, say, written, ended } = await desk(() => held);
  const strange = JSON.stringify({ jsonrpc: "2.0", method: "notifications/strange" });
  for (let at = 0; at < 300; at += 1) {
    say(strange);
    await new Promise(setImmediate);
  }
  expect(input.isPaused()).toBe(true);
  // Nothing of that is lost.
  release();
  await expect.poll(() => input.isPaused()).toBe(false);
  input.end();
  await ended;
  const tried = (await written()).filter((one) => one === "mcp_unknown_method deny");
  expect(tried).toHaveLength(300);
});

test("a server that tries faster than the log takes it is to be read no further, either", async () => {
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { server, session, written } = await desk(() => held);
  const strange = (at: number) => server.message({ kind: "notification", method: `x${at}`, params: null });
  const sample = { kind: "request", id: 1, method: "sampling/createMessage", params: {} } as const;
  for (let at = 0; at < 255; at += 1) strange(at);
  expect(server.pressed()).toBeNull();
  server.message(sample);
  const relieved = server.pressed();
  expect(relieved).not.toBeNull();
  release();
  await relieved;
  await expect.poll(server.pressed).toBeNull();
  await session.close("the test is over");
  const tried = (await written()).filter((one) => /^mcp_(unknown_method|sample) deny$/.test(one));
  expect(tried).toHaveLength(256);
});

test("a server that goes on with what nobody lets pass fills no log: its session ends", async () => {
  const { server, ended, written } = await desk();
  for (let at = 0; at < 5_000; at += 1) {
    if (at % 2 === 0) server.message({ kind: "notification", method: "x/y", params: null });
    else server.message({ kind: "request", id: at, method: "sampling/createMessage", params: {} });
  }
  expect(await ended).toContain("upstream.flood");
  const all = await written();
  expect(all.at(-1)).toBe("execution failed");
  expect(all).toContain("mcp_upstream_flood deny");
  expect(all.filter((one) => /^mcp_(unknown_method|sample) /.test(one)).length).toBe(512);
});

test("a session that was closed answers so", async () => {
  const { session } = await desk();
  const closing = session.close("the test is over");
  const answers: Message[] = [];
  session.receive(new TextEncoder().encode(pay(7)), (message) => answers.push(message));
  expect(answers).toMatchObject([
    { kind: "error", id: 7, error: { message: expect.stringContaining("closed") } },
  ]);
  await closing;
});

test("a list that changes again and again is asked for once at a time, and told once", async () => {
  let [asked, problem]: [number, string | null] = [0, null];
  const answers: (() => void)[] = [];
  const told: (string | null)[] = [];
  const listing = makeListing(
    () => {
      asked += 1;
      return new Promise((resolve) => answers.push(() => resolve(problem)));
    },
    (said) => told.push(said),
  );
  const first = listing.listed();
  const all = Array.from({ length: 100 }, listing.relist);
  expect([asked, new Set(all).size, listing.listed()]).toEqual([1, 1, all[0]]);
  answers[0]!();
  expect(await first).toBeNull();
  await expect.poll(() => asked).toBe(2);
  // It has begun already: what changes now may not be in it.
  const third = listing.relist();
  problem = "none";
  answers[1]!();
  expect(await all[0]).toBe("none");
  await expect.poll(() => asked).toBe(3);
  answers[2]!();
  expect([await third, await listing.listed(), told]).toEqual(["none", "none", [null, "none", "none"]]);
  const lines: string[] = [];
  const strange = { definition: { name: "t" }, isAccepted: false };
  const tell = tellListing({ all: () => [strange] } as never, (line) => lines.push(line));
  for (let at = 0; at < 3; at += 1) tell("none");
  expect(lines).toHaveLength(2);
});

test("a list of tools is bounded as a whole, whatever its pages are", async () => {
  const pages = async (page: (nth: number) => object) => {
    let count = 0;
    const calls = makeCalls((sent) => {
      count += 1;
      const result = { nextCursor: "more", ...page(count) };
      queueMicrotask(() => calls.settle({ kind: "result", id: (sent as { id: number }).id, result }));
    });
    const tools = { replace: () => "taken" } as unknown as Parameters<typeof listForClient>[1];
    return `${await listForClient(calls, tools)} (${count})`;
  };
  const large = "x".repeat(6 * 1024 * 1024);
  expect(await pages(() => ({ tools: [{ description: large }] }))).toBe(
    "it has more than 16777216 characters (3)",
  );
  expect(await pages(() => ({ tools: Array(500).fill({}) }))).toBe("there are more than 1024 tools (3)");
  expect(await pages(() => ({}))).toBe("it has too many pages (65)");
  expect(await pages((nth) => (nth === 3 ? { nextCursor: undefined } : {}))).toBe("taken (3)");
});

test("a session is initialized once, and a server's requests that pass have nothing with them", async () => {
  const { say, got, told, server, session, written } = await desk();
  const hello = (id: number) => JSON.stringify({ jsonrpc: "2.0", id, method: "initialize", params: {} });
  say(hello(1), hello(2));
  await expect.poll(() => told.join("")).toContain("initialized already");
  expect(got.filter((sent) => sent.kind === "request")).toHaveLength(1);
  server.message({ kind: "request", id: 7, method: "roots/list", params: { prompt: "do as I say" } });
  await expect.poll(() => told.join("")).toContain("roots/list");
  expect(told.join("")).not.toContain("do as I say");
  await session.close("the test is over");
  expect(await written()).toContain("mcp_malformed deny");
});

test("what passes unjudged has the types of the protocol, and nothing comes with it", async () => {
  const { say, got, told, written, session } = await desk();
  const ask = (id: number, method: string, params: object) =>
    JSON.stringify({ jsonrpc: "2.0", id, method, params });
  const tell = (method: string, params: object) => JSON.stringify({ jsonrpc: "2.0", method, params });
  say(
    ask(1, "initialize", { protocolVersion: { secret: 1 } }),
    ask(2, "resources/list", { cursor: { secret: 1 } }),
    ask(3, "logging/setLevel", { level: ["secret"] }),
    ask(4, "resources/unsubscribe", { uri: 1 }),
    tell("notifications/progress", { progressToken: 1, progress: { secret: 1 } }),
    tell("notifications/progress", { progressToken: 1, progress: 1, message: { secret: 1 } }),
    tell("notifications/progress", { progressToken: "secret".repeat(100), progress: 1 }),
  );
  await expect.poll(() => told.length).toBe(4);
  await session.close("the test is over");
  expect(got).toEqual([]);
  const tried = (await written()).filter((one) => one === "mcp_malformed deny");
  expect(tried).toHaveLength(7);
});

describe("a request that nobody answers", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  test("fails after 15 minutes, and its answer is not wanted any more", async () => {
    const sent: Message[] = [];
    const calls = makeCalls((message) => sent.push(message));
    const [late, answered] = [calls.send("tools/call", {})!, calls.send("tools/call", {})!];
    calls.settle({ kind: "result", id: answered.id, result: {} });
    await vi.advanceTimersByTimeAsync(15 * 60_000 + 1);
    expect(await late.reply).toMatchObject({ error: { data: { code: "upstream.late" } } });
    expect(await answered.reply).toEqual({ result: {} });
    const { id: requestId } = late;
    expect(sent.slice(2)).toMatchObject([{ method: "notifications/cancelled", params: { requestId } }]);
    // One that comes all the same is no answer that nobody has asked for.
    expect(calls.settle({ kind: "result", id: late.id, result: {} })).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
