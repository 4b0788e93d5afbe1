/**
 * Clients over streamable HTTP (MCP 2025-11-25, "Transports"): one governed execution and one server for each
 * session. Who asks is looked at before anything is read; a session is its key's alone.
 */
import type { Governor } from "@polity/governor/governor.ts";
import type { Party } from "@polity/lineage/entry.ts";
import type { ApiRequest, ApiResponse } from "../http/api.ts";
import { type ApiKey, type ApiKeys, mayAsk } from "../http/api-keys.ts";
import { statusOf } from "../http/codes.ts";
import type { Api } from "../http/open-api.ts";
import { makeShares, type Shares } from "../http/shares.ts";
import { refusalOf, refuseHttp } from "./http-codes.ts";
import { type HttpSession, makeHttpSession, NONE } from "./http-session.ts";
import { type ReadMessage, readMessage } from "./message.ts";
import { makeBacklog } from "./outlet.ts";
import { openSession, type Session } from "./session.ts";
import type { Attempt, SessionOptions } from "./shared.ts";
import { AGENT_HEADER, agentOf, mayAct, PARENT_HEADER } from "./whose.ts";

export interface ListenOptions
  extends Pick<SessionOptions, "server" | "catalog" | "pins" | "sha256" | "connect" | "log"> {
  readonly governor: Pick<Governor, "approvals" | "release" | "begin">;
  /** Asked anew with each request, so that a key that is taken back opens nothing. */
  readonly keys: () => ApiKeys;
  /** Who calls; null: whom the client says of those that its key speaks for, or the only one of them. */
  readonly agent: Party | null;
  readonly purpose: string;
  /** About what runs, which all sessions are of; left out: nothing attests it. */
  readonly workload?: Workload | null;
  /** Names under which this may be asked for, beside addresses and `localhost`. */
  readonly hosts: readonly string[];
  readonly sessionsMax: number;
  /** 32 random bytes in base64url, say: nobody can guess it. */
  readonly makeId: () => string;
  /** Without a request and without a stream. */
  readonly idleMsMax?: number;
}

export interface Workload {
  /** The statement as it is now; rejects where there is none. */
  readonly read: () => Promise<string>;
  /** Shows an execution what comes later, until it is stopped. */
  readonly follow: (execution: SessionOptions["execution"], shown: string) => { readonly stop: () => void };
}

interface Open {
  readonly session: Session;
  readonly http: HttpSession;
  readonly agent: Party;
  /** Its id, to which other sessions of this key may stand as children. */
  readonly execution: string;
  key: ApiKey;
  /** That the server has answered to `initialize`; null before. */
  version: string | null;
  usedAt: number;
}

interface Whose {
  readonly key: ApiKey;
  readonly agent: Party;
  /** The execution that hands its authority on. */
  readonly parent: string | null;
}

interface Gate {
  readonly options: ListenOptions;
  readonly sessions: Map<string, Open>;
  /** Those that are open, and those that are about to be. */
  readonly places: Shares;
  /** Bytes of bodies that are being read. */
  readonly reading: Shares;
  isClosing: boolean;
}

const PATH = "/mcp";
/** A statement that nobody can read is none that counts: it is refused with the governor's own code. */
const UNREADABLE = "";
const BODY_BYTES_MAX = 4 * 1024 * 1024;
/** Of all clients together: more is asked to come again. */
const READING_BYTES_MAX = 64 * 1024 * 1024;
const BACKLOG_CHARACTERS_MAX = 32 * 1024 * 1024;
const IDLE_MS = 10 * 60_000;
const SWEEP_MS = 1_000;
/** For what is under way when the gateway is told to end. */
const DRAIN_MS = 5_000;

