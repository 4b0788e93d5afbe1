/** What all requests to a server over HTTP have in common: where it is, its session, and what it is shown. */
import type { Agent } from "node:http";
import type { UpstreamEvents } from "./upstream.ts";
import { upstreamFailure } from "./upstream-codes.ts";
import type { Held } from "./upstream-read.ts";
import { type Asked, ask, type Question } from "./upstream-request.ts";

export interface ServerPlace {
  /** `http:` or `https:`. */
  readonly url: URL;
  /** What it is shown, asked anew for each request; null: nothing. */
  readonly token: () => Token;
  readonly log: (line: string) => void;
  readonly limits?: Partial<Limits>;
}

export type Token =
  | { readonly ok: true; readonly token: string | null }
  | { readonly ok: false; readonly message: string };

export interface Limits {
  /** Until a message is written, and until one is taken that nobody answers. */
  readonly sendMs: number;
  /** From a request to its answer. */
  readonly answerMs: number;
  /** For the last message of all. */
  readonly endMs: number;
  /** Before a stream that broke is asked for again; doubled each time. */
  readonly againMs: number;
}

/** What all parts have in common. */
export interface Link {
  readonly place: ServerPlace;
  readonly limits: Limits;
  readonly agent: Agent;
  readonly events: UpstreamEvents;
  /** Aborts with the end of it all. */
  readonly over: AbortController;
  readonly held: Held;
  session: string | null;
  version: string | null;
}

type Ours = Omit<Question, "headers"> & { readonly lastId?: string | null };

/** To the server's address, with what every request of the session has. */
export async function askServer(link: Link, { lastId = null, ...question }: Ours): Promise<Asked> {
  const { place, session, version, agent, limits } = link;
  const token = place.token();
  if (!token.ok) {
    question.onWritten?.();
    return { ok: false, failure: upstreamFailure("upstream.token", token.message) };
  }
  const isPost = question.method === "POST";
  const headers = {
    accept: isPost ? "application/json, text/event-stream" : "text/event-stream",
    "accept-encoding": "identity",
    ...(isPost && { "content-type": "application/json" }),
    ...(token.token !== null && { authorization: `Bearer ${token.token}` }),
    ...(session !== null && { "mcp-session-id": session }),
    ...(version !== null && { "mcp-protocol-version": version }),
    ...(lastId !== null && { "last-event-id": lastId }),
  };
  return ask({ url: place.url, agent, sendMs: limits.sendMs }, { ...question, headers });
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
