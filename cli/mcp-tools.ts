/** The tools of a server: asked of a server that is started, or read from what it answered. */
import { readTools, type ToolDefinition } from "@polity/gateway/mcp/definition.ts";
import { listTools } from "@polity/gateway/mcp/list-tools.ts";
import { startServer } from "@polity/gateway/mcp/server-process.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { parseJson } from "@polity/runtime/json.ts";
import { EXIT, failure } from "./failure.ts";
import { type Invocation, usage } from "./invocation.ts";
import { withProgress } from "./progress.ts";
import { nameOf, readText } from "./read-file.ts";
import { version } from "./version.ts";
import { quoted } from "./words.ts";

/** How long a server may take to start and to answer; the first `npx` of a package downloads it. */
const ANSWER_MS = 120_000;

/** Fails where there are no tools to be had. */
export async function toolsOf(
  { command, behind }: Invocation,
  file: string | undefined,
): Promise<readonly ToolDefinition[]> {
  const [program, ...args] = behind;
  if (file !== undefined && program !== undefined) {
    throw usage(command, "a file of tools and a server's command exclude each other");
  }
  if (file !== undefined) return definitionsOf(nameOf(file), await toolsIn(file));
  if (program === undefined) throw usage(command, "a server's command is missing behind --");
  const asked = listTools((events) => startServer({ command: program, args }, events), version, ANSWER_MS);
  const listed = await withProgress(`asking ${quoted(program)}`, () => asked);
  if (!listed.ok) throw failure(`${quoted(program)}: ${listed.message}`);
  return definitionsOf(quoted(program), { tools: listed.tools });
}

/** The result of `tools/list`, the whole answer, or the list alone. */
async function toolsIn(file: string): Promise<unknown> {
  const parsed = parseJson(await readText(file));
  if (!parsed.ok) throw failure(`${nameOf(file)}: ${parsed.message} (at ${parsed.offset})`);
  const value = parsed.value as { readonly result?: unknown } | readonly unknown[] | null;
  if (Array.isArray(value)) return { tools: value };
  return (value as { readonly result?: unknown } | null)?.result ?? value;
}

function definitionsOf(from: string, result: unknown): readonly ToolDefinition[] {
  const read = readTools(result, nodeCrypto.sha256);
  if (!read.ok) throw failure(`${from}: ${read.message}`, null, EXIT.no);
  return read.tools;
}
