/** One session over HTTP: which message of the server goes to which answer, and what waits for a stream. */
import type { ApiRequest, ApiResponse } from "../http/api.ts";
import { refusal } from "./denial.ts";
import { type Message, type MessageId, type ReadMessage, writeMessage } from "./message.ts";
import { type Backlog, makeOutlet, type Outlet } from "./outlet.ts";
import type { Session } from "./session.ts";
import type { ToClient } from "./shared.ts";

export interface HttpSession {
  /** A request's answer; anything else is taken and told so. */
  readonly exchange: (read: ReadMessage, signal: AbortSignal, headers: Headers) => Promise<ApiResponse>;
  /** What answers nothing: over the stream that waits for it, else over any, else once there is one. */
  readonly toClient: ToClient;
  /** The stream of what answers nothing; null where there is one. */
  readonly listen: (request: ApiRequest) => ApiResponse | null;
  /** Whether a request waits for its answer; and whether nobody waits for anything. */
  readonly isWaiting: () => boolean;
  readonly isIdle: () => boolean;
  readonly endStreams: () => void;
}

type Headers = Readonly<Record<string, string>>;

/** Within that time an answer is plain JSON; later it is a stream, so that the client hears something. */
const STREAM_AFTER_MS = 1_000;
/** For what takes longer nobody waits; the server is told. */
const ANSWER_MS_MAX = 15 * 60_000;
/** Longer answers are written as they are read. */
const WHOLE_CHARACTERS_MAX = 16 * 1024;
const WAITING_MAX = 256;

const PLAIN: Headers = Object.freeze({
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
});
const EVENTS: Headers = Object.freeze({ ...PLAIN, "content-type": "text/event-stream" });
const eventOf = (message: Message) => `event: message\ndata: ${writeMessage(message)}\n\n`;
const BEAT = ": still here\n\n";
/** Of requests that follow the first, which gets the session's id. */
export const NONE: Headers = Object.freeze({});
const nobody: ToClient = () => {};

/** A request that waits for its answer. */
interface Exchange {
  readonly tell: ToClient;
  /** Nothing will answer it any more. */
  readonly drop: () => void;
}

/** `onVersion` is told of the version of the protocol that the server has agreed on. */
export function makeHttpSession(
  session: () => Session,
  backlog: Backlog,
  onVersion: (version: string) => void,
): HttpSession {
  const exchanges = new Map<MessageId, Exchange>();
  let stream: Outlet | null = null;
  let waiting: Message[] = [];

  function exchange(read: ReadMessage, signal: AbortSignal, headers: Headers): Promise<ApiResponse> {
    if (read.ok && read.message.kind !== "request") {
      session().take(read, nobody);
      if (read.message.kind === "notification" && read.message.method === "notifications/cancelled") {
        exchanges.get(read.message.params?.requestId as MessageId)?.drop();
      }
      const taken = { status: 202, headers: PLAIN, body: "" };
      return (session().pressed() ?? Promise.resolve()).then(() => taken);
    }
    return new Promise((resolve) => {
      const id = read.ok && read.message.kind === "request" ? read.message.id : null;
      const over = () => {
        clearTimeout(late);
        clearTimeout(tooLate);
        if (id !== null && exchanges.get(id) === own) exchanges.delete(id);
      };
      const own = openExchange(resolve, signal, backlog, headers, over);
      const late = setTimeout(own.stream, STREAM_AFTER_MS);
      const tooLate = setTimeout(() => {
        const error = refusal("mcp.late");
        own.tell({ kind: "error", id, error });
        if (id !== null) giveUp(session(), id);
      }, ANSWER_MS_MAX);
      // A second request of the same id is refused; the first keeps its place.
      if (id !== null && !exchanges.has(id)) exchanges.set(id, own);
      session().take(read, (message) => {
        if (headers !== NONE && message.kind === "result") agreed(message.result.protocolVersion);
        if (headers !== NONE && message.kind === "error")
          void session().close("it was not initialized", "upstream.refused");
        own.tell(message);
      });
    });
  }

  function agreed(version: unknown): void {
    if (typeof version === "string") onVersion(version);
  }

  function toClient(message: Message): void {
    const [any] = exchanges.values();
    if (stream !== null) stream.push(eventOf(message));
    else if (any !== undefined) any.tell(message);
    else if (waiting.length < WAITING_MAX) waiting.push(message);
    else refuseUnheard(message);
  }

  /** Nobody listens: the server is told, where it waits for an answer. */
  function refuseUnheard(message: Message): void {
    if (message.kind !== "request") return;
    const error = refusal("mcp.unheard");
    session().take({ ok: true, message: { kind: "error", id: message.id, error } }, nobody);
  }

  function listen({ signal }: ApiRequest): ApiResponse | null {
    if (stream !== null) return null;
    const own = makeOutlet(signal, backlog, BEAT);
    stream = own;
    signal.addEventListener(
      "abort",
      () => {
        if (stream === own) stream = null;
      },
      { once: true },
    );
    for (const message of waiting) own.push(eventOf(message));
    waiting = [];
    return { status: 200, headers: EVENTS, body: own.pieces };
  }

  return {
    ...{ exchange, toClient, listen },
    isWaiting: () => exchanges.size > 0,
    isIdle: () => exchanges.size === 0 && stream === null,
    endStreams() {
      for (const one of [...exchanges.values()]) one.drop();
      stream?.end();
    },
  };
}

/** Nobody waits for it any more: as if the client had cancelled it. */
function giveUp(session: Session, requestId: MessageId): void {
  const params = { requestId, reason: "no answer in time" };
  const method = "notifications/cancelled";
  session.take({ ok: true, message: { kind: "notification", method, params } }, nobody);
}

/** Plain JSON where the answer is the first that comes, and comes soon; else a stream of events. */
function openExchange(
  resolve: (response: ApiResponse) => void,
  signal: AbortSignal,
  backlog: Backlog,
  headers: Headers,
  over: () => void,
): Exchange & { readonly stream: () => void } {
  let outlet: Outlet | null = null;
  let isOver = false;
  const stream = (): Outlet => {
    if (outlet === null) {
      outlet = makeOutlet(signal, backlog, BEAT);
      resolve({ status: 200, headers: { ...EVENTS, ...headers }, body: outlet.pieces });
    }
    return outlet;
  };
  const end = () => {
    isOver = true;
    over();
  };

  return {
    stream,
    tell(message) {
      if (isOver) return;
      const isAnswer = message.kind === "result" || message.kind === "error";
      if (isAnswer) end();
      if (outlet !== null || !isAnswer) {
        stream().push(eventOf(message));
        if (isAnswer) stream().end();
        return;
      }
      const status = message.kind === "error" && message.id === null ? 400 : 200;
      resolve(plain(status, writeMessage(message), signal, backlog, headers));
    },
    drop() {
      if (isOver) return;
      end();
      stream().end();
    },
  };
}

function plain(
  status: number,
  text: string,
  signal: AbortSignal,
  backlog: Backlog,
  headers: Headers,
): ApiResponse {
  const all = { ...PLAIN, ...headers };
  if (text.length <= WHOLE_CHARACTERS_MAX) return { status, headers: all, body: text };
  const outlet = makeOutlet(signal, backlog, null);
  outlet.push(text);
  outlet.end();
  return { status, headers: all, body: outlet.pieces };
}
