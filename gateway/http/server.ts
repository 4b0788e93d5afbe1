/** The service over HTTP/1.1, on Node: everything that comes in has a bound on size, time and number. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { type ApiRequest, type ApiResponse, refuse } from "./api.ts";
import { HTTP_CODES, type HttpCode } from "./codes.ts";
import type { Api } from "./open-api.ts";

export interface ServeOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string } | null;
  /** Keys may cross a network that others read: said by whoever has TLS in front of this. */
  readonly allowPlain?: boolean;
  /** How long a request may take to arrive whole. */
  readonly requestMs?: number;
  readonly headersMs?: number;
  /** How long a client may take nothing of an answer. */
  readonly stalledMs?: number;
  /** Each is an open file; of the last of them whoever asks is refused, and more are closed. 4,096. */
  readonly connectionsMax?: number;
  readonly onAnswer?: (answer: Answered) => void;
}

export interface Answered {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  readonly ms: number;
}

export interface ApiServer {
  /** `http://127.0.0.1:4711`. */
  readonly url: string;
  /** Takes no more requests, and resolves once those under way are answered. */
  readonly close: () => Promise<void>;
}

const CONNECTIONS_MAX = 4_096;
/** Of those that may be open: so many are there to be told that there are too many, an eighth at most. */
const CROWDED_MAX = 64;
const HEADERS_BYTES_MAX = 8 * 1024;
const HEADERS_MS = 5_000;
const REQUEST_MS = 10_000;
const IDLE_MS = 5_000;
/** Whoever takes nothing of an answer for so long is gone; longer than the beat of events. */
const STALLED_MS = 60_000;

/** Nothing leaves this machine on the way there. */
export function isLocalHost(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.[0-9]{1,3}){3}$/.test(host);
}

/** Throws a RangeError for plain HTTP beyond this machine; rejects with what the system says. */
export async function serveApi(api: Api, options: ServeOptions): Promise<ApiServer> {
  const { host, port, tls = null, allowPlain = false, requestMs = REQUEST_MS } = options;
  if (tls === null && !allowPlain && !isLocalHost(host)) {
    throw new RangeError("keys would cross the network unencrypted: give a certificate, or allow plain HTTP");
  }
  const limits = {
    maxHeaderSize: HEADERS_BYTES_MAX,
    headersTimeout: Math.min(options.headersMs ?? HEADERS_MS, requestMs),
    requestTimeout: requestMs,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: Math.min(1_000, requestMs),
    requireHostHeader: true,
    insecureHTTPParser: false,
    noDelay: true,
    handshakeTimeout: options.headersMs ?? HEADERS_MS,
  };
  const crowded = new WeakSet<Socket>();
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    void respond(crowded.has(request.socket) ? CROWDED : api, request, response, options);
  };
  const server =
    tls === null ? createServer(limits, listener) : createTlsServer({ ...limits, ...tls }, listener);
  const connectionsMax = options.connectionsMax ?? CONNECTIONS_MAX;
  const servedMax = connectionsMax - Math.min(CROWDED_MAX, Math.floor(connectionsMax / 8));
  server.maxConnections = connectionsMax;
  server.on("clientError", refuseBroken);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  // Who came before goes on; over TLS, nothing can be said before the handshake.
  server.on(tls === null ? "connection" : "secureConnection", (socket: Socket) => {
    if (sockets.size > servedMax) crowded.add(socket);
  });
  await listen(server, host, port);
  const { address, port: taken, family } = server.address() as AddressInfo;
  const shown = family === "IPv6" ? `[${address}]` : address;
  return {
    url: `${tls === null ? "http" : "https"}://${shown}:${taken}`,
    close: () => close(server, api, sockets),
  };
}

/** Whoever asks over one connection too many: nothing of it is read. */
const CROWDED: Pick<Api, "handle"> = {
  handle: async () => refuse("http.crowded", undefined, { connection: "close", "retry-after": "1" }),
};

async function respond(
  api: Pick<Api, "handle">,
  request: IncomingMessage,
  response: ServerResponse,
  { onAnswer, stalledMs = STALLED_MS }: ServeOptions,
): Promise<void> {
  const from = onAnswer === undefined ? 0 : performance.now();
  const client = watchClient(response);
  // A reset is told by `close`, and as an error that nobody else would take.
  request.on("error", () => {});
  try {
    const answer = await api.handle(requestOf(request, client));
    await send(request, response, answer, { ...client, stalledMs });
    onAnswer?.({
      method: request.method ?? "",
      path: (request.url ?? "").split("?", 1)[0]!.slice(0, 256),
      status: answer.status,
      ms: performance.now() - from,
    });
  } catch {
    // The client went away: there is nobody to answer.
    response.destroy();
  }
}

