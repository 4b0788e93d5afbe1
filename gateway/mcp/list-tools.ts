/** Asks a server for its tools, as a client of its own: for those who read them before anybody calls. */
import type { Json, Message, MessageId } from "./message.ts";
import type { Upstream, UpstreamEvents } from "./upstream.ts";

const PROTOCOL_VERSION = "2025-11-25";
const PAGES_MAX = 64;

export type ListedTools =
  | { readonly ok: true; readonly tools: readonly unknown[] }
  | { readonly ok: false; readonly message: string };

/** `connect` starts the server, which is ended again in any case. */
export async function listTools(
  connect: (events: UpstreamEvents) => Upstream,
  version: string,
  timeoutMs: number,
): Promise<ListedTools> {
  let settle: (listed: ListedTools) => void = () => {};
  const answer = new Promise<ListedTools>((resolve) => {
    settle = resolve;
  });
  const waiting = new Map<MessageId, (message: Message) => void>();
  const upstream = connect({
    message(message) {
      if (message.kind !== "result" && message.kind !== "error") return;
      const taken = message.id === null ? undefined : waiting.get(message.id);
      if (message.id !== null) waiting.delete(message.id);
      taken?.(message);
    },
    pressed: () => null,
    closed: (why) => settle({ ok: false, message: why }),
  });
  const timer = setTimeout(() => settle({ ok: false, message: "the server does not answer" }), timeoutMs);
  let next = 0;

  async function ask(method: string, params: Json): Promise<Json> {
    next += 1;
    const id = next;
    const answered = new Promise<Message>((resolve) => waiting.set(id, resolve));
    upstream.send({ kind: "request", id, method, params });
    const message = await answered;
    if (message.kind === "result") return message.result;
    throw new Error(message.kind === "error" ? `the server answers: ${message.error.message}` : "no answer");
  }

  async function list(): Promise<readonly unknown[]> {
    const clientInfo = { name: "polity-gateway", version };
    await ask("initialize", { protocolVersion: PROTOCOL_VERSION, capabilities: {}, clientInfo });
    upstream.send({ kind: "notification", method: "notifications/initialized", params: null });
    const tools: unknown[] = [];
    let cursor: unknown;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const result = await ask("tools/list", typeof cursor === "string" ? { cursor } : {});
      if (!Array.isArray(result.tools)) throw new Error("the server answers without a list of tools");
      tools.push(...(result.tools as unknown[]));
      cursor = result.nextCursor;
      if (typeof cursor !== "string") return tools;
    }
    throw new Error("the list of tools has too many pages");
  }

  list().then(
    (tools) => settle({ ok: true, tools }),
    (error: unknown) => settle({ ok: false, message: error instanceof Error ? error.message : "no answer" }),
  );
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
    await upstream.close();
  }
}
