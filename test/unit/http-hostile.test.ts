/** Clients that mean harm: nothing of theirs is decided, and others are served meanwhile. */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import type { ApiRequest } from "@polity/gateway/http/api.ts";
import { decodeApiKeys, encodeApiKeys, makeApiKey, openApiKeys } from "@polity/gateway/http/api-keys.ts";
import { openApi } from "@polity/gateway/http/open-api.ts";
import { serveApi } from "@polity/gateway/http/server.ts";
import { nodeCrypto, nodeRandomBytes } from "@polity/lineage/node/crypto.ts";
import { expect, onTestFinished, test } from "vitest";
import { certificate } from "../support/certificate.ts";
import { freshFolder } from "../support/file-log.ts";
import { keyOf, type Serving, serving } from "../support/serving.ts";

const { sha256 } = nodeCrypto;
const BODY = JSON.stringify({ action: "pay", fields: { agent: "ada", amount: 1, to: "x" } });

/** Everything that comes back over one connection until the other side ends it, or for so long. */
function raw(url: string, pieces: readonly (string | number)[], forMs = 3_000): Promise<string> {
  return new Promise((resolve) => {
    let said = "";
    const socket = connect(Number(new URL(url).port), "127.0.0.1", async () => {
      for (const piece of pieces) {
        if (typeof piece === "string") socket.write(piece);
        else await new Promise((later) => setTimeout(later, piece));
      }
    });
    const timer = setTimeout(() => socket.destroy(), forMs);
    socket.on("data", (bytes) => {
      said += bytes.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(said);
    });
  });
}

const head = (key: string, more: readonly string[], line = "POST /v1/decide HTTP/1.1") =>
  [line, "host: x", `authorization: Bearer ${key}`, ...more, "", ""].join("\r\n");
const JSON_TYPE = "content-type: application/json";

/** It still answers, and nothing was decided but this. */
async function isUnharmed({ ask, entries }: Serving, decided = 0): Promise<void> {
  expect((await ask("POST", "/v1/decide", BODY)).status).toBe(200);
  expect((await entries()).filter(({ kind }) => kind === "decision").length).toBe(decided + 1);
}

test("without a key, or with another, nothing is read and nothing is told", async () => {
  const one = await serving();
  const said = async (headers: Record<string, string>, path = "/v1/decide") => {
    const response = await fetch(`${one.url}${path}`, { method: "POST", headers, body: "{" });
    const body = (await response.json()) as { error: { code: string } };
    return [response.status, body.error.code, response.headers.get("www-authenticate") !== null];
  };
  expect(await said({})).toEqual([401, "api_key.missing", true]);
  expect(await said({}, "/v1/nothing")).toEqual([401, "api_key.missing", true]);
  expect(await said({ authorization: `Basic ${one.key}` })).toEqual([401, "api_key.missing", true]);
  expect(await said({ authorization: one.key })).toEqual([401, "api_key.missing", true]);
  for (const wrong of [
    makeApiKey(nodeRandomBytes),
    `${one.key}x`,
    one.key.slice(0, -1),
    one.key.toUpperCase(),
    "x",
  ]) {
    expect(await said({ authorization: `Bearer ${wrong}` })).toEqual([401, "api_key.unknown", true]);
  }
  await isUnharmed(one);
});

test("a header that is there twice has two readings, and counts as none", async () => {
  const one = await serving();
  const length = `content-length: ${BODY.length}`;
  const codeOf = async (...more: readonly string[]) => {
    const said = await raw(one.url, [head(one.key, [length, "connection: close", ...more]) + BODY]);
    return /"code":"([a-z_.]+)"/.exec(said)?.[1];
  };
  expect(await codeOf(JSON_TYPE)).toBe("input.missing");
  expect(await codeOf(JSON_TYPE, `authorization: Bearer ${one.key}`)).toBe("api_key.missing");
  expect(await codeOf(JSON_TYPE, "Content-Type: text/plain")).toBe("http.content_type");
  await isUnharmed(one, 1);
});