/** Whoever waits for an answer, until nobody does. */
interface Client {
  readonly isGone: () => boolean;
  readonly signal: () => AbortSignal;
}

/** A signal is made for those who ask for one: most answers are there before anybody does. */
function watchClient(response: ServerResponse): Client {
  let isGone = false;
  let controller: AbortController | null = null;
  response.on("close", () => {
    if (response.writableFinished) return;
    isGone = true;
    controller?.abort();
  });
  return {
    isGone: () => isGone,
    signal() {
      controller ??= new AbortController();
      if (isGone) controller.abort();
      return controller.signal;
    },
  };
}

/** What a Node server got, as the service takes it. */
function requestOf(request: IncomingMessage, client: Client): ApiRequest {
  const { method = "", url = "", headers, rawHeaders } = request;
  return {
    method,
    target: url,
    header(name) {
      const value = headers[name];
      if (typeof value !== "string" || (ONCE.has(name) && isTwice(rawHeaders, name))) return null;
      return value;
    },
    body: (bytesMax) => bodyOf(request, bytesMax),
    get signal() {
      return client.signal();
    },
  };
}

/** Of these Node takes the first, and whatever stands in front may take another: then there is none. */
const ONCE: ReadonlySet<string> = new Set(["authorization", "content-type", "host"]);

/** Names and values in turn. */
function isTwice(raw: readonly string[], name: string): boolean {
  let count = 0;
  for (let at = 0; at < raw.length; at += 2) {
    const given = raw[at]!;
    if (given.length === name.length && given.toLowerCase() === name) count += 1;
  }
  return count > 1;
}

/** Null beyond the bound. Rejects where the client goes away. */
function bodyOf(request: IncomingMessage, bytesMax: number): Promise<Uint8Array | null> {
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > bytesMax) {
        request.off("data", onData);
        request.pause();
        resolve(null);
      } else chunks.push(chunk);
    };
    request.on("data", onData);
    request.on("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    // Every request is closed; an error, with the stack that it comes with, is for one that was cut off.
    request.on("close", () => {
      if (!request.readableEnded) reject(new Error("the client went away"));
    });
  });
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: ApiResponse,
  client: Client & { readonly stalledMs: number },
): Promise<void> {
  if (client.isGone()) return;
  // What was not read is not waited for.
  const isRead = request.complete;
  const closing = isRead ? undefined : "close";
  if (typeof body === "string") {
    const length = Buffer.byteLength(body);
    response.writeHead(status, headersOf(headers, closing, length));
    response.end(body, isRead ? undefined : () => request.socket.destroySoon());
    // Most answers are on their way at once.
    if (request.socket.writableLength > 0) response.setTimeout(client.stalledMs, () => response.destroy());
    return;
  }
  response.writeHead(status, headers);
  response.flushHeaders();
  response.setTimeout(client.stalledMs, () => response.destroy());
  for await (const piece of body) {
    if (client.isGone()) break;
    if (!response.write(piece)) await drained(response, client.signal());
  }
  response.end();
}

/** Names and values in turn, which Node writes as they are. */
function headersOf(headers: ApiResponse["headers"], closing: string | undefined, length: number): string[] {
  const all: string[] = [];
  for (const name in headers) all.push(name, headers[name]!);
  if (closing !== undefined) all.push("connection", closing);
  all.push("content-length", String(length));
  return all;
}

/** What was written is on its way; nobody who does not read makes more of it wait here. */
function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      gone.removeEventListener("abort", done);
      resolve();
    };
    response.on("drain", done);
    gone.addEventListener("abort", done);
    if (gone.aborted) done();
  });
}

const BROKEN: ReadonlyMap<string, HttpCode> = new Map([
  ["ERR_HTTP_REQUEST_TIMEOUT", "http.slow"],
  ["HPE_HEADER_OVERFLOW", "http.headers"],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", "http.too_large"],
]);

const ABOUT_HTTP = /^(?:HPE|ERR_HTTP)_/;

/** What cannot be read as a request, or takes too long to be one. */
function refuseBroken(error: Error & { readonly code?: string }, socket: Socket): void {
  // Nothing can be said to whoever has not finished a TLS handshake: it would wait to be said for ever.
  if (!ABOUT_HTTP.test(error.code ?? "") || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = BROKEN.get(error.code ?? "") ?? "http.malformed";
  const { status, says } = HTTP_CODES[code];
  const body = `${JSON.stringify({ error: { code, message: says } })}\n`;
  const head = [
    `HTTP/1.1 ${status} Refused`,
    "content-type: application/json",
    "connection: close",
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function close(server: Server, api: Api, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  await api.drain();
  server.closeIdleConnections();
  // Whoever only waits for a notice is not waited for, nor is a handshake.
  setTimeout(() => {
    server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
  }, 250).unref();
  await closed;
}
