import type { AcceptedTools, KnownTool } from "./accepted-tools.ts";
import type { Calls } from "./calls.ts";
import type { Json } from "./message.ts";
import type { Shared } from "./shared.ts";

const PAGES_MAX = 64;

/** All pages of the server's tools become what is known of them; text says why nothing is. */
export async function listForClient(toServer: Calls, tools: AcceptedTools): Promise<string | null> {
  const pages: Json[] = [];
  let cursor: unknown;
  do {
    const sent = toServer.send("tools/list", cursor === undefined ? {} : { cursor });
    if (sent === null) return "too many requests are under way";
    const reply = await sent.reply;
    if ("error" in reply) return reply.error.message;
    pages.push(reply.result);
    cursor = reply.result.nextCursor;
    if (pages.length > PAGES_MAX) return "it has too many pages";
  } while (typeof cursor === "string");
  return tools.replace(pages);
}

/**
 * Hidden are tools whose calls nothing can grant, and definitions that nobody has accepted: a model reads
 * them, and what it reads there may be meant for it.
 */
export function isShown({ catalog }: Shared, { action, isAccepted }: KnownTool): boolean {
  return isAccepted && catalog.isGrantable(action);
}
