/** `pol log witness` as a process of its own, and what stands between it and whoever asks. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { env, LAUNCHER } from "./log-cli.ts";

export interface WitnessProcess {
  readonly url: string;
  readonly vkey: string;
  /** Resolves once it is gone. */
  readonly kill: () => Promise<void>;
}

/** `listen` gives it the address that it had before. */
export async function startWitness(
  home: string,
  listen = "127.0.0.1:0",
  memory = "seen",
): Promise<WitnessProcess> {
  const options = ["--key", "w.pem", "--name", "w.example", "--policy", "logs.txt", "--listen", listen];
  const args = [LAUNCHER, "log", "witness", memory, ...options, "--json"];
  const child = spawn(process.execPath, args, { cwd: home, env, stdio: ["ignore", "pipe", "inherit"] });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { event: string; url: string; vkey: string };
    if (said.event === "start") return { url: said.url, vkey: said.vkey, kill };
  }
  throw new Error("the witness ended before it began");
}

/** Passes everything on to `target`, and lets each answer wait for so long. */
export async function slowProxy(target: string, delayMs: number) {
  let answered = 0;
  const server = createServer((asked, answer) => {
    const { method, headers, url = "/" } = asked;
    const passed = request(new URL(url, target), { method, headers }, async (found) => {
      await sleep(method === "POST" ? delayMs : 0);
      answer.writeHead(found.statusCode ?? 500, found.headers);
      found.pipe(answer);
      if (method === "POST") answered += 1;
    });
    passed.on("error", () => answer.destroy());
    asked.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, answered: () => answered, close };
}
