/** A server that is asked over HTTP, and whatever it may do instead of answering: each has its code. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readEvents } from "@polity/gateway/mcp/event-stream.ts";
import type { Message } from "@polity/gateway/mcp/message.ts";
import { connectServer } from "@polity/gateway/mcp/server-http.ts";
import { UPSTREAM_CODES } from "@polity/gateway/mcp/upstream-codes.ts";
import { againAfter } from "@polity/gateway/mcp/upstream-exchange.ts";
import type { Limits } from "@polity/gateway/mcp/upstream-link.ts";
import { expect, onTestFinished, test, vi } from "vitest";

interface Got {
  readonly method: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Answer = (response: ServerResponse, got: Got, nth: number) => void;

const EVENTS = { "content-type": "text/event-stream" };
const JSON_TYPE = { "content-type": "application/json" };
const result = (id: number, value: object = {}) => JSON.stringify({ jsonrpc: "2.0", id, result: value });
const hello = (response: ServerResponse) => {
  response.writeHead(200, { ...JSON_TYPE, "mcp-session-id": "s-1" });
  response.end(result(0, { protocolVersion: "2025-11-25", capabilities: {} }));
};

/** A server with these ways to answer: `initialize`, other requests, and GET. */
async function scripted(post: Answer, get: Answer = (response) => response.writeHead(405).end()) {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (bytes) => {
      body += bytes;
    });
    request.on("end", () => {
      const one = { method: request.method ?? "", headers: request.headers, body };
      got.push(one);
      if (one.method === "DELETE") response.writeHead(200).end();
      else if (one.method === "GET") get(response, one, got.filter(({ method }) => method === "GET").length);
      else if (body.includes('"initialize"')) hello(response);
      else if (!body.includes('"id"')) response.writeHead(202).end();
      else post(response, one, got.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { got, server, url: new URL(`http://127.0.0.1:${port}/mcp`) };
}

function connected(
  url: URL,
  limits: Partial<Limits> = {},
  token: string | null = "t-1",
  pressed: () => Promise<void> | null = () => null,
) {
  const messages: Message[] = [];
  const logged: string[] = [];
  const closed: (string | undefined)[] = [];
  const upstream = connectServer(
    {
      url,
      token: () => ({ ok: true, token }),
      log: (line) => logged.push(line),
      limits: { againMs: 5, ...limits },
    },
    {
      message: (message) => messages.push(message),
      closed: (why, code) => closed.push(code ?? why),
      pressed,
    },
  );
  onTestFinished(() => upstream.close());
  const request = (id: number, method = "tools/call") =>
    upstream.send({ kind: "request", id, method, params: {} });
  const begin = async () => {
    request(0, "initialize");
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    upstream.send({ kind: "notification", method: "notifications/initialized", params: null });
  };
  /** The code that request 1 is answered with, or that the session is closed with. */
  const ends = async () => {
    await begin();
    request(1);
    await vi.waitFor(() => expect(messages.length + closed.length).toBeGreaterThan(1), 5_000);
    const [, last] = messages;
    if (closed.length > 0) return closed[0];
    return last?.kind === "error" ? (last.error.data as { code: string }).code : last?.kind;
  };
  return { upstream, messages, logged, closed, request, begin, ends };
}

test("answers come as JSON or as events, in a session that is ended with it", async () => {
  const { got, url } = await scripted((response, { body }) => {
    const { id } = JSON.parse(body) as { readonly id: number };
    if (id === 1) response.writeHead(200, JSON_TYPE).end(result(1));
    else {
      response.writeHead(200, EVENTS);
      response.write(
        ': hello\r\n\r\nevent: other\ndata: {}\n\nid: e-1\ndata:\n\ndata: {"jsonrpc":"2.0",\r\n',
      );
      response.write('data: "method":"notifications/message"}\r\n\r');
      response.end(`\nevent: message\ndata:${result(2)}\n\n`);
    }
  });
  const { upstream, messages, request, begin, closed } = connected(url);
  await begin();
  request(1);
  request(2);
  await vi.waitFor(() => expect(messages).toHaveLength(4));
  expect(messages.map(({ kind }) => kind).sort()).toEqual(["notification", "result", "result", "result"]);
  await upstream.close();
  expect(closed).toEqual(["the gateway has ended it"]);
  const [first, ...rest] = got;
  expect(first?.headers["mcp-session-id"]).toBeUndefined();
  expect(rest.every(({ headers }) => headers["mcp-session-id"] === "s-1")).toBe(true);
  expect(rest.every(({ headers }) => headers["mcp-protocol-version"] === "2025-11-25")).toBe(true);
  expect(got.every(({ headers }) => headers.authorization === "Bearer t-1")).toBe(true);
  expect(rest[0]?.body).toContain("notifications/initialized");
  expect(got.at(-1)?.method).toBe("DELETE");
});

type Way = readonly [code: string, answer: Answer, limits?: Partial<Limits>];

const MEGABYTE = "x".repeat(1024 * 1024);
const WAYS: readonly Way[] = [
  ["upstream.unauthorized", (response) => response.writeHead(401).end()],
  ["upstream.unauthorized", (response) => response.writeHead(403).end()],
  ["upstream.status", (response) => response.writeHead(400).end()],
  ["upstream.status", (response) => response.writeHead(503).end()],
  ["upstream.status", (response) => response.writeHead(202).end()],
  ["upstream.redirect", (response) => response.writeHead(307, { location: "/elsewhere" }).end()],
  ["upstream.session", (response) => response.writeHead(404).end()],
  [
    "upstream.content_type",
    (response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>"),
  ],
  [
    "upstream.content_type",
    (response) => response.writeHead(200, { ...JSON_TYPE, "content-encoding": "br" }).end("x"),
  ],
  ["upstream.malformed", (response) => response.writeHead(200, JSON_TYPE).end(`[${result(1)}]`)],
  [
    "upstream.malformed",
    (response) => response.writeHead(200, JSON_TYPE).end('{"jsonrpc":"2.0","id":1,"id":2,"result":{}}'),
  ],
  ["upstream.malformed", (response) => response.writeHead(200, EVENTS).end("data: hello\n\n")],
  ["upstream.malformed", (response) => response.socket?.end("nonsense\r\n\r\n")],
  ["upstream.cut", (response) => response.writeHead(200, EVENTS).end()],
  ["upstream.cut", (response) => response.destroy()],
  [
    "upstream.cut",
    (response) =>
      response
        .writeHead(200, { ...JSON_TYPE, "content-length": "99" })
        .write('{"js', () => response.destroy()),
  ],
  ["upstream.late", () => {}, { answerMs: 50 }],
  ["upstream.late", (response) => response.writeHead(200, EVENTS).flushHeaders(), { answerMs: 50 }],
  ["upstream.too_large", (response) => pour(response, JSON_TYPE)],
  ["upstream.too_large", (response) => pour(response, EVENTS)],
];

/** Without an end. */
function pour(response: ServerResponse, headers: Record<string, string>): void {
  response.on("error", () => {});
  response.writeHead(200, headers);
  const more = () => {
    if (response.destroyed) return;
    response.write(MEGABYTE, more);
  };
  response.write("data: ", more);
}

test.each(WAYS.map(([code, ...way]) => ({ code, way })))("$code", async ({ code, way }) => {
  const [answer, limits = {}] = way;
  const { url, got } = await scripted(answer);
  const { ends, request, messages, closed } = connected(url, limits);
  expect(await ends()).toBe(code);
  // Nothing that may have arrived is sent again.
  expect(got.filter(({ body }) => body.includes("tools/call"))).toHaveLength(1);
  if (UPSTREAM_CODES[code as keyof typeof UPSTREAM_CODES].ends === "the session") {
    const before = messages.length;
    request(2);
    await vi.waitFor(() => expect(got.at(-1)?.method).toBe("DELETE"));
    expect([messages.length, closed.length]).toEqual([before, 1]);
  }
});

test("nobody there, a token that is of no use, and a server that takes nothing", async () => {
  const { url, server } = await scripted(() => {});
  const mute = connected(url, { sendMs: 100 });
  await mute.begin();
  server.on("connection", (socket) => socket.pause());
  for (let id = 1; id < 30; id += 1)
    mute.upstream.send({
      kind: "notification",
      method: "notifications/progress",
      params: { text: MEGABYTE },
    });
  await vi.waitFor(() => expect(mute.closed).toEqual(["upstream.backlog"]));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const nobody = connected(url);
  nobody.request(1);
  await vi.waitFor(() =>
    expect(nobody.messages).toMatchObject([{ error: { data: { code: "upstream.unreachable" } } }]),
  );
  const messages: Message[] = [];
  const place = { url, token: () => ({ ok: false, message: "it is gone" }) as const, log: () => {} };
  const lost = connectServer(place, {
    message: (one) => messages.push(one),
    closed: () => {},
    pressed: () => null,
  });
  lost.send({ kind: "request", id: 1, method: "ping", params: null });
  await vi.waitFor(() => expect(messages).toMatchObject([{ error: { data: { code: "upstream.token" } } }]));
  await lost.close();
});

test("a stream that may be resumed is, and never asks for the call again", async () => {
  const primed: Answer = (response) => response.writeHead(200, EVENTS).end("id: e-1\nretry: 5\ndata:\n\n");
  const { url, got } = await scripted(primed, (response, { headers }, nth) => {
    if (headers["last-event-id"] === undefined) response.writeHead(405).end();
    else if (nth < 4) response.writeHead(200, EVENTS).end("id: e-2\ndata:\n\n");
    else response.writeHead(200, EVENTS).end(`data: ${result(1)}\n\n`);
  });
  expect(await connected(url).ends()).toBe("result");
  const resumed = got.flatMap(({ headers }) => headers["last-event-id"] ?? []);
  expect(resumed).toEqual(["e-1", "e-2", "e-2"]);
  expect(got.filter(({ body }) => body.includes("tools/call"))).toHaveLength(1);
  // Not for ever.
  const other = await scripted(primed, primed);
  expect(await connected(other.url).ends()).toBe("upstream.cut");
});

test("the server's own messages are heard, over a stream that is opened again", async () => {
  const { url } = await scripted(
    () => {},
    (response, _got, nth) => {
      if (nth === 1) response.writeHead(500).end();
      else if (nth === 2)
        response.writeHead(200, EVENTS).end('data: {"jsonrpc":"2.0","id":7,"method":"ping"}\n\n');
      else
        response.writeHead(200, EVENTS).write('data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n');
    },
  );
  const { messages, logged, begin } = connected(url);
  await begin();
  await vi.waitFor(() =>
    expect(messages.map(({ kind }) => kind)).toEqual(["result", "request", "notification"]),
  );
  expect(logged).toEqual([expect.stringContaining("upstream.status")]);
});

test("what is said faster than it can be dealt with is read no further until it is", async () => {
  const note = 'data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n';
  const { url } = await scripted(
    () => {},
    (response) => {
      response.writeHead(200, EVENTS);
      response.write(note.repeat(50_000));
    },
  );
  let relieve: () => void = () => {};
  let asked = 0;
  const relieved = new Promise<void>((resolve) => {
    relieve = resolve;
  });
  const { messages, begin } = connected(url, {}, null, () => {
    asked += 1;
    return asked > 1 ? null : relieved;
  });
  await begin();
  await vi.waitFor(() => expect(asked).toBe(1), 30_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(messages.length).toBeLessThan(25_000);
  relieve();
  await vi.waitFor(() => expect(messages).toHaveLength(50_001), 30_000);
});

test("a server is asked again when it wants, but neither at once nor after an hour", () => {
  const link = (againMs: number) => ({ limits: { againMs } }) as Parameters<typeof againAfter>[0];
  const after = [0, 249, 251, 3_600_000].map((ms) => againAfter(link(1_000), ms, 1_000));
  expect(after).toEqual([250, 250, 251, 30_000]);
  expect([againAfter(link(1_000), null, 2_000), againAfter(link(5), 0, 5)]).toEqual([2_000, 5]);
});

test("a client that says again and again that it is ready is listened for once", async () => {
  const { url, got } = await scripted(
    () => {},
    (response) => response.writeHead(200, EVENTS).flushHeaders(),
  );
  const { begin, upstream } = connected(url);
  await begin();
  const again = { kind: "notification", method: "notifications/initialized", params: null } as const;
  for (let at = 0; at < 5; at += 1) upstream.send(again);
  const times = (text: string) => got.filter(({ body }) => body.includes(text)).length;
  await vi.waitFor(() => expect(times("notifications/initialized")).toBe(6));
  // Asked after all of them: what they have led to is there by then.
  upstream.send({ kind: "request", id: 1, method: "tools/call", params: {} });
  await vi.waitFor(() => expect(times("tools/call")).toBe(1));
  expect(got.filter(({ method }) => method === "GET")).toHaveLength(1);
});

test("at most 64 calls are there at once; what is cancelled is not asked, or not waited for", async () => {
  const open: ServerResponse[] = [];
  const { url, got } = await scripted((response) => open.push(response));
  const { upstream, request, begin, messages } = connected(url);
  await begin();
  for (let id = 1; id <= 70; id += 1) request(id);
  const calls = () => got.filter(({ body }) => body.includes("tools/call")).length;
  await vi.waitFor(() => expect(calls()).toBe(64));
  const cancel = (requestId: number) =>
    upstream.send({ kind: "notification", method: "notifications/cancelled", params: { requestId } });
  cancel(70);
  cancel(1);
  await vi.waitFor(() => expect(calls()).toBe(65));
  const told = got.filter(({ body }) => body.includes("cancelled"));
  expect(told.map(({ body }) => JSON.parse(body).params.requestId)).toEqual([1]);
  expect(messages).toHaveLength(1);
});

test("events end where the standard says, whatever pieces they come in", () => {
  const text = "data: a\r\ndata:b\rid: 1\n\n\r\n:c\ndata\ndata: x\n\nid: \u0000\ndata: y\n\ndata: no end";
  const bytes = new TextEncoder().encode(text);
  for (let size = 1; size <= bytes.length; size += 1) {
    const reader = readEvents(100);
    const events: string[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      for (const data of reader.push(bytes.subarray(at, at + size)) ?? [])
        events.push(new TextDecoder().decode(data));
    }
    expect(events).toEqual(["a\nb", "\nx", "y"]);
    expect(reader.lastId()).toBe("1");
  }
  expect(readEvents(4).push(bytes)).toBeNull();
});

test("every code has a row in docs/mcp.md", () => {
  const text = readFileSync(new URL("../../docs/mcp.md", import.meta.url), "utf8");
  const rows = Object.entries(UPSTREAM_CODES).map(([code, { ends }]) => `| \`${code}\` | ${ends} |`);
  expect(rows.filter((row) => !text.includes(row))).toEqual([]);
});
