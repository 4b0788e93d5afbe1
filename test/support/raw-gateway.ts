/** `pol gateway mcp` as clients start it, spoken to by hand, before a server of a few lines. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { ServeDesk } from "./serve-process.ts";

const launcher = fileURLToPath(new URL("../../cli/bin/pol.js", import.meta.url));

/** Its one tool answers at length for door 0. */
export const SERVER = `
import { createInterface } from "node:readline";
const inputSchema = { type: "object", properties: { door: { type: "integer" } }, required: ["door"] };
const RESULTS = {
  initialize: () => ({ protocolVersion: "2025-11-25", capabilities: { tools: {} } }),
  "tools/list": () => ({ tools: [{ name: "enter", inputSchema }] }),
  "tools/call": ({ arguments: { door } }) => {
    const text = "x".repeat(door === 0 ? 4_000_000 : 1);
    return { content: [{ type: "text", text }] };
  },
};
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  const result = RESULTS[method]?.(params) ?? null;
  if (result === null) return;
  const isLong = params?.arguments?.door === 0;
  const told = () => isLong && process.stderr.write("answered at length\\n");
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n", told);
});
`;

export interface RawGateway {
  /** What comes back for a call of the tool. */
  readonly enter: (door: number) => Promise<{ readonly result: Entered }>;
  /** What it wrote to standard error until now. */
  readonly told: () => string;
  /** From then on nothing is read of what it writes. */
  readonly stopReading: () => void;
  /** Ends its input; how it has ended. */
  readonly end: () => Promise<number | string>;
}

interface Entered {
  readonly isError?: boolean;
  readonly structuredContent?: { readonly code: string };
}

/** Resolves once the server is greeted; it is ended with the test. */
export async function startGateway(
  { dir, write }: ServeDesk,
  options: readonly string[],
): Promise<RawGateway> {
  write("server.mjs", SERVER);
  const usual = ["--server", "doors", "--agent", "Agent::a1", "--log", "passes", "--key", "log.pem"];
  const args = [launcher, "gateway", "mcp", ...usual, ...options, "--", process.execPath, "server.mjs"];
  const child = spawn(process.execPath, args, { cwd: dir, stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  let isRead = true;
  const waiting = new Map<number, (message: never) => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!isRead) return;
    const message = JSON.parse(line) as { readonly id: number };
    waiting.get(message.id)?.(message as never);
  });
  const ended = once(child, "exit").then(([code, signal]): number | string => code ?? signal);
  let next = -1;
  const ask = <T>(method: string, params: object): Promise<T> => {
    next += 1;
    const id = next;
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    return new Promise<T>((resolve) => waiting.set(id, resolve));
  };
  const hello = ask("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: {} });
  await Promise.race([
    hello,
    ended.then((code) => Promise.reject(new Error(`it ended with ${code}: ${errors}`))),
  ]);
  return {
    enter: (door) => ask("tools/call", { name: "enter", arguments: { door } }),
    told: () => errors,
    stopReading() {
      isRead = false;
      child.stdout.pause();
    },
    end() {
      child.stdin.end();
      return ended;
    },
  };
}
