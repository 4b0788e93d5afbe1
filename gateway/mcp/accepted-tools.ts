/** The tools of a server as they are now, and which of them may be called at all. */
import type { Sha256 } from "@polity/runtime/hash.ts";
import { readTools, TOOLS_MAX, type ToolDefinition } from "./definition.ts";
import type { Json } from "./message.ts";
import { actionName } from "./names.ts";
import type { Pins } from "./pins.ts";

export interface KnownTool {
  readonly definition: ToolDefinition;
  /** That judges its calls. */
  readonly action: string;
  /** Its definition is one that somebody has accepted. */
  readonly isAccepted: boolean;
  /** As the server says it. */
  readonly raw: Json;
}

export interface AcceptedTools {
  readonly find: (name: string) => KnownTool | undefined;
  /** In the server's order. */
  readonly all: () => readonly KnownTool[];
  /** All pages of one listing; text says what is wrong with them, and then nothing is known. */
  readonly replace: (pages: readonly Json[]) => string | null;
}

/** Without pins, what a tool says the first time is what it may say later. */
export function acceptedTools(pins: Pins | null, sha256: Sha256): AcceptedTools {
  const pinned = new Map(pins?.tools.map((pin) => [pin.tool, pin]));
  const first = new Map<string, string>();
  let tools = new Map<string, KnownTool>();
  let taken = new Set<string>();

  function know(definition: ToolDefinition, raw: Json): KnownTool | string {
    const { name, digest } = definition;
    const pin = pinned.get(name);
    if (pins !== null) {
      return { definition, raw, action: pin?.action ?? actionName(name), isAccepted: pin?.digest === digest };
    }
    const action = actionName(name);
    if (taken.has(action)) return `two tools would be judged as \`${action}\`: pins say which is which`;
    taken.add(action);
    const seen = first.get(name) ?? digest;
    if (first.size < TOOLS_MAX) first.set(name, seen);
    return { definition, raw, action, isAccepted: first.get(name) === digest };
  }

  return {
    find: (name) => tools.get(name),
    all: () => [...tools.values()],
    replace(pages) {
      const found = new Map<string, KnownTool>();
      taken = new Set();
      tools = new Map();
      const raws = pages.flatMap((page) => (Array.isArray(page.tools) ? (page.tools as Json[]) : [page]));
      const read = readTools({ tools: raws }, sha256);
      if (!read.ok) return read.message;
      for (const [at, definition] of read.tools.entries()) {
        const known = know(definition, raws[at]!);
        if (typeof known === "string") return known;
        found.set(definition.name, known);
      }
      tools = found;
      return null;
    },
  };
}

/**
 * As clients see it. Without the schema of its results: a denial is a result of another form, and clients
 * check what they are promised.
 */
export function shownTool({ raw }: KnownTool): Json {
  const { outputSchema: _, ...rest } = raw;
  return rest;
}
