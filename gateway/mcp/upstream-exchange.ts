/** A request and its answer, over one connection or, where the server lets a stream be resumed, several. */
import type { IncomingMessage } from "node:http";
import type { Message } from "./message.ts";
import { type UpstreamFailure, upstreamFailure } from "./upstream-codes.ts";
import { askServer, type Link, pause } from "./upstream-link.ts";
import { type ReadEnd, readAnswer } from "./upstream-read.ts";
import { type Asked, headProblem, letGo, type Question } from "./upstream-request.ts";

type Request = Extract<Message, { readonly kind: "request" }>;

const TYPES = ["application/json", "text/event-stream"];
/** One after the other, without a message in between. */
const RESUMES_MAX = 5;
const AGAIN_MS_MAX = 30_000;
/** A server that wants to be asked at once, again and again, is asked so often. */
const AGAIN_MS_MIN = 250;
const SESSION = /^[\x21-\x7e]{1,1024}$/;
const VERSION = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;

/** Null once it is answered; what is said meanwhile goes to `events`. Never rejects. */
export async function exchange(
  link: Link,
  request: Request,
  { signal, ...sent }: Pick<Question, "body" | "signal" | "onWritten">,
): Promise<UpstreamFailure | null> {
  let asked = await askServer(link, { method: "POST", signal, ...sent });
  let lastId: string | null = null;
  let retryMs: number | null = null;
  for (let fruitless = 0; ; fruitless += 1) {
    const end = await readOne(link, request, asked, signal);
    if (end.kind === "answered") return null;
    if (end.kind === "failed" && (lastId === null || end.failure.code !== "upstream.unreachable"))
      return end.failure;
    if (end.kind === "ended") {
      if (end.count > 0) fruitless = 0;
      lastId = end.lastId ?? lastId;
      retryMs = end.retryMs ?? retryMs;
    }
    if (lastId === null || fruitless >= RESUMES_MAX) return end.failure;
    await pause(againAfter(link, retryMs, link.limits.againMs * 2 ** fruitless), signal);
    asked = await askServer(link, { method: "GET", body: null, signal, lastId });
  }
}

/** What the server wants, within bounds, or else what is usual. */
export function againAfter({ limits }: Link, retryMs: number | null, usualMs: number): number {
  const leastMs = Math.min(AGAIN_MS_MIN, limits.againMs);
  return Math.min(Math.max(retryMs ?? usualMs, leastMs), AGAIN_MS_MAX);
}

async function readOne(link: Link, request: Request, asked: Asked, signal: AbortSignal): Promise<ReadEnd> {
  if (!asked.ok) return { kind: "failed", failure: asked.failure };
  const { response } = asked;
  const isFirst = request.method === "initialize";
  const problem =
    headProblem(response, link.session !== null, TYPES) ?? (isFirst ? begin(link, response) : null);
  if (problem !== null) {
    letGo(response);
    return { kind: "failed", failure: problem };
  }
  return readAnswer(response, link, signal, (message) => {
    const isAnswer = (message.kind === "result" || message.kind === "error") && message.id === request.id;
    if (isAnswer && isFirst && message.kind === "result") {
      const version = message.result.protocolVersion;
      if (typeof version !== "string" || !VERSION.test(version))
        return upstreamFailure("upstream.malformed", "the version of the protocol is none");
      link.version = version;
    }
    link.events.message(message);
    return isAnswer;
  });
}

/** A server without sessions names none. */
function begin(link: Link, { headers }: IncomingMessage): UpstreamFailure | null {
  const id = headers["mcp-session-id"];
  if (id === undefined || link.session !== null) return null;
  if (typeof id !== "string" || !SESSION.test(id))
    return upstreamFailure("upstream.malformed", "the id of the session is none");
  link.session = id;
  return null;
}
