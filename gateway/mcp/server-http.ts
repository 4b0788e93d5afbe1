/**
 * A server that is asked over streamable HTTP (MCP 2025-11-25, "Transports"). Its session is the gateway's
 * own: no client ever sees its id. Nothing that may have reached the server is sent twice.
 */
import { type Message, type MessageId, RPC, writeMessage } from "./message.ts";
import { SERVER_BACKLOG_BYTES_MAX, type Upstream, type UpstreamEvents } from "./upstream.ts";
import { endsSession, type UpstreamCode, type UpstreamFailure, upstreamFailure } from "./upstream-codes.ts";
import { exchange } from "./upstream-exchange.ts";
import { askServer, type Limits, type Link, type ServerPlace } from "./upstream-link.ts";
import { listen } from "./upstream-listen.ts";
import { headProblem, letGo, makeAgent } from "./upstream-request.ts";

const LIMITS: Limits = { sendMs: 30_000, answerMs: 15 * 60_000, endMs: 2_000, againMs: 1_000 };
/** Requests that the server has at once; more wait here. */
const CALLS_MAX = 64;
const WAITING_MAX = 4_096;

interface Waiting {
  readonly message: Message;
  readonly body: string;
  readonly bytes: number;
}

interface Call {
  readonly stop: AbortController;
  readonly written: Promise<void>;
}

interface State {
  readonly link: Link;
  /** In the order in which they came. */
  queue: Waiting[];
  /** Requests for which there was no place. */
  parked: Waiting[];
  readonly calls: Map<MessageId, Call>;
  waitingBytes: number;
  isSending: boolean;
  /** What answers nothing is heard; once, however often the client says that it is ready. */
  isHeard: boolean;
  ending: Promise<void> | null;
}

export function connectServer(place: ServerPlace, events: UpstreamEvents): Upstream {
  const limits = { ...LIMITS, ...place.limits };
  const own = { over: new AbortController(), held: { bytes: 0 }, session: null, version: null };
  const link: Link = { place, limits, events, agent: makeAgent(place.url), ...own };
  const none = { queue: [], parked: [], calls: new Map<MessageId, Call>() };
  const state: State = { link, ...none, waitingBytes: 0, isSending: false, isHeard: false, ending: null };
  return {
    send(message) {
      if (link.over.signal.aborted) return;
      const body = writeMessage(message);
      const bytes = Buffer.byteLength(body);
      state.queue.push({ message, body, bytes });
      state.waitingBytes += bytes;
      const count = state.queue.length + state.parked.length;
      if (state.waitingBytes > SERVER_BACKLOG_BYTES_MAX || count > WAITING_MAX)
        fail(state, upstreamFailure("upstream.backlog"));
      else void sendAll(state);
    },
    async close() {
      end(state, "the gateway has ended it");
      await state.ending;
    },
  };
}

function fail(state: State, { code, message }: UpstreamFailure): void {
  end(state, `${code}: ${message}`, code);
}

function end(state: State, why: string, code?: UpstreamCode): void {
  if (state.ending !== null) return;
  const { link } = state;
  state.ending = sayGoodbye(link);
  link.over.abort(upstreamFailure("upstream.cut"));
  state.queue = [];
  state.parked = [];
  link.events.closed(why, code);
}

async function sayGoodbye(link: Link): Promise<void> {
  if (link.session !== null) {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(upstreamFailure("upstream.late")), link.limits.endMs);
    const asked = await askServer(link, { method: "DELETE", body: null, signal: patience.signal });
    clearTimeout(timer);
    if (asked.ok) asked.response.destroy();
  }
  link.agent.destroy();
}

/** One after the other; only requests do not wait for each other. */
async function sendAll(state: State): Promise<void> {
  if (state.isSending) return;
  state.isSending = true;
  for (let next = state.queue.shift(); next !== undefined; next = state.queue.shift()) {
    if (next.message.kind !== "request") await tell(state, next);
    // Before its answer there is no session in which anything could be asked.
    else if (next.message.method === "initialize") await call(state, next);
    else void call(state, next);
  }
  state.isSending = false;
}

async function call(state: State, waiting: Waiting): Promise<void> {
  const { link, calls, parked } = state;
  const { message, body, bytes } = waiting;
  if (message.kind !== "request") return;
  if (calls.size >= CALLS_MAX) {
    parked.push(waiting);
    return;
  }
  const { id } = message;
  const stop = new AbortController();
  let onWritten = () => {};
  const written = new Promise<void>((resolve) => {
    onWritten = () => {
      state.waitingBytes -= bytes;
      resolve();
    };
  });
  calls.set(id, { stop, written });
  const late = setTimeout(() => stop.abort(upstreamFailure("upstream.late")), link.limits.answerMs);
  const signal = AbortSignal.any([stop.signal, link.over.signal]);
  const failure = await exchange(link, message, { body, signal, onWritten });
  clearTimeout(late);
  const isWanted = calls.delete(id) && !link.over.signal.aborted;
  if (failure !== null && isWanted) refused(state, id, failure);
  const next = parked.shift();
  if (next !== undefined) void call(state, next);
}

/** As if the server had said so. */
function refused(state: State, id: MessageId, failure: UpstreamFailure): void {
  if (endsSession(failure)) {
    fail(state, failure);
    return;
  }
  const { code, message } = failure;
  const error = { code: RPC.internal, message: `${code}: ${message}`, data: { code } };
  state.link.events.message({ kind: "error", id, error });
}

/** What asks nothing; the server says that it has taken it. */
async function tell(state: State, { message, body, bytes }: Waiting): Promise<void> {
  const { link } = state;
  const method = message.kind === "notification" ? message.method : null;
  const about = method === "notifications/cancelled" ? cancelledId(message) : null;
  if (about !== null && state.parked.some((one) => idOf(one) === about)) {
    const gone = state.parked.filter((one) => idOf(one) === about);
    state.parked = state.parked.filter((one) => idOf(one) !== about);
    state.waitingBytes -= gone.reduce((sum, one) => sum + one.bytes, bytes);
    return;
  }
  // A server that hears of the end first would begin all the same.
  if (about !== null) await state.calls.get(about)?.written;
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(upstreamFailure("upstream.late")), link.limits.sendMs);
  const signal = AbortSignal.any([patience.signal, link.over.signal]);
  const asked = await askServer(link, { method: "POST", body, signal });
  clearTimeout(timer);
  state.waitingBytes -= bytes;
  if (asked.ok) letGo(asked.response);
  const failure = asked.ok ? headProblem(asked.response, link.session !== null, []) : asked.failure;
  if (about !== null) drop(state, about);
  if (link.over.signal.aborted) return;
  if (failure !== null && endsSession(failure)) fail(state, failure);
  else if (failure !== null) {
    const what = method ?? "an answer";
    link.place.log(`the server was not told (${what}): ${failure.code}: ${failure.message}`);
  } else if (method === "notifications/initialized" && !state.isHeard) {
    state.isHeard = true;
    void listen(link).then((problem) => problem !== null && fail(state, problem));
  }
}

function cancelledId(message: Message): MessageId | null {
  const id = message.kind === "notification" ? message.params?.requestId : null;
  return typeof id === "string" || typeof id === "number" ? id : null;
}

function idOf({ message }: Waiting): MessageId | null {
  return message.kind === "request" ? message.id : null;
}

/** Nobody waits for its answer any more. */
function drop({ calls }: State, id: MessageId): void {
  const call = calls.get(id);
  calls.delete(id);
  call?.stop.abort(upstreamFailure("upstream.cut"));
}
