/** Requests that were sent on and wait for their answers: whoever answers anything else is not believed. */
import { type Json, type Message, type MessageId, RPC, type RpcError } from "./message.ts";
import { upstreamFailure } from "./upstream-codes.ts";

export type Reply = { readonly result: Json } | { readonly error: RpcError };

export interface Calls {
  /** Null where too many wait already. The promise never rejects. */
  readonly send: (method: string, params: Json | null) => Sent | null;
  /** False where nobody asked. */
  readonly settle: (message: Extract<Message, { readonly kind: "result" | "error" }>) => boolean;
  readonly isWaiting: (id: number) => boolean;
  /** The answer is not wanted any more; one that comes all the same is dropped. */
  readonly forget: (id: number, error: RpcError) => void;
  readonly failAll: (error: RpcError) => void;
}

export interface Sent {
  readonly id: number;
  readonly reply: Promise<Reply>;
}

const WAITING_MAX = 1_024;
/** For what takes longer nobody waits; whoever was asked is told. */
const ANSWER_MS_MAX = 15 * 60_000;
interface Waiting {
  readonly tell: (reply: Reply) => void;
  readonly late: NodeJS.Timeout;
}

/** Answers that may still come although nobody wants them. */
const FORGOTTEN_MAX = 4_096;

export function makeCalls(send: (message: Message) => void): Calls {
  const waiting = new Map<MessageId, Waiting>();
  const forgotten = new Set<MessageId>();
  let next = 0;

  function settled(id: MessageId): ((reply: Reply) => void) | null {
    const waits = waiting.get(id);
    if (waits === undefined) return null;
    waiting.delete(id);
    clearTimeout(waits.late);
    return waits.tell;
  }

  function forget(id: number, error: RpcError): void {
    const tell = settled(id);
    if (tell === null) return;
    forgotten.add(id);
    if (forgotten.size > FORGOTTEN_MAX) forgotten.delete([...forgotten][0]!);
    tell({ error });
  }

  function giveUp(id: number): void {
    const { code, message } = upstreamFailure("upstream.late");
    send({ kind: "notification", method: "notifications/cancelled", params: { requestId: id } });
    forget(id, { code: RPC.internal, message: `${code}: ${message}`, data: { code } });
  }

  return {
    send(method, params) {
      if (waiting.size >= WAITING_MAX) return null;
      next += 1;
      const id = next;
      const reply = new Promise<Reply>((tell) => {
        const late = setTimeout(() => giveUp(id), ANSWER_MS_MAX);
        late.unref();
        waiting.set(id, { tell, late });
      });
      send({ kind: "request", id, method, params });
      return { id, reply };
    },
    settle(message) {
      const { id } = message;
      if (id === null) return false;
      const tell = settled(id);
      if (tell === null) return forgotten.delete(id);
      tell(message.kind === "result" ? { result: message.result } : { error: message.error });
      return true;
    },
    isWaiting: (id) => waiting.has(id),
    forget,
    failAll(error) {
      for (const id of [...waiting.keys()]) settled(id)?.({ error });
    },
  };
}

export interface SeenIds {
  /** False where the id was there before, or cannot be told from one that was. */
  readonly take: (id: MessageId) => boolean;
}

const IDS_MAX = 65_536;

/**
 * An id is never used twice in a session (MCP 2025-11-25, "Requests"). So many are remembered; of numbers
 * that are forgotten, none up to the largest is taken again, and where texts would be forgotten, none is
 * taken.
 */
export function seenIds(): SeenIds {
  const seen = new Set<MessageId>();
  let floor = Number.NEGATIVE_INFINITY;
  let texts = 0;
  return {
    take(id) {
      if (seen.has(id)) return false;
      if (typeof id === "string") {
        if (texts >= IDS_MAX) return false;
        texts += 1;
        seen.add(id);
        return true;
      }
      if (id <= floor) return false;
      seen.add(id);
      if (seen.size - texts > IDS_MAX) {
        for (const old of seen) {
          if (typeof old === "string") continue;
          seen.delete(old);
          floor = Math.max(floor, old);
          break;
        }
      }
      return true;
    },
  };
}
