/** The body of a server's answer: one message as JSON, or events with messages. */
import type { IncomingMessage } from "node:http";
import { type EventReader, readEvents } from "./event-stream.ts";
import { type Message, readMessage } from "./message.ts";
import { SERVER_MESSAGE_BYTES_MAX, type UpstreamEvents } from "./upstream.ts";
import { type UpstreamFailure, upstreamFailure } from "./upstream-codes.ts";
import { failureOf, letGo, mediaType } from "./upstream-request.ts";

/** Bytes of messages that are not there whole yet, of all answers of a session. */
export interface Held {
  bytes: number;
}

export type ReadEnd =
  /** What was waited for is there. */
  | { readonly kind: "answered" }
  | { readonly kind: "failed"; readonly failure: UpstreamFailure }
  /** Before it came. */
  | {
      readonly kind: "ended";
      /** Where it can be resumed. */
      readonly lastId: string | null;
      readonly retryMs: number | null;
      readonly count: number;
      readonly failure: UpstreamFailure;
    };

/** Of a session. */
const HELD_BYTES_MAX = 2 * SERVER_MESSAGE_BYTES_MAX;

/** `take` answers whether that was what is waited for, or what is wrong with it. Never rejects. */
export async function readAnswer(
  response: IncomingMessage,
  { held, events }: { readonly held: Held; readonly events: Pick<UpstreamEvents, "pressed"> },
  signal: AbortSignal,
  take: (message: Message) => boolean | UpstreamFailure,
): Promise<ReadEnd> {
  const isJson = mediaType(response.headers["content-type"]) === "application/json";
  const body = isJson ? wholeBody() : null;
  const reader = body ?? readEvents(SERVER_MESSAGE_BYTES_MAX);
  const stop = () => response.destroy();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  let mine = 0;
  let count = 0;
  const hold = (bytes: number) => {
    held.bytes += bytes - mine;
    mine = bytes;
    return held.bytes <= HELD_BYTES_MAX;
  };
  const each = (bytes: Uint8Array): ReadEnd | null => {
    count += 1;
    const read = readMessage(bytes);
    if (!read.ok) return failed(upstreamFailure("upstream.malformed", read.error.message));
    const taken = take(read.message);
    if (taken === true) return { kind: "answered" };
    return taken === false ? null : failed(taken);
  };
  const all = (messages: readonly Uint8Array[] | null): ReadEnd | null => {
    if (messages === null || !hold(reader.rest())) return failed(upstreamFailure("upstream.too_large"));
    for (const bytes of messages) {
      const end = each(bytes);
      if (end !== null) return end;
    }
    return null;
  };
  let failure: UpstreamFailure = upstreamFailure("upstream.cut");
  try {
    // Left to `letGo` to destroy it, which may use the connection again.
    for await (const chunk of response.iterator({ destroyOnReturn: false })) {
      if (signal.aborted) break;
      const before = count;
      const end = all(reader.push(chunk as Uint8Array));
      if (end !== null) return end;
      if (count > before) await events.pressed();
    }
    const last = body !== null && response.complete ? each(body.whole()) : null;
    if (last !== null) return last;
  } catch (error) {
    failure = failureOf(error, true);
  } finally {
    hold(0);
    signal.removeEventListener("abort", stop);
    letGo(response);
  }
  if (signal.aborted) return failed(signal.reason as UpstreamFailure);
  const { lastId, retryMs } = reader;
  return { kind: "ended", lastId: lastId(), retryMs: retryMs(), count, failure };
}

function failed(failure: UpstreamFailure): ReadEnd {
  return { kind: "failed", failure };
}

/** Has no message before its end. */
function wholeBody(): EventReader & { readonly whole: () => Uint8Array } {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  return {
    push(chunk) {
      bytes += chunk.length;
      if (bytes > SERVER_MESSAGE_BYTES_MAX) return null;
      chunks.push(chunk);
      return [];
    },
    rest: () => bytes,
    lastId: () => null,
    retryMs: () => null,
    whole: () => Buffer.concat(chunks),
  };
}