test("a service without any key does not start", async () => {
  const one = await serving();
  const options = { keys: () => openApiKeys([], sha256), operations: {} as never };
  expect(() => openApi(options)).toThrow(/no key/);
  // Nor does one whose keys would be read on the way.
  await expect(serveApi(one.api, { host: "0.0.0.0", port: 0 })).rejects.toThrow(/unencrypted/);
});

test("a key costs the same to look for wherever it is, and however much of it is right", () => {
  const rows = Array.from({ length: 500 }, (_, at) => keyOf({ name: `k${at}` }));
  const keys = openApiKeys(
    rows.map(({ row }) => row),
    sha256,
  );
  const first = rows[0]!.key;
  const near = `${first.slice(0, -1)}${first.endsWith("A") ? "B" : "A"}`;
  const asked = [first, rows.at(-1)!.key, near, makeApiKey(nodeRandomBytes)];
  const times = asked.map((): number[] => []);
  for (let round = 0; round < 60; round += 1) {
    for (const [at, key] of asked.entries()) {
      const from = process.hrtime.bigint();
      for (let again = 0; again < 10; again += 1) keys.find(key);
      times[at]!.push(Number(process.hrtime.bigint() - from));
    }
  }
  const medians = times.map((one) => one.sort((a, b) => a - b)[30]!);
  // An early end at the first key or byte would be hundreds of times faster.
  expect(Math.max(...medians) / Math.min(...medians)).toBeLessThan(2);
  expect(asked.map((key) => keys.find(key)?.name)).toEqual(["k0", "k499", undefined, undefined]);
});

test("a file of keys is read as it was written, and in no other form", () => {
  const rows = [keyOf({ name: "b" }).row, keyOf({ name: "a", agents: [{ type: "Agent", id: "x" }] }).row];
  const text = encodeApiKeys(rows);
  expect(decodeApiKeys(text)).toMatchObject({ ok: true, keys: [{ name: "a" }, { name: "b" }] });
  expect(text).not.toContain("pol_");
  for (const bad of [
    "",
    "{}",
    text.trim(),
    text.replace('"v":1', '"v":2'),
    text.replace("sha256:", "sha256:0"),
    text.replace('"may":["', '"may":["root","'),
    text.replace('"name":"a"', '"name":"b"'),
    text.replace('"name":"a"', '"name":"../a"'),
    ` ${text}`,
    text.replace('"actions":null', '"actions":[""]'),
  ]) {
    expect(decodeApiKeys(bad)).toMatchObject({ ok: false, message: expect.any(String) });
  }
});

test("bodies of another kind, too large, too deep, or no text", async () => {
  const one = await serving({ limits: { bodyBytesMax: 2_000, depthMax: 8 } });
  const post = async (
    body: string | Uint8Array,
    headers: Record<string, string> = { "content-type": "application/json" },
  ) => {
    const all = { authorization: `Bearer ${one.key}`, ...headers };
    const response = await fetch(`${one.url}/v1/decide`, {
      method: "POST",
      headers: all,
      body: body as string,
    });
    return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
  };
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonx",
    "application/json; charset=latin1",
    "application/json, text/html",
  ]) {
    expect(await post(BODY, { "content-type": type })).toEqual([415, "http.content_type"]);
  }
  const gzip = { "content-type": "application/json", "content-encoding": "gzip" };
  expect(await post(BODY, gzip)).toEqual([415, "http.content_type"]);
  expect(await post(`${BODY}${" ".repeat(2_000)}`)).toEqual([413, "http.too_large"]);
  expect(await post(`{"action":"a","fields":${"[".repeat(9)}${"]".repeat(9)}}`)).toEqual([
    400,
    "http.malformed",
  ]);
  expect(await post(Uint8Array.of(0x7b, 0xff, 0x7d))).toEqual([400, "http.malformed"]);
  expect(await post(`\ufeff${BODY}`)).toEqual([400, "http.malformed"]);
  expect(await post("")).toEqual([400, "http.malformed"]);
  expect(await post("null")).toEqual([400, "http.invalid"]);
  await isUnharmed(one);
});

