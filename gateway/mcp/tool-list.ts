import type { AcceptedTools, KnownTool } from "./accepted-tools.ts";
import type { Calls } from "./calls.ts";
import { TOOLS_MAX } from "./definition.ts";
import type { Json } from "./message.ts";
import type { Shared } from "./shared.ts";
import { SERVER_MESSAGE_BYTES_MAX } from "./upstream.ts";

const PAGES_MAX = 64;
/** Of all pages together: as much as one could have alone. */
const CHARACTERS_MAX = SERVER_MESSAGE_BYTES_MAX;

/** All pages of the server's tools become what is known of them; text says why nothing is. */
export async function listForClient(toServer: Calls, tools: AcceptedTools): Promise<string | null> {
  const pages: Json[] = [];
  let [cursor, count, characters]: [unknown, number, number] = [undefined, 0, 0];
  do {
    const sent = toServer.send("tools/list", cursor === undefined ? {} : { cursor });
    if (sent === null) return "too many requests are under way";
    const reply = await sent.reply;
    if ("error" in reply) return reply.error.message;
    const { tools: page, nextCursor } = reply.result;
    pages.push(reply.result);
    cursor = nextCursor;
    count += Array.isArray(page) ? page.length : 0;
    characters += JSON.stringify(reply.result).length;
    if (pages.length > PAGES_MAX) return "it has too many pages";
    if (count > TOOLS_MAX) return `there are more than ${TOOLS_MAX} tools`;
    if (characters > CHARACTERS_MAX) return `it has more than ${CHARACTERS_MAX} characters`;
  } while (typeof cursor === "string");
  return tools.replace(pages);
}

/** One listing at a time, and one more for everybody who asks meanwhile: it begins after they have asked. */
export function makeListing(
  list: () => Promise<string | null>,
  tell: (problem: string | null) => void,
): Pick<Shared, "relist" | "listed"> {
  let latest: Promise<string | null> | null = null;
  let next: Promise<string | null> | null = null;
  let isRunning = false;

  async function run(): Promise<string | null> {
    next = null;
    isRunning = true;
    const problem = await list();
    tell(problem);
    isRunning = false;
    return problem;
  }

  function relist(): Promise<string | null> {
    if (latest === null || (next === null && !isRunning)) latest = run();
    else {
      next ??= latest.then(run);
      latest = next;
    }
    return latest;
  }

  return { relist, listed: () => latest ?? relist() };
}

/** What was told of the last listing is not told again of the next. */
export function tellListing(
  tools: AcceptedTools,
  log: (line: string) => void,
): (problem: string | null) => void {
  let told: ReadonlySet<string> = new Set();
  return (problem) => {
    const strange = tools.all().filter(({ isAccepted }) => !isAccepted);
    const lines = strange.map(
      ({ definition }) => `the tool ${definition.name} is new or has changed: nobody has accepted it`,
    );
    if (problem !== null) lines.push(`the server's list of tools is not taken: ${problem}`);
    for (const line of lines) if (!told.has(line)) log(line);
    told = new Set(lines);
  };
}

/**
 * Hidden are tools whose calls nothing can grant, and definitions that nobody has accepted: a model reads
 * them, and what it reads there may be meant for it.
 */
export function isShown({ catalog }: Shared, { action, isAccepted }: KnownTool): boolean {
  return isAccepted && catalog.isGrantable(action);
}
