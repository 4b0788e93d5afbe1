/** The tools of a server: asked of a server that is started, or read from what it answered. */
import { readTools, type ToolDefinition } from "@polity/gateway/mcp/definition.ts";
import { listTools } from "@polity/gateway/mcp/list-tools.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { parseJson } from "@polity/runtime/json.ts";
import { EXIT, failure } from "./failure.ts";
import { type Invocation, usage } from "./invocation.ts";
import { withProgress } from "./progress.ts";
import { nameOf, readText } from "./read-file.ts";
import { serverBehind } from "./server-behind.ts";
import { version } from "./version.ts";

/** How long a server may take to start and to answer; the first `npx` of a package downloads it. */
const ANSWER_MS = 120_000;

/** Fails where there are no tools to be had. */
export async function toolsOf(
  invocation: Invocation,
  file: string | undefined,
): Promise<readonly ToolDefinition[]> {
  const { command } = invocation;
  const behind = await serverBehind(invocation);
  if (file !== undefined && behind !== null)
    throw usage(command, "a file of tools and a server exclude each other");
  if (file !== undefined) return definitionsOf(nameOf(file), await toolsIn(file));
  if (behind === null)
    throw usage(command, "a server is missing", "its command behind --, or --upstream URL");
  const { name, connect } = behind;
  const asked = listTools(connect, version, ANSWER_MS);
  const listed = await withProgress(`asking ${name}`, () => asked);
  if (!listed.ok) throw failure(`${name}: ${listed.message}`);
  return definitionsOf(name, { tools: listed.tools });
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
