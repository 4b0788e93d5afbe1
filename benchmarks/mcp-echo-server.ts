/** The least that a server of the Model Context Protocol can be: one tool, which says what it is told. */
import { createInterface } from "node:readline";

const TOOL = {
  name: "say",
  description: "Says it",
  // What does not say so is held for an operator.
  annotations: { readOnlyHint: true, destructiveHint: false, openWorldHint: false },
  inputSchema: {
    type: "object",
    properties: { text: { type: "string" } },
    required: ["text"],
    additionalProperties: false,
  },
};

interface Asked {
  readonly id?: number;
  readonly method: string;
  readonly params: { readonly protocolVersion: string; readonly arguments: { readonly text: string } };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line) as Asked;
  if (id !== undefined) {
    const result = answerTo(method, params);
    process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
  }
}

function answerTo(method: string, params: Asked["params"]): object {
  if (method === "tools/list") return { tools: [TOOL] };
  if (method === "tools/call") return { content: [{ type: "text", text: params.arguments.text }] };
  if (method !== "initialize") return {};
  const { protocolVersion } = params;
  return { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "echo", version: "1" } };
}
