/**
 * An agent that works with files through the public MCP client. Its configuration names `pol gateway mcp`
 * with the public server of files behind it, in the place of that server alone.
 */
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const [dir] = process.argv.slice(2);
const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const server = [process.execPath, file("node_modules/.bin/mcp-server-filesystem"), `${dir}/desk`];
const policy = ["--policy", file("policy.pol"), "--facts", `${dir}/facts.json`];
const papers = ["--trust", `${dir}/trust`, "--papers", `${dir}/papers`];
const log = ["--log", `${dir}/decisions`, "--key", `${dir}/log.pem`, "--anchor", `${dir}/anchor`];
const who = ["--server", "files", "--agent", "Agent::writer", "--purpose", "tell the customers when we ship"];
const args = [...policy, ...papers, ...log, "--origin", "example.com/desk", ...who, "--", ...server];

const client = new Client({ name: "writer", version: "1" });
const transport = new StdioClientTransport({
  command: process.execPath,
  args: [file("../../cli/bin/pol.js"), "gateway", "mcp", ...args],
  stderr: "pipe",
});
let told = "";
transport.stderr.on("data", (bytes) => {
  told += bytes;
});
const closed = new Promise((resolve) => {
  client.onclose = resolve;
});

async function call(name, fields) {
  const { content, structuredContent } = await client.callTool({ name, arguments: fields });
  const [line] = content[0].text.replaceAll(dir, "").trim().split("\n");
  return { said: line.split(". ")[0], pending: structuredContent?.pending ?? null };
}

/** Elsewhere edith would tell whoever waits for her; here the gateway's folder says that she has signed. */
async function untilApproved({ id }) {
  const file = `${dir}/papers/pending-${id}.json`;
  // The file is gone for a moment when the gateway writes it anew.
  while (!existsSync(file) || !readFileSync(file, "utf8").includes("given_at")) await pause(100);
}

const letter = { path: `${dir}/desk/outbox/letter.txt`, content: "We ship on Friday." };
async function work() {
  const notes = await call("read_text_file", { path: `${dir}/desk/notes.txt` });
  console.log("reads notes.txt:", notes.said);
  const draft = await call("write_file", { ...letter, path: `${dir}/desk/draft.txt` });
  console.log("writes draft.txt:", draft.said);
  const held = await call("write_file", letter);
  console.log("writes outbox/letter.txt:", held.said);
  await untilApproved(held.pending);
  console.log("writes it again:", (await call("write_file", letter)).said);
  console.log("reads /etc/passwd");
  await call("read_text_file", { path: "/etc/passwd" });
}

// The gateway ends the session of whoever is quarantined, and lets nobody in who is.
await client
  .connect(transport)
  .then(work)
  .catch(() => {});
await Promise.race([closed, pause(20_000, null, { ref: false })]);
await client.close();
console.log("the gateway has closed:", /error: (.*)/.exec(told)?.[1] ?? told);
