/**
 * Records a coding agent's tool calls against the real MCP file server and writes them to
 * examples/coding-agent: `session.jsonl` has the JSON-RPC messages as the client sent them,
 * `answers.jsonl` says of each whether the server, which knows no policy, carried it out. Two runs give
 * the same bytes.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { PROJECT_FILES } from "./project.ts";
import { type Call, ROOT, SESSION } from "./session.ts";

/** The name under which the project's folder is written down. */
const WORKSPACE = "/workspace";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "..", "examples", "coding-agent");
const server = join(here, "node_modules", "@modelcontextprotocol", "server-filesystem", "dist", "index.js");

// The parent is ours alone, so that the calls that leave the project's folder meet nothing of anybody's.
const parent = realpathSync(mkdtempSync(join(tmpdir(), "polity-record-")));
const root = join(parent, "project");
try {
  makeProject(root);
  const { sent, answers } = await drive(root);
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, "session.jsonl"), lines(sent).replaceAll(root, WORKSPACE));
  writeFileSync(join(target, "answers.jsonl"), lines(answers));
  console.log(`record: ${sent.length} calls, ${answers.filter((answer) => answer.done).length} carried out`);
} finally {
  rmSync(parent, { recursive: true });
}

function makeProject(folder: string): void {
  for (const [path, content] of PROJECT_FILES) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

async function drive(folder: string) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [server, folder],
    stderr: "ignore",
  });
  const sent: JSONRPCMessage[] = [];
  const send = transport.send.bind(transport);
  transport.send = (message) => {
    if ("method" in message && message.method === "tools/call") sent.push(structuredClone(message));
    return send(message);
  };

  const client = new Client({ name: "coding-agent", version: "1.0.0" });
  await client.connect(transport);
  const answers: { readonly done: boolean }[] = [];
  for (const call of SESSION) {
    const result = await client.callTool({ name: call.tool, arguments: argumentsIn(folder, call) });
    answers.push({ done: result.isError !== true });
  }
  await client.close();
  return { sent, answers };
}

function argumentsIn(folder: string, call: Call): Record<string, unknown> {
  const text = JSON.stringify(call.arguments).replaceAll(ROOT, JSON.stringify(folder).slice(1, -1));
  return JSON.parse(text) as Record<string, unknown>;
}

function lines(values: readonly unknown[]): string {
  return `${values.map((value) => JSON.stringify(value)).join("\n")}\n`;
}
