/** A witness over HTTP (C2SP tlog-witness), with bounds on size, time and number of what comes in. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { NOTE_BYTES_MAX } from "../note-form.ts";
import type { Judged, WitnessKeeper } from "./witness-keeper.ts";

export interface ServerOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Told after each request that was judged, and after each that could not be. */
  readonly onAnswer?: (answer: WitnessEvent) => void;
}

export interface WitnessEvent {
  /** Of HTTP. */
  readonly status: number;
  readonly judged: Judged | null;
  /** Why nothing more is cosigned; null while all is well. */
  readonly failure: Error | null;
}

export interface WitnessServer {
  /** Where it listens: `http://127.0.0.1:4711`. */
  readonly url: string;
  /** Takes no more requests, and resolves once those under way are answered. */
  readonly close: () => Promise<void>;
}

/** As large as a request can be that is one. */
const BODY_BYTES_MAX = NOTE_BYTES_MAX + 4096;
/** Requests under way at once; more are asked to come again. */
const REQUESTS_MAX = 64;
const CONNECTIONS_MAX = 256;
const HEADERS_BYTES_MAX = 8 * 1024;
const HEADERS_MS = 5_000;
const REQUEST_MS = 10_000;
const IDLE_MS = 5_000;
const TEXT = "text/plain; charset=utf-8";
const SIZE = "text/x.tlog.size";

/** Rejects with what the system says where it cannot listen. */
export async function serveWitness(keeper: WitnessKeeper, options: ServerOptions): Promise<WitnessServer> {
  let underWay = 0;
  const server = createServer(
    {
      maxHeaderSize: HEADERS_BYTES_MAX,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      if (underWay >= REQUESTS_MAX) return refuseBusy(response);
      underWay += 1;
      // Whatever goes wrong here is told; a rejection would end the process.
      void handle(request, response, keeper, options).finally(() => {
        underWay -= 1;
      });
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, options);
  const { address, port, family } = server.address() as AddressInfo;
  const host = family === "IPv6" ? `[${address}]` : address;
  return { url: `http://${host}:${port}`, close: () => close(server) };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  keeper: WitnessKeeper,
  options: ServerOptions,
): Promise<void> {
  try {
    const { method, url = "" } = request;
    const monitored = /^\/([0-9a-f]{64})\/checkpoint$/.exec(url)?.[1];
    if (monitored !== undefined) {
      if (method !== "GET" && method !== "HEAD") return notAllowed(response, "GET, HEAD");
      return sendLatest(response, keeper.latest(monitored));
    }
    if (url !== "/add-checkpoint") return send(response, 404, "there is nothing here\n");
    if (method !== "POST") return notAllowed(response, "POST");
    const body = await bodyOf(request);
    if (body !== null) return await answer(body, response, keeper, options);
    response.setHeader("connection", "close");
    send(response, 413, `a request has at most ${BODY_BYTES_MAX} bytes\n`);
  } catch {
    // The client went away, or took too long: there is nobody to answer.
    response.destroy();
  }
}

async function answer(
  body: Uint8Array,
  response: ServerResponse,
  keeper: WitnessKeeper,
  { onAnswer = () => undefined }: ServerOptions,
): Promise<void> {
  let judged: Judged;
  try {
    judged = await keeper.add(body);
  } catch (error) {
    onAnswer({
      status: 500,
      judged: null,
      failure: error instanceof Error ? error : new Error(String(error)),
    });
    return send(response, 500, "the witness can remember or sign nothing more, so it cosigns nothing\n");
  }
  onAnswer({ status: judged.ok ? 200 : judged.status, judged, failure: null });
  sendJudged(response, judged);
}

function sendJudged(response: ServerResponse, judged: Judged): void {
  if (judged.ok) send(response, 200, judged.lines);
  else if (judged.size !== undefined) send(response, judged.status, `${judged.size}\n`, SIZE);
  else send(response, judged.status, `${judged.code}: ${judged.message}\n`);
}

function sendLatest(response: ServerResponse, note: string | null): void {
  if (note === null) {
    send(response, 404, "nothing of this log is cosigned yet\n");
    return;
  }
  response.setHeader("cache-control", "no-cache");
  response.setHeader("access-control-allow-origin", "*");
  send(response, 200, note);
}

/** Null beyond the bound. Rejects where the client goes away. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Whoever sends too much is told so, over the connection that is still there.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Uint8Array).length;
    if (size > BODY_BYTES_MAX) return null;
    chunks.push(chunk as Uint8Array);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function refuseBusy(response: ServerResponse): void {
  response.setHeader("retry-after", "1");
  response.setHeader("connection", "close");
  send(response, 503, "too many requests at once\n");
}

function notAllowed(response: ServerResponse, allow: string): void {
  response.setHeader("allow", allow);
  send(response, 405, `only ${allow} here\n`);
}

function send(response: ServerResponse, status: number, body: string, type = TEXT): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

function listen(server: Server, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