test("slow senders are cut off", async () => {
  const one = await serving({ serve: { requestMs: 400, headersMs: 300 } });
  const slow = raw(one.url, [head(one.key, [JSON_TYPE, "content-length: 100"]), "{", 200, " ", 5_000]);
  const idle = raw(one.url, ["POST /v1/decide HTTP/1.1\r\nhost: x\r\n", 5_000]);
  expect(await slow).toMatch(/^HTTP\/1.1 408 [\s\S]*"http.slow"/);
  expect(await idle).toMatch(/^HTTP\/1.1 408 [\s\S]*"http.slow"/);
});

test("giant headers and chunks that never end are cut off", async () => {
  const one = await serving({ limits: { bodyBytesMax: 10_000 } });
  const giant = raw(one.url, [head(one.key, [`x: ${"y".repeat(20_000)}`])]);
  const many = raw(one.url, [
    head(
      one.key,
      Array.from({ length: 3_000 }, (_, at) => `x${at}: y`),
    ),
  ]);
  const endless = raw(one.url, [
    head(one.key, [JSON_TYPE, "transfer-encoding: chunked"]),
    ...Array.from({ length: 20 }, () => `400\r\n${" ".repeat(1024)}\r\n`),
  ]);
  const extended = raw(one.url, [
    head(one.key, [JSON_TYPE, "transfer-encoding: chunked"]),
    `1;${"x".repeat(20_000)}\r\n \r\n`,
  ]);
  expect(await giant).toMatch(/^HTTP\/1.1 431 [\s\S]*"http.headers"/);
  expect(await many).toMatch(/^HTTP\/1.1 431 [\s\S]*"http.headers"/);
  expect(await endless).toMatch(/^HTTP\/1.1 413 [\s\S]*http\.too_large/);
  expect(await extended).toMatch(/^HTTP\/1.1 413 [\s\S]*http\.too_large/);
  await isUnharmed(one);
});

test("requests that two readers would take for different ones are none", async () => {
  const one = await serving();
  const both = [JSON_TYPE, `content-length: ${BODY.length}`, "transfer-encoding: chunked"];
  const requests = [
    head(one.key, both) + BODY,
    head(one.key, [JSON_TYPE, `content-length: ${BODY.length}`, "content-length: 3"]) + BODY,
    head(one.key, [JSON_TYPE, "transfer-encoding: chunked, identity"]) + BODY,
    head(one.key, [JSON_TYPE, "content-length: +5"]) + BODY,
    head(one.key, [JSON_TYPE, "content-length : 5"]) + BODY,
    `${head(one.key, [JSON_TYPE, "transfer-encoding: chunked"])}-1\r\n${BODY}\r\n0\r\n\r\n`,
    head(one.key, [JSON_TYPE], "POST /v1/decide HTTP/9.9"),
    head(one.key, [JSON_TYPE], "BREW /v1/decide HTTP/1.1"),
    "POST /v1/decide HTTP/1.1\r\n\r\n",
    "\0\0\0\r\n\r\n",
  ];
  for (const request of requests) {
    expect(await raw(one.url, [request], 1_500), request).toMatch(/^HTTP\/1.1 400 /);
  }
  await isUnharmed(one);
});

test("pipelined requests are answered in order, each by its own key", async () => {
  const one = await serving();
  const length = `content-length: ${BODY.length}`;
  const good = head(one.key, [JSON_TYPE, length]) + BODY;
  const bad = head(makeApiKey(nodeRandomBytes), [JSON_TYPE, length]) + BODY;
  const last = head(one.key, [JSON_TYPE, length, "connection: close"]) + BODY;
  const said = await raw(one.url, [good + bad + last], 2_000);
  const statuses = [...said.matchAll(/HTTP\/1.1 ([0-9]{3}) /g)].map(([, status]) => status);
  expect(statuses.slice(0, 2)).toEqual(["200", "401"]);
});

