/** What listens, as a process with few files to open: floods take neither its log nor its other clients. */
import { readdirSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { SERVER } from "./support/raw-gateway.ts";
import { serveDesk, startServe } from "./support/serve-process.ts";

const LONG_MS = 120_000;
const WAIT = { timeout: 30_000 };
const FILES_MAX = 96;
const POLICY = `polity 1
policy test.doors version 1
entity Agent
subject agent: Agent
action enter { door: int 0..9 }
allow low on enter when door < 5
`;
const FACTS = JSON.stringify({ entities: [{ type: "Agent", id: "a1" }] });
const GOVERNED = ["--policy", "doors.pol", "--facts", "facts.json"];

const desk = serveDesk({ "doors.pol": POLICY, "facts.json": FACTS, "server.mjs": SERVER });
const key = desk.apiKey("agent", "decide", "execute");

const portOf = (url: string) => Number(new URL(url).port);

/** Handles of a process, where the system says. */
function filesOf(pid: number | undefined): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** Connections on which nothing is ever said, and how many of them are closed. */
function silent(url: string, count: number) {
  let closed = 0;
  const sockets: Socket[] = [];
  for (let at = 0; at < count; at += 1) {
    const socket = connect(portOf(url), "127.0.0.1").on("error", () => undefined);
    socket.on("close", () => {
      closed += 1;
    });
    sockets.push(socket);
  }
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(end);
  return { closed: () => closed, end };
}

/** What comes back until the other side ends it. */
function said(url: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let all = "";
    const socket = connect(portOf(url), "127.0.0.1").setEncoding("latin1");
    socket.on("data", (piece: string) => {
      all += piece;
    });
    socket.on("error", () => undefined).on("close", () => resolve(all));
    socket.write(text);
  });
}

test("more connections than files leave the log what it needs, and who was there is answered", {
  timeout: LONG_MS,
}, async () => {
  const served = await startServe(desk, key, GOVERNED, { filesMax: FILES_MAX });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const decide = () =>
    new Promise<string>((resolve, reject) => {
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
      const asked = request(`${served.url}/v1/decide`, { agent, method: "POST", headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
        });
        response.on("end", () => resolve(JSON.parse(text).code));
      });
      asked.on("error", reject).end(JSON.stringify({ action: "enter", fields: { agent: "a1", door: 1 } }));
    });
  expect(await decide()).toBe("rule");
  const flood = silent(served.url, 4 * FILES_MAX);
  await expect.poll(flood.closed, WAIT).toBeGreaterThan(3 * FILES_MAX);
  const codes = new Map<string, number>();
  for (let at = 0; at < 400; at += 1) {
    const code = await decide();
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect([...codes]).toEqual([["rule", 400]]);
  expect(filesOf(served.process.pid)).toBeLessThan(FILES_MAX);
  flood.end();
  await expect
    .poll(
      () =>
        served.ask("GET", "/readyz").then(
          ({ status }) => status,
          () => 0,
        ),
      WAIT,
    )
    .toBe(200);

  const head = "POST /v1/decide HTTP/1.1\r\nhost: 127.0.0.1\r\n";
  const own = `${head}authorization: Bearer ${key}\r\ncontent-type: application/json\r\n`;
  const odd = await Promise.all([
    said(served.url, `${head}x: ${"y".repeat(20_000)}\r\n\r\n`),
    said(served.url, `${own}content-length: 99999999999\r\n\r\n`),
    said(served.url, `${own}transfer-encoding: chunked\r\n\r\n200000\r\n${"z".repeat(0x200000)}`),
    said(served.url, "\u0016\u0003\u0001 hello\r\n\r\n"),
  ]);
  const statuses = odd.map((text) => text.slice(9, 12));
  expect(statuses).toEqual(["431", "413", "413", "400"]);
  expect(await decide()).toBe("rule");
  // A log that is gone is no log, and whoever asks whether this answers is told so.
  rmSync(join(desk.dir, "decisions"), { recursive: true });
  await expect.poll(decide, { ...WAIT, interval: 1 }).toBe("host.log_failed");
  const unready = await served.ask("GET", "/readyz");
  expect([unready.status, unready.body.reason]).toEqual([503, expect.stringContaining("takes nothing more")]);
});

test("sessions that are opened and left are as many as may be, and whoever had one goes on", {
  timeout: LONG_MS,
}, async () => {
  const command = ["gateway", "mcp"];
  const behind = ["--", process.execPath, "server.mjs"];
  const options = [...GOVERNED, "--server", "doors", "--agent", "Agent::a1"];
  const tooMany = startServe(desk, key, [...options, "--sessions", "1000", ...behind], {
    command,
    log: "sessions",
  });
  await expect(tooMany).rejects.toThrow("1000 sessions need 4128 open files");
  const some = [...options, "--sessions", "6", ...behind];
  const served = await startServe(desk, key, some, { command, log: "sessions", filesMax: 160 });
  const ask = async (method: string, params: object, session: string | null = null) => {
    const response = await fetch(served.url, {
      method: "POST",
      headers: {
        ...{ authorization: `Bearer ${key}`, connection: "close", "content-type": "application/json" },
        ...{ accept: "application/json, text/event-stream" },
        ...(session !== null && { "mcp-session-id": session }),
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: session === null ? 0 : 1, method, params }),
    });
    const id = response.headers.get("mcp-session-id");
    return { status: response.status, id, text: await response.text() };
  };
  const greet = () => ask("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: {} });
  const first = await greet();
  const files = filesOf(served.process.pid);
  const others = await Promise.all(Array.from({ length: 30 }, greet));
  const refused = others.filter(({ status }) => status === 429);
  expect([others.length - refused.length, refused.length]).toEqual([5, 25]);
  expect(refused.every(({ text }) => text.includes("mcp.sessions"))).toBe(true);
  // Two pipes for each session; connections come and go.
  await expect.poll(() => filesOf(served.process.pid), WAIT).toBeLessThanOrEqual(files + 2 * 5 + 4);
  const giant = await ask("tools/call", { name: "x".repeat(4 * 1024 * 1024) }, first.id);
  expect([giant.status, giant.text.includes("http.too_large")]).toEqual([413, true]);
  const entered = await ask("tools/call", { name: "enter", arguments: { door: 1 } }, first.id);
  expect([entered.status, entered.text]).toEqual([200, expect.stringContaining('"text":"x"')]);
  expect(await served.end()).toBe("SIGTERM");
  const entries = desk.pol("log", "export", "sessions").trim().split("\n");
  const ends = entries.map((line) => JSON.parse(line).entry).filter(({ kind }) => kind === "execution");
  const count = (phase: string) => ends.filter((entry) => entry.phase === phase).length;
  expect([count("begin"), count("end")]).toEqual([31, 31]);
});
