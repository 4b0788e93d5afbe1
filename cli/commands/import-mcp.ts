import { formatSource } from "@polity/compiler/pipeline.ts";
import type { ToolDefinition } from "@polity/gateway/mcp/definition.ts";
import { encodePins } from "@polity/gateway/mcp/pins.ts";
import { writePolicy } from "@polity/gateway/mcp/write-policy.ts";
import { compileText } from "../compile-file.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { toolsOf } from "../mcp-tools.ts";
import { tellFindings, tellNote } from "../tell.ts";
import { printLine, write } from "../terminal.ts";
import { plural, visible } from "../words.ts";
import { type NewFile, writeNew } from "../write-file.ts";

const STANDARD_OUTPUT = "-";
const SERVER = /^[A-Za-z0-9._:@/-]{1,256}$/;

export async function run(invocation: Invocation): Promise<number> {
  const { command, operands, values, switches } = invocation;
  const server = values.get("server") ?? "";
  if (!SERVER.test(server)) throw usage(command, "--server is made of letters, digits and ._:@/-");
  const output = values.get("output") ?? STANDARD_OUTPUT;
  const pins = values.get("pins") ?? null;
  const json = switches.has("json");
  if (json && output === STANDARD_OUTPUT) throw usage(command, "--json needs -o, where the policy goes");
  const tools = await toolsOf(invocation, operands[0]);
  const { text, actions } = writePolicy(server, tools);
  const policy = await soundText(output, text);
  const rows = tools.map(({ name, digest }) => ({ tool: name, action: actions.get(name) ?? "", digest }));
  const made: NewFile[] = output === STANDARD_OUTPUT ? [] : [{ path: output, content: policy, mode: 0o666 }];
  if (pins !== null) made.push({ path: pins, content: encodePins({ server, tools: rows }), mode: 0o666 });
  if (made.length > 0) writeNew(made);
  if (json) await printLine(JSON.stringify({ server, policy: output, pins, tools: told(tools, actions) }));
  else if (output === STANDARD_OUTPUT) await write(policy);
  else await printLine(`${visible(output)}: ${plural(tools.length, "action")} of ${server}`);
  for (const { name, unsaid } of json ? [] : tools) {
    for (const line of unsaid) await tellNote(`not said in the policy: ${visible(name)}: ${visible(line)}`);
  }
  return EXIT.done;
}

/** Laid out, and a policy that compiles: what is not is no use to anybody. */
async function soundText(path: string, text: string): Promise<string> {
  const file = path === STANDARD_OUTPUT ? "imported.pol" : path;
  const { value } = formatSource({ file, text });
  const { checked, findings } = compileText(file, null, value ?? text);
  if (value !== null && checked !== null) return value;
  await tellFindings(findings);
  throw failure("the tools make no policy that compiles", "leave tools out of a TOOLS.json", EXIT.no);
}

function told(tools: readonly ToolDefinition[], actions: ReadonlyMap<string, string>): unknown {
  return tools.map(({ name, digest, unsaid }) => ({ tool: name, action: actions.get(name), digest, unsaid }));
}