test("more at once than may be are told to come again; waiting is counted apart", async () => {
  const one = await serving({ limits: { requestsMax: 4, waitingMax: 1 } });
  const said = await Promise.all(Array.from({ length: 40 }, () => one.ask("POST", "/v1/decide", BODY)));
  const busy = said.filter(({ status }) => status === 429);
  expect(busy.length).toBeGreaterThan(0);
  expect(busy[0]).toMatchObject({ body: { error: { code: "http.busy" } } });
  expect(busy[0]!.headers.get("retry-after")).toBe("1");
  expect(said.filter(({ status }) => status === 200).length).toBe(40 - busy.length);
  const { body } = await one.ask("POST", "/v1/executions", {
    agent: { type: "Agent", id: "ada" },
    zone: "eu",
  });
  const path = `/v1/executions/${body.id}/abort?wait=2`;
  const [first, second] = await Promise.all([one.ask("GET", path), one.ask("GET", path)]);
  expect([first.status, second.status].sort()).toEqual([200, 429]);
});

test("no key of several has all places, of requests that come slowly as of those that wait", async () => {
  const other = keyOf({ name: "other" });
  const limits = { requestsMax: 4, waitingMax: 2 };
  const one = await serving({ keys: [other.row], limits, serve: { requestMs: 3_000 } });
  const agent = { type: "Agent", id: "ada" };
  const { body } = await one.ask("POST", "/v1/executions", { agent, zone: "eu" });
  const path = `/v1/executions/${body.id}/abort?wait=2`;
  const slow = [1, 2].map(() =>
    raw(one.url, [head(one.key, [JSON_TYPE, "content-length: 100"]), "{"], 30_000),
  );
  const busy = { status: 429, body: { error: { code: "http.busy" } } };
  await expect.poll(() => one.ask("POST", "/v1/decide", BODY), { timeout: 10_000 }).toMatchObject(busy);
  expect(await one.ask("POST", "/v1/decide", BODY, other.key)).toMatchObject({ status: 200 });
  const waiting = [one.ask("GET", path), one.ask("GET", path)];
  // Where another's execution is not known, there was room to say so.
  expect(await one.ask("GET", path, undefined, other.key)).toMatchObject({ status: 404 });
  expect((await Promise.all(waiting)).map(({ status }) => status).sort()).toEqual([200, 429]);
  // They are cut off, and then there is room again.
  for (const said of await Promise.all(slow)) expect(said).toMatch(/^HTTP\/1.1 408 [\s\S]*"http.slow"/);
  expect((await one.ask("POST", "/v1/decide", BODY)).status).toBe(200);
});

test("whoever says nothing, or takes nothing of an answer, is let go", async () => {
  const signals: AbortSignal[] = [];
  const body = "x".repeat(32 * 1024 * 1024);
  const api = {
    async handle({ target, signal }: ApiRequest) {
      signals.push(signal);
      return { status: 200, headers: {}, body: target === "/whole" ? body : eventsOf(body) };
    },
    drain: async () => {},
  };
  const server = await serveApi(api, { host: "127.0.0.1", port: 0, headersMs: 300, stalledMs: 300 });
  onTestFinished(() => server.close());
  const port = Number(new URL(server.url).port);
  const open = ["/whole", "/events"].map((target) => {
    const socket = connect(port, "127.0.0.1").pause();
    socket.on("error", () => undefined).write(`GET ${target} HTTP/1.1\r\nhost: x\r\n\r\n`);
    onTestFinished(() => void socket.destroy());
    return socket;
  });
  expect(open).toHaveLength(2);
  await expect.poll(() => signals.map(({ aborted }) => aborted), { timeout: 20_000 }).toEqual([true, true]);
  expect(await raw(server.url, [], 30_000)).toMatch(/^HTTP\/1.1 408 /);
});

test("a TLS handshake that never finishes is cut off, and keeps no end waiting", async () => {
  const dir = freshFolder();
  certificate(dir, "tls", "localhost");
  const [cert, key] = ["tls.crt", "tls.key"].map((name) => readFileSync(join(dir, name), "utf8"));
  const api = { handle: async () => ({ status: 200, headers: {}, body: "" }), drain: async () => {} };
  const place = { host: "127.0.0.1", port: 0, tls: { cert: cert!, key: key! } };
  const [brief, patient] = [await serveApi(api, { ...place, headersMs: 300 }), await serveApi(api, place)];
  onTestFinished(async () => void (await Promise.all([brief.close(), patient.close()])));
  /** Nothing, the beginning of a hello, and what is none. */
  const begun = ["", "\u0016\u0003\u0001\u0002\u0000", "GET / HTTP/1.1\r\n\r\n"];
  let cut = 0;
  for (const first of begun) void raw(brief.url, [first], 60_000).then(() => (cut += 1));
  await expect.poll(() => cut, { timeout: 20_000 }).toBe(begun.length);
  await brief.close();
  // While somebody is at it, the service ends all the same.
  const left = raw(patient.url, [""], 60_000);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await patient.close();
  expect(await left).toBe("");
});

