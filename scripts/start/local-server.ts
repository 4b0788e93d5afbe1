/** Two tools over standard input and output, for where the public server cannot be installed. */
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

interface Asked {
  readonly id?: number | string;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly arguments?: Readonly<Record<string, string>> };
}

const text = { type: "string" };
const TOOLS = [
  { name: "read_text_file", inputSchema: schema({ path: text }), annotations: { readOnlyHint: true } },
  { name: "write_file", inputSchema: schema({ path: text, content: text }) },
];

for await (const line of createInterface({ input: process.stdin })) {
  const { id, ...asked } = JSON.parse(line) as Asked;
  if (id !== undefined) process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...answer(asked) })}\n`);
}

function schema(properties: Readonly<Record<string, object>>): object {
  return { type: "object", properties, required: Object.keys(properties) };
}

function answer({ method, params }: Asked): object {
  if (method === "initialize") {
    const serverInfo = { name: "local", version: "1" };
    return { result: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo } };
  }
  if (method === "tools/list") return { result: { tools: TOOLS } };
  if (method !== "tools/call") return { error: { code: -32601, message: "no such method" } };
  try {
    return { result: { content: [{ type: "text", text: done(params?.name, params?.arguments ?? {}) }] } };
  } catch (error) {
    return { result: { content: [{ type: "text", text: String(error) }], isError: true } };
  }
}

function done(
  name: string | undefined,
  { path = "", content = "" }: Readonly<Record<string, string>>,
): string {
  if (name === "read_text_file") return readFileSync(path, "utf8");
  if (name !== "write_file") throw new Error("no such tool");
  writeFileSync(path, content);
  return "written";
}
