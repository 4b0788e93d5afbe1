/** A client of the Model Context Protocol over pipes that does as little as it can. */
import { spawn } from "node:child_process";

export interface McpClient {
  /** Nanoseconds from the call to its answer. Rejects where the answer is an error, or none. */
  readonly call: (text: string) => Promise<number>;
  readonly close: () => Promise<void>;
}

interface Answer {
  readonly id?: number;
  readonly result?: { readonly isError?: boolean };
}

/** Starts the command, and greets it. */
export async function startClient(command: readonly string[], cwd: string): Promise<McpClient> {
  const [file, ...args] = command as [string, ...string[]];
  const child = spawn(file, args, { cwd, stdio: ["pipe", "pipe", "ignore"] });
  const waiting = new Map<number, { readonly settle: (answer: Answer | null) => void }>();
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  void ended.then(() => {
    for (const { settle } of waiting.values()) settle(null);
  });
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const answer = JSON.parse(line) as Answer;
      if (answer.id !== undefined) waiting.get(answer.id)?.settle(answer);
    }
  });
  let last = 0;
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const ask = (method: string, params: object) => {
    const id = ++last;
    return new Promise<Answer>((resolve, reject) => {
      const settle = (answer: Answer | null) => {
        waiting.delete(id);
        if (answer?.result === undefined || answer.result.isError === true)
          reject(new Error(`no answer to ${method}: ${JSON.stringify(answer)}`));
        else resolve(answer);
      };
      waiting.set(id, { settle });
      send({ id, method, params });
    });
  };
  const clientInfo = { name: "bench", version: "1" };
  await ask("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
  send({ method: "notifications/initialized" });
  await ask("tools/list", {});
  return {
    async call(text) {
      const from = performance.now();
      await ask("tools/call", { name: "say", arguments: { text } });
      return (performance.now() - from) * 1e6;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
