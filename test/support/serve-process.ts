/** `pol serve` as people start it: a process of its own, asked over its socket. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const launcher = fileURLToPath(new URL("../../cli/bin/pol.js", import.meta.url));

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder in which commands run. */
export interface ServeDesk {
  readonly dir: string;
  readonly run: (...args: readonly string[]) => Ran;
  /** As `run`, where anything but success is a mistake of the test. */
  readonly pol: (...args: readonly string[]) => string;
  readonly write: (name: string, content: string | Uint8Array) => void;
  /** A key of a client, which is in `NAME.key` too. */
  readonly apiKey: (name: string, ...rights: readonly string[]) => string;
}

export function serveDesk(files: Readonly<Record<string, string>>): ServeDesk {
  const dir = mkdtempSync(join(tmpdir(), "pol-serve-"));
  const run = (...args: readonly string[]): Ran => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], {
      cwd: dir,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };
  const pol = (...args: readonly string[]) => {
    const { status, stdout, stderr } = run(...args);
    if (status !== 0) throw new Error(`pol ${args.join(" ")}: ${status} ${stdout}${stderr}`);
    return stdout;
  };
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(dir, name), content);
  for (const [name, content] of Object.entries(files)) write(name, content);
  pol("keygen", "-o", "log");
  return {
    ...{ dir, run, pol, write },
    apiKey(name, ...rights) {
      const key = pol(
        "api-key",
        "add",
        name,
        "--keys",
        "keys.json",
        ...rights.flatMap((one) => ["--may", one]),
      );
      writeFileSync(join(dir, `${name}.key`), key, { mode: 0o600 });
      return key.trim();
    },
  };
}

/** A trust root of one key, `root.pem`, under `trust/`. */
export function trustOf(
  { pol, dir, write }: ServeDesk,
  issuers: unknown,
  set: string,
  entities?: readonly string[],
): void {
  pol("keygen", "-o", "root");
  mkdirSync(join(dir, "trust"));
  const own = { keys: ["root.pub.pem"], threshold: 1 };
  const plan = {
    name: "example.com/agents",
    root: own,
    policy: { ...own, sets: [set] },
    freshness: own,
    issuers,
    ...(entities !== undefined && { facts: { directory: { ...own, entities } } }),
  };
  write("plan.json", JSON.stringify(plan));
  pol("trust", "init", "--plan", "plan.json", "--sign", "root.pem", "-o", "trust/1.root.json");
}

export interface Served {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it wrote to standard error until now. */
  readonly told: () => string;
  readonly ask: (method: string, path: string, body?: unknown, key?: string) => Promise<Answered>;
  /** As whoever runs it would; with how it ended. */
  readonly end: () => Promise<number | string>;
}

export interface Answered {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever came; tests say what it should be
  readonly body: any;
}

interface Unusual {
  readonly command?: readonly string[];
  readonly log?: string;
  readonly filesMax?: number;
}

/** As many files may be open as a shell has said before. */
const WITHIN = 'ulimit -n "$0" && exec "$@"';

/** Resolves once it listens; it is ended with the test. */
export async function startServe(
  { dir }: ServeDesk,
  key: string,
  options: readonly string[],
  { command = ["serve"], log = "decisions", filesMax = 1_024 }: Unusual = {},
): Promise<Served> {
  const usual = ["--keys", "keys.json", "--log", log, "--key", "log.pem", "--listen", "127.0.0.1:0"];
  const args = [process.execPath, launcher, ...command, ...usual, ...options];
  const child = spawn("sh", ["-c", WITHIN, String(filesMax), ...args], {
    cwd: dir,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const ended = once(child, "exit").then(([code, signal]): number | string => code ?? signal);
  const end = () => {
    child.kill("SIGTERM");
    return ended;
  };
  onTestFinished(async () => {
    await end();
  });
  const lines = createInterface({ input: child.stdout });
  const url = await Promise.race([
    once(lines, "line").then(([line]) => (line as string).replace(/^listens +/, "")),
    ended.then((code) => Promise.reject(new Error(`it ended with ${code}: ${errors}`))),
  ]);
  const ask = async (method: string, path: string, body?: unknown, asked = key): Promise<Answered> => {
    const authorization = `Bearer ${asked}`;
    // Commands that are waited for keep this process from seeing that the service has closed a connection.
    const headers = { authorization, connection: "close", "content-type": "application/json" };
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(`${url}${path}`, init);
    return { status: response.status, body: await response.json() };
  };
  return { url, process: child, told: () => errors, ask, end };
}
