/**
 * One client and one server with a governor between them. Nothing passes that is not understood; what is
 * judged is sent on as it was judged; whatever was tried is in the log.
 */
import type { Authorized, Step } from "@polity/governor/governor.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import { acceptedTools, shownTool } from "./accepted-tools.ts";
import { makeCalls, type Reply, type SeenIds, seenIds } from "./calls.ts";
import { refusal } from "./denial.ts";
import { fromServer } from "./from-server.ts";
import { answerJudged } from "./judged-request.ts";
import { type Json, type Message, type MessageId, type ReadMessage, RPC, readMessage } from "./message.ts";
import { CLIENT_REQUESTS, isToken, passedParams, toldParams } from "./protocol.ts";
import {
  type Active,
  type Attempt,
  attemptOf,
  type ClosedCode,
  forward,
  type SessionOptions,
  type Shared,
  type ToClient,
} from "./shared.ts";
import { callTool } from "./tool-call.ts";
import { isShown, listForClient, makeListing, tellListing } from "./tool-list.ts";
import type { Upstream } from "./upstream.ts";
import { UPSTREAM_CODES } from "./upstream-codes.ts";

export interface Session {
  /** One message of the client; `answer` takes what is said about it, in place of `toClient`. */
  readonly receive: (message: Uint8Array, answer?: ToClient) => void;
  /** One that was read already. */
  readonly take: (message: ReadMessage, answer: ToClient) => void;
  /** What was tried and never became a message. */
  readonly note: (attempt: Attempt) => Promise<unknown>;
  /** Until what was refused is in the log: whoever tries faster waits; null where nobody has to. */
  readonly pressed: () => Promise<void> | null;
  /** With a code it has failed. */
  readonly close: (why: string, code?: ClosedCode) => Promise<void>;
  /** Why it ended. */
  readonly closed: Promise<string>;
}

const MALFORMED_MAX = 16;
const ACTIVE_MAX = 1_024;
const CLOSED = { code: RPC.internal, message: "the session was closed: begin another one" };

export function openSession(options: SessionOptions): Session {
  const { execution, toClient } = options;
  const ids = seenIds();
  let malformed = 0;
  let isClosed = false;
  let tell: (why: string) => void = () => {};
  const closed = new Promise<string>((resolve) => {
    tell = resolve;
  });

  const upstream = options.connect({
    message: (message) => {
      if (!isClosed) fromServer(shared, message);
    },
    pressed: () => shared.pressed(),
    closed: (why, code) => void close(why, code),
  });
  const shared = share(options, upstream, (why, code) => void close(why, code));
  const onAbort = () => void close(`the execution was stopped: ${String(execution.signal.reason?.message)}`);
  execution.signal.addEventListener("abort", onAbort, { once: true });
  if (execution.signal.aborted) onAbort();

  function take(read: ReadMessage, answer: ToClient): void {
    if (isClosed) {
      if (read.ok && read.message.kind === "request")
        answer({ kind: "error", id: read.message.id, error: CLOSED });
      return;
    }
    if (read.ok) {
      fromClient(shared, ids, read.message, answer);
      return;
    }
    malformed += 1;
    const isLast = malformed === MALFORMED_MAX;
    void shared.note("mcp_malformed").then(() => {
      answer({ kind: "error", id: null, error: read.error });
      if (isLast) shared.fail("the client goes on sending what is no message", "mcp.malformed");
    });
  }

  async function close(why: string, code?: ClosedCode): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    execution.signal.removeEventListener("abort", onAbort);
    const data = code === undefined ? {} : { data: { code } };
    const error = { code: RPC.internal, message: `the session was closed: ${why}`, ...data };
    shared.toServer.failAll(error);
    shared.fromClient.failAll(error);
    // What was under way is told to the client before the end.
    for (const [id, { answer }] of shared.active) answer({ kind: "error", id, error });
    shared.active.clear();
    await upstream.close();
    const attempt = code === undefined ? null : attemptOf(code);
    if (attempt !== null) await shared.note(attempt);
    const status = code === undefined ? "succeeded" : "failed";
    const held = options.governorCloses?.() === true ? "waits" : "over";
    await execution.end(execution.signal.aborted ? "abandoned" : status, held);
    tell(why);
  }

  return {
    receive: (bytes, answer = toClient) => take(readMessage(bytes), answer),
    ...{ take, close, closed, note: shared.note, pressed: shared.pressed },
  };
}

function share(options: SessionOptions, upstream: Upstream, fail: Shared["fail"]): Shared {
  const { execution, toClient, pins, sha256, log } = options;
  const tools = acceptedTools(pins, sha256);
  const toServer = makeCalls(upstream.send);
  return {
    ...options,
    ...{ tools, upstream, toServer, fail },
    ...makeListing(() => listForClient(toServer, tools), tellListing(tools, log)),
    fromClient: makeCalls(toClient),
    active: new Map(),
    held: new Map(),
    greeting: { isTaken: false },
    ...makeNotes(execution),
    mayTry: makeTries(() =>
      fail(`upstream.flood: ${UPSTREAM_CODES["upstream.flood"].says}`, "upstream.flood"),
    ),
  };
}

/** Of a server, in a minute: whoever tries more fills the log. */
const TRIES_MAX = 512;
const TRIES_MS = 60_000;

function makeTries(onFlood: () => void): () => boolean {
  let [count, since] = [0, performance.now()];
  return () => {
    const now = performance.now();
    if (now - since > TRIES_MS) [count, since] = [0, now];
    count += 1;
    if (count > TRIES_MAX) onFlood();
    return count <= TRIES_MAX;
  };
}

const NOTES_MAX = 256;