test("one connection too many is told so, and whoever was there goes on", async () => {
  const dir = freshFolder();
  certificate(dir, "tls", "localhost");
  const [cert, key] = ["tls.crt", "tls.key"].map((name) => readFileSync(join(dir, name), "utf8"));
  const api = { handle: async () => ({ status: 200, headers: {}, body: "" }), drain: async () => {} };
  const patience = { headersMs: 60_000, requestMs: 60_000, connectionsMax: 16 };
  for (const tls of [null, { cert: cert!, key: key! }]) {
    const server = await serveApi(api, { host: "127.0.0.1", port: 0, tls, ...patience });
    const all: Socket[] = [];
    onTestFinished(async () => {
      for (const socket of all) socket.destroy();
      await server.close();
    });
    const where = { port: Number(new URL(server.url).port), host: "127.0.0.1", rejectUnauthorized: false };
    const dial = () =>
      new Promise<Socket>((resolve) => {
        const socket: Socket = tls === null ? connect(where) : connectTls(where);
        all.push(socket.on("error", () => undefined).on("close", () => resolve(socket)));
        socket.on(tls === null ? "connect" : "secureConnect", () => resolve(socket));
      });
    const ask = (socket: Socket) =>
      new Promise<string>((resolve) => {
        socket.once("data", (bytes) => resolve(String(bytes))).once("close", () => resolve("closed"));
        if (socket.closed) resolve("closed");
        socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
      });
    const first = await dial();
    expect(await ask(first)).toMatch(/^HTTP\/1.1 200 /);
    const silent = [];
    while (silent.length < 13) silent.push(await dial());
    const told = await dial();
    expect(await ask(told)).toMatch(/^HTTP\/1.1 503 [\s\S]*connection: close[\s\S]*"http.crowded"/);
    await expect.poll(() => told.closed, { timeout: 20_000 }).toBe(true);
    silent.push(await dial(), await dial());
    expect(await ask(await dial())).toBe("closed");
    expect(await ask(first)).toMatch(/^HTTP\/1.1 200 /);
    for (const socket of silent) socket.destroy();
    await expect.poll(async () => ask(await dial()), { timeout: 20_000 }).toMatch(/^HTTP\/1.1 200 /);
  }
});

async function* eventsOf(text: string) {
  for (;;) yield text;
}

test("what breaks inside is told nobody outside", async () => {
  const { row, key } = keyOf();
  const failures: unknown[] = [];
  const broken = () => {
    throw new Error("secret of the service");
  };
  const api = openApi({
    keys: () => openApiKeys([row], sha256),
    operations: { decide: broken, readiness: async () => new Promise(() => {}) } as never,
    limits: { answerMsMax: 50 },
    onFailure: (error) => failures.push(error),
  });
  const header = (name: string) => (name === "authorization" ? `Bearer ${key}` : "application/json");
  const { signal } = new AbortController();
  const body = async () => Buffer.from(BODY);
  const said = await api.handle({
    method: "POST",
    target: "/v1/decide",
    header: (name) => (name === "content-encoding" ? null : header(name)),
    body,
    signal,
  });
  expect([said.status, JSON.parse(said.body as string).error.code]).toEqual([500, "http.failed"]);
  expect(said.body).not.toContain("secret");
  expect(failures).toHaveLength(1);
  const late = await api.handle({ method: "GET", target: "/readyz", header: () => null, body, signal });
  expect([late.status, JSON.parse(late.body as string).error.code]).toEqual([503, "http.late"]);
  void api.drain();
  const asked = { method: "POST", target: "/v1/decide", header, body, signal };
  const closing = await api.handle(asked);
  expect([closing.status, JSON.parse(closing.body as string).error.code]).toEqual([503, "http.closing"]);
});
