/** What a server says: answers to what was asked, requests that a policy lets pass, and notifications. */
import { unreachable } from "@polity/runtime/unreachable.ts";
import { refusal } from "./denial.ts";
import { answerJudged } from "./judged-request.ts";
import { type Json, type Message, RPC } from "./message.ts";
import { SERVER_NOTIFICATIONS, SERVER_REQUESTS } from "./protocol.ts";
import type { Shared } from "./shared.ts";

export function fromServer(shared: Shared, message: Message): void {
  switch (message.kind) {
    case "request":
      void request(shared, message);
      return;
    case "notification":
      notification(shared, message.method, message.params);
      return;
    case "result":
    case "error":
      if (shared.toServer.settle(message)) return;
      void shared.note("mcp_unasked_answer");
      shared.fail("the server answers what nobody asked", "mcp.unasked");
      return;
    default:
      unreachable(message);
  }
}

async function request(
  shared: Shared,
  { id, method, params }: Extract<Message, { readonly kind: "request" }>,
): Promise<void> {
  const { upstream, fromClient, note } = shared;
  const way = SERVER_REQUESTS.get(method);
  if (way !== "pass" && !shared.mayTry()) return;
  if (way === undefined) {
    const error = { code: RPC.method, message: "the gateway does not let this method pass" };
    upstream.send({ kind: "error", id, error });
    await note("mcp_unknown_method");
    return;
  }
  const send = async (given: Json | null) => {
    const sent = fromClient.send(method, given);
    if (sent !== null) return sent.reply;
    return { error: refusal("mcp.too_many") };
  };
  const reply = await (way === "pass" ? send(null) : answerJudged(shared, method, params ?? {}, send));
  if ("result" in reply) upstream.send({ kind: "result", id, result: reply.result });
  else upstream.send({ kind: "error", id, error: reply.error });
}

function notification(shared: Shared, method: string, params: Json | null): void {
  const { active, toClient, note } = shared;
  if (!SERVER_NOTIFICATIONS.has(method)) {
    if (shared.mayTry()) void note("mcp_unknown_method");
    return;
  }
  // The server would name a request by the gateway's own number for it.
  if (method === "notifications/cancelled") return;
  if (method === "notifications/progress") {
    const about = [...active.values()].find(({ progressToken }) => {
      return progressToken !== null && progressToken === params?.progressToken;
    });
    about?.answer({ kind: "notification", method, params });
    return;
  }
  if (method === "notifications/tools/list_changed") void shared.relist();
  toClient({ kind: "notification", method, params });
}