function makeNotes({ authorize }: SessionOptions["execution"]): Pick<Shared, "note" | "ask" | "pressed"> {
  let count = 0;
  let relieved: (() => void)[] = [];
  async function ask(step: Step): Promise<Authorized> {
    count += 1;
    const answer = await authorize(step);
    count -= 1;
    if (count < NOTES_MAX) {
      for (const tell of relieved) tell();
      relieved = [];
    }
    return answer;
  }
  return {
    ask,
    async note(attempt) {
      return (await ask({ action: attempt, fields: {} })).id;
    },
    pressed: () => (count < NOTES_MAX ? null : new Promise((resolve) => relieved.push(resolve))),
  };
}

function fromClient(shared: Shared, ids: SeenIds, message: Message, answer: ToClient): void {
  switch (message.kind) {
    case "request":
      void request(shared, ids, message, answer);
      return;
    case "notification":
      notification(shared, message.method, message.params);
      return;
    case "result":
    case "error":
      if (!shared.fromClient.settle(message)) void shared.note("mcp_unasked_answer");
      return;
    default:
      unreachable(message);
  }
}

async function request(
  shared: Shared,
  ids: SeenIds,
  { id, method, params }: Extract<Message, { readonly kind: "request" }>,
  answer: ToClient,
): Promise<void> {
  const { active } = shared;
  const refuse = (code: number, message: string) => answer({ kind: "error", id, error: { code, message } });
  if (!ids.take(id)) {
    await shared.note("mcp_replayed_id");
    refuse(RPC.invalid, "the id was used before in this session");
    return;
  }
  const way = CLIENT_REQUESTS.get(method);
  if (way === undefined) {
    await shared.note("mcp_unknown_method");
    refuse(RPC.method, "the gateway does not let this method pass");
    return;
  }
  if (active.size >= ACTIVE_MAX) {
    answer({ kind: "error", id, error: refusal("mcp.too_many", await shared.note("mcp_too_many")) });
    return;
  }
  const token = (params?._meta as Json | undefined)?.progressToken;
  const progressToken = isToken(token) ? token : null;
  const own: Active = { upstreamId: null, isCancelled: false, progressToken, answer };
  active.set(id, own);
  const reply = await replyTo(shared, way, method, params, own);
  // Closed in the meantime, which was told; or cancelled, and then nobody waits (MCP, "Cancellation").
  if (!active.delete(id) || own.isCancelled) return;
  if ("result" in reply) answer({ kind: "result", id, result: reply.result });
  else answer({ kind: "error", id, error: reply.error });
}

async function replyTo(
  shared: Shared,
  way: "pass" | "list" | "call" | "judge",
  method: string,
  params: Json | null,
  own: Active,
): Promise<Reply> {
  switch (way) {
    case "list":
      return toolsList(shared, params);
    case "call":
      return callTool(shared, params ?? {}, own);
    case "judge":
      return answerJudged(shared, method, params ?? {}, async (judged) =>
        forward(shared, method, judged, own),
      );
    case "pass": {
      const passed = passedParams(method, params);
      if (passed === null) {
        await shared.note("mcp_malformed");
        return { error: { code: RPC.params, message: "the parameters are not those of the method" } };
      }
      const given = params === null ? null : passed;
      return method === "initialize" ? initialize(shared, given, own) : forward(shared, method, given, own);
    }
    default:
      return unreachable(way);
  }
}

/** Once in a session: a server may forget what it was told before. */
async function initialize(shared: Shared, params: Json | null, own: Active): Promise<Reply> {
  const { greeting } = shared;
  if (greeting.isTaken) {
    await shared.note("mcp_malformed");
    return { error: { code: RPC.invalid, message: "this session is initialized already" } };
  }
  greeting.isTaken = true;
  const reply = await forward(shared, "initialize", params, own);
  if ("error" in reply) greeting.isTaken = false;
  return withoutTasks(reply);
}

/** What a task does is not judged, so a server that offers them is a server that does not. */
function withoutTasks(reply: Reply): Reply {
  if (!("result" in reply)) return reply;
  const { capabilities, ...rest } = reply.result;
  if (typeof capabilities !== "object" || capabilities === null) return reply;
  const { tasks: _, experimental: __, ...known } = capabilities as Json;
  return { result: { ...rest, capabilities: known } };
}

async function toolsList(shared: Shared, params: Json | null): Promise<Reply> {
  if (params?.cursor !== undefined) return { error: { code: RPC.params, message: "the list has one page" } };
  const problem = await shared.relist();
  if (problem !== null) return { error: refusal("mcp.tool_list", null, problem) };
  return {
    result: {
      tools: shared.tools
        .all()
        .filter((tool) => isShown(shared, tool))
        .map(shownTool),
    },
  };
}

function notification(shared: Shared, method: string, params: Json | null): void {
  if (method !== "notifications/cancelled") {
    const told = toldParams(method, params);
    if (told === undefined) void shared.note("mcp_unknown_method");
    else if (told === null) void shared.note("mcp_malformed");
    else {
      const isEmpty = Object.keys(told).length === 0;
      shared.upstream.send({ kind: "notification", method, params: isEmpty ? null : told });
    }
    return;
  }
  const id = params?.requestId as MessageId;
  const own = shared.active.get(id);
  if (own === undefined) return;
  own.isCancelled = true;
  if (own.upstreamId === null) return;
  const { reason } = params ?? {};
  const told = { requestId: own.upstreamId, ...(typeof reason === "string" ? { reason } : {}) };
  shared.upstream.send({ kind: "notification", method, params: told });
  shared.toServer.forget(own.upstreamId, refusal("mcp.cancelled"));
}