/** Throws a RangeError where no key is configured: nobody could be let in, and nobody else may be. */
export function listenForClients(options: ListenOptions): Api {
  if (options.keys().count === 0) throw new RangeError("no key is configured");
  const shares = { places: makeShares(options.sessionsMax), reading: makeShares(READING_BYTES_MAX) };
  const gate: Gate = { options, sessions: new Map(), ...shares, isClosing: false };
  const timer = setInterval(() => sweep(gate), SWEEP_MS);
  timer.unref();
  return Object.freeze({
    handle: (request: ApiRequest) => handle(gate, request),
    async drain() {
      gate.isClosing = true;
      clearInterval(timer);
      await settled(gate);
      const open = [...gate.sessions.values()];
      await Promise.all(open.map(({ session }) => session.close("the gateway was told to end")));
    },
  });
}

/** What is under way is waited for, but not for ever. */
async function settled({ sessions }: Gate): Promise<void> {
  const until = performance.now() + DRAIN_MS;
  while ([...sessions.values()].some(({ http }) => http.isWaiting()) && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function sweep({ options, sessions }: Gate): void {
  const keys = options.keys();
  const now = performance.now();
  for (const { session, http, key, agent, usedAt } of sessions.values()) {
    const known = keys.current(key.hash);
    if (known === null || !mayAct(known, agent)) void session.close("its key was taken back");
    else if (http.isIdle() && now - usedAt > (options.idleMsMax ?? IDLE_MS))
      void session.close("nobody has used it");
  }
}

async function handle(gate: Gate, request: ApiRequest): Promise<ApiResponse> {
  try {
    const refused = refusalFor(gate, request);
    return refused === null ? await admitted(gate, request) : await notedHead(gate, request, refused);
  } catch {
    return refuseHttp("http.failed");
  }
}

const BEARER = /^bearer +([^ ]+)$/i;
const CHALLENGE = { "www-authenticate": 'Bearer realm="polity"' };
const METHODS: ReadonlySet<string> = new Set(["POST", "GET", "DELETE"]);

/** Whatever is wrong before a message is read. */
function refusalFor(
  { options, isClosing }: Gate,
  { method, target, header }: ApiRequest,
): ApiResponse | null {
  if (!isMeantForUs(header("host"), options.hosts)) return refuseHttp("mcp.host");
  if (header("origin") !== null) return refuseHttp("mcp.origin");
  const presented = BEARER.exec(header("authorization") ?? "")?.[1];
  if (presented === undefined) return refuseHttp("api_key.missing", undefined, CHALLENGE);
  if (options.keys().find(presented) === null) return refuseHttp("api_key.unknown", undefined, CHALLENGE);
  if (target !== PATH) return refuseHttp("http.not_found");
  if (!METHODS.has(method)) return refuseHttp("http.method", undefined, { allow: [...METHODS].join(", ") });
  return isClosing ? refuseHttp("http.closing", undefined, { connection: "close" }) : null;
}

/** A head that is wrong is in the log, too, where there is a key that says whose it is. */
async function notedHead(gate: Gate, { header }: ApiRequest, refused: ApiResponse): Promise<ApiResponse> {
  const presented = BEARER.exec(header("authorization") ?? "")?.[1];
  const key = presented === undefined ? null : gate.options.keys().find(presented);
  if (key === null || gate.isClosing) return refused;
  const open = find(gate, header("mcp-session-id"), key);
  const agent = open?.agent ?? agentOf(gate.options.agent, key, header(AGENT_HEADER));
  return agent === null ? refused : noted(gate, open, agent, "mcp_malformed", refused);
}

/** A page whose name was made to lead here is asked for by that name, never by an address. */
function isMeantForUs(host: string | null, names: readonly string[]): boolean {
  const name = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::[0-9]{1,5})?$/i.exec(host ?? "")?.[1]?.toLowerCase();
  if (name === undefined) return false;
  return name.startsWith("[") || /^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$/.test(name) || names.includes(name);
}

async function admitted(gate: Gate, request: ApiRequest): Promise<ApiResponse> {
  const { method, header } = request;
  const presented = BEARER.exec(header("authorization") ?? "")![1]!;
  const key = gate.options.keys().find(presented)!;
  const id = header("mcp-session-id");
  const open = find(gate, id, key);
  const agent = open?.agent ?? agentOf(gate.options.agent, key, header(AGENT_HEADER));
  if (agent === null) {
    const refused = refuseHttp("api_key.scope", "this key is not for this gateway's agent");
    const whose = key.agents?.[0];
    return whose === undefined ? refused : noted(gate, null, whose, "mcp_key_scope", refused);
  }
  if (method === "POST") return post(gate, request, key, agent, id);
  if (open === null && id === null) return refuseHttp("mcp.no_session");
  if (open === null) return noted(gate, null, agent, "mcp_unknown_session", refuseHttp("mcp.session"));
  if (!isVersion(open, header("mcp-protocol-version")))
    return noted(gate, open, agent, "mcp_malformed", refuseHttp("mcp.version"));
  if (method === "DELETE") {
    await open.session.close("the client has ended");
    return { status: 204, headers: {}, body: "" };
  }
  const malformed = (code: "mcp.accept" | "mcp.resume") =>
    noted(gate, open, agent, "mcp_malformed", refuseHttp(code));
  if (!accepts(header("accept"), ["text/event-stream"])) return malformed("mcp.accept");
  if (header("last-event-id") !== null) return malformed("mcp.resume");
  return open.http.listen(request) ?? refuseHttp("mcp.stream");
}

function isAlone({ keys }: ListenOptions): boolean {
  return keys().count === 1;
}

/** Of another key is as good as none. */
function find({ sessions }: Gate, id: string | null, key: ApiKey): Open | null {
  const open = id === null ? undefined : sessions.get(id);
  if (open === undefined || open.key.hash !== key.hash || !mayAct(key, open.agent)) return null;
  open.key = key;
  open.usedAt = performance.now();
  return open;
}

function isVersion({ version }: Open, given: string | null): boolean {
  return given === null || version === null || given === version;
}

function accepts(accept: string | null, wanted: readonly string[]): boolean {
  const types = (accept ?? "").split(",").map((one) => one.split(";", 1)[0]!.trim().toLowerCase());
  return types.includes("*/*") || wanted.every((type) => types.includes(type));
}

const JSON_TYPE = /^application\/json(?: *; *charset=utf-8)?$/i;

async function post(
  gate: Gate,
  request: ApiRequest,
  key: ApiKey,
  agent: Party,
  id: string | null,
): Promise<ApiResponse> {
  const { header, signal } = request;
  const unread = (attempt: Attempt, refused: ApiResponse) =>
    noted(gate, find(gate, id, key), agent, attempt, refused);
  const encoding = header("content-encoding");
  if (!JSON_TYPE.test(header("content-type") ?? "") || (encoding !== null && encoding !== "identity"))
    return unread("mcp_malformed", refuseHttp("http.content_type"));
  if (!accepts(header("accept"), ["application/json", "text/event-stream"]))
    return unread("mcp_malformed", refuseHttp("mcp.accept"));
  const bytes = await bodyOf(gate, request, key);
  if ("status" in bytes) return bytes.status === 413 ? unread("mcp_too_large", bytes) : bytes;
  const read = readMessage(bytes);
  const isFirst = read.ok && read.message.kind === "request" && read.message.method === "initialize";
  if (id === null && isFirst) {
    const parent = header(PARENT_HEADER);
    const behind = find(gate, parent, key);
    if (parent === null || behind !== null)
      return begin(gate, read, signal, { key, agent, parent: behind?.execution ?? null });
    return noted(gate, null, agent, "mcp_unknown_session", refuseHttp("mcp.session"));
  }
  const open = find(gate, id, key);
  if (open === null) {
    const refused = id === null ? refuseHttp("mcp.no_session") : refuseHttp("mcp.session");
    return noted(gate, null, agent, "mcp_unknown_session", refused);
  }
  const isOther = !isVersion(open, header("mcp-protocol-version"));
  if (!isFirst && !isOther) return open.http.exchange(read, signal, NONE);
  const refused = isFirst ? "this session is initialized already" : undefined;
  return unread("mcp_malformed", refuseHttp(isFirst ? "mcp.no_session" : "mcp.version", refused));
}

/** What was tried with a key is in the log: in its session, or else as its agent's. */
async function noted(
  { options }: Gate,
  open: Open | null,
  agent: Party,
  attempt: Attempt,
  refused: ApiResponse,
): Promise<ApiResponse> {
  if (open !== null) {
    await open.session.note(attempt);
    return refused;
  }
  const { governor, purpose } = options;
  const began = await governor.begin({ agent, purpose, parent: null, zone: null, attestation: null });
  if (!began.ok) return refused;
  await began.execution.authorize({ action: attempt, fields: {} });
  await began.execution.end("failed");
  return refused;
}

async function bodyOf(
  { reading, options }: Gate,
  { header, body }: ApiRequest,
  key: ApiKey,
): Promise<Uint8Array | ApiResponse> {
  const declared = header("content-length");
  const bytesMax = Number(declared ?? BODY_BYTES_MAX);
  if (!(bytesMax >= 0 && bytesMax <= BODY_BYTES_MAX)) return refuseHttp("http.too_large");
  if (!reading.take(key.hash, bytesMax, isAlone(options)))
    return refuseHttp("http.busy", undefined, { "retry-after": "1" });
  try {
    return (await body(BODY_BYTES_MAX)) ?? refuseHttp("http.too_large");
  } finally {
    reading.give(key.hash, bytesMax);
  }
}

async function begin(gate: Gate, read: ReadMessage, signal: AbortSignal, whose: Whose): Promise<ApiResponse> {
  const { options, places } = gate;
  if (!places.take(whose.key.hash, 1, isAlone(options)))
    return noted(gate, null, whose.agent, "mcp_too_many", refuseHttp("mcp.sessions"));
  const id = options.makeId();
  const open = await openOne(gate, id, whose);
  if ("status" in open) return open;
  const noAnswer = () => {
    if (open.version === null) void open.session.close("nobody waits for its first answer");
  };
  signal.addEventListener("abort", noAnswer, { once: true });
  if (signal.aborted) noAnswer();
  return open.http.exchange(read, signal, { "mcp-session-id": id });
}

/** Its place is its key's until it is closed, or was none. */
async function openOne(gate: Gate, id: string, whose: Whose): Promise<Open | ApiResponse> {
  const { options, sessions, places } = gate;
  const { governor, purpose } = options;
  const leave = () => places.give(key.hash, 1);
  const attestation = (await options.workload?.read().catch(() => UNREADABLE)) ?? null;
  const { agent, parent, key } = whose;
  const began = await governor.begin({ agent, purpose, parent, zone: null, attestation });
  if (!began.ok) {
    leave();
    return refusalOf(statusOf(began.code), began.code, began.message);
  }
  let open: Open;
  try {
    open = connected(gate, began.execution, whose);
  } catch (error) {
    leave();
    await began.execution.end("failed");
    throw error;
  }
  sessions.set(id, open);
  const following = attestation === null ? null : options.workload?.follow(began.execution, attestation);
  void open.session.closed.then((why) => {
    sessions.delete(id);
    leave();
    following?.stop();
    open.http.endStreams();
    options.log(`a session of ${agent.type}::${agent.id} has ended: ${why}`);
  });
  return open;
}

function connected(gate: Gate, execution: SessionOptions["execution"], { key, agent }: Whose): Open {
  const { governor, server, pins, catalog, sha256, connect, log } = gate.options;
  const full = () => void open.session.close("the client does not read what it is sent", "mcp.unread");
  const backlog = makeBacklog(BACKLOG_CHARACTERS_MAX, full);
  const http = makeHttpSession(
    () => open.session,
    backlog,
    (version) => {
      open.version = version;
    },
  );
  const session = openSession({
    ...{ governor, execution, server, pins, catalog, sha256, connect, log },
    toClient: http.toClient,
    mayAsk: (action) => mayAsk(open.key, action),
    governorCloses: () => gate.isClosing,
  });
  const usedAt = performance.now();
  const open: Open = { session, http, agent, execution: execution.id, key, version: null, usedAt };
  return open;
}
