/** What a server says of its tools (MCP 2025-11-25, "Tools"), as far as calls can be judged by it. */
import { digestName, type Sha256, utf8 } from "@polity/runtime/hash.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import { type FieldShape, isObject, readInputSchema } from "./schema.ts";

/** What a server claims of a tool, with what the protocol has for claims that are missing. */
export interface Hints {
  readonly read_only: boolean;
  readonly destructive: boolean;
  readonly idempotent: boolean;
  readonly open_world: boolean;
}

export interface ToolDefinition {
  readonly name: string;
  /** Its first line; empty where there is none. */
  readonly summary: string;
  readonly hints: Hints;
  readonly fields: readonly FieldShape[];
  /** What its schema says and a policy cannot. */
  readonly unsaid: readonly string[];
  /** `sha256:` and 64 hex digits of the whole definition as canonical JSON: any change is another one. */
  readonly digest: string;
}

export type ReadTools =
  | { readonly ok: true; readonly tools: readonly ToolDefinition[]; readonly nextCursor: string | null }
  | { readonly ok: false; readonly message: string };

/** Names that calls may have: others could not be said in a policy, and hide more than they tell. */
const TOOL_NAME = /^[A-Za-z0-9._:@/-]{1,256}$/;
export const TOOLS_MAX = 1_024;

/** The result of `tools/list`. Never throws. */
export function readTools(result: unknown, sha256: Sha256): ReadTools {
  if (!isObject(result) || !Array.isArray(result.tools)) return refuse("there is no list `tools`");
  if (result.tools.length > TOOLS_MAX) return refuse(`there are more than ${TOOLS_MAX} tools`);
  const tools: ToolDefinition[] = [];
  const names = new Set<string>();
  for (const given of result.tools as unknown[]) {
    const tool = readTool(given, sha256);
    if (typeof tool === "string") return refuse(tool);
    if (names.has(tool.name)) return refuse(`two tools are called \`${tool.name}\``);
    names.add(tool.name);
    tools.push(tool);
  }
  const { nextCursor } = result;
  return { ok: true, tools, nextCursor: typeof nextCursor === "string" ? nextCursor : null };
}

function refuse(message: string): ReadTools {
  return { ok: false, message };
}

function readTool(given: unknown, sha256: Sha256): ToolDefinition | string {
  if (!isObject(given) || typeof given.name !== "string") return "a tool has no name";
  if (!TOOL_NAME.test(given.name)) return "a tool has a name of other characters than [A-Za-z0-9._:@/-]";
  const { fields, unsaid } = readInputSchema(given.inputSchema);
  const { name, description } = given;
  const summary = typeof description === "string" ? (/[^\r\n]*/.exec(description.trim())?.[0] ?? "") : "";
  const digest = digestOf(given, sha256);
  if (digest === null) return `the definition of \`${name}\` has no canonical form`;
  return { name, summary, hints: hintsOf(given.annotations), fields, unsaid, digest };
}

function digestOf(definition: unknown, sha256: Sha256): string | null {
  try {
    return digestName(sha256(utf8(canonicalJson(definition, "fractions"))));
  } catch {
    return null;
  }
}

/** Where it says nothing: not read-only, destructive, not idempotent, open to the world. */
function hintsOf(annotations: unknown): Hints {
  const said = isObject(annotations) ? annotations : {};
  const hint = (name: string, otherwise: boolean) => {
    const value = said[name];
    return typeof value === "boolean" ? value : otherwise;
  };
  return {
    read_only: hint("readOnlyHint", false),
    destructive: hint("destructiveHint", true),
    idempotent: hint("idempotentHint", false),
    open_world: hint("openWorldHint", true),
  };
}
