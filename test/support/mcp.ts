/** The gateway as clients start it, between the public client and public or made-up servers. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { install, whyInstall } from "../../benchmarks/install.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const PACKAGES = "examples/gateway-mcp";
const launcher = join(root, "cli", "bin", "pol.js");

/** Null where client and servers are there, or could be installed. */
export function lacksMcp(): string | null {
  return whyInstall(PACKAGES) === null || install(PACKAGES) ? null : "no registry to install them from";
}

export const publicServer = (name: string) =>
  join(root, PACKAGES, "node_modules", ".bin", `mcp-server-${name}`);

export interface CallResult {
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly isError?: boolean;
  readonly structuredContent?: Readonly<Record<string, unknown>>;
}

/** As much of the public client as the tests use. */
export interface Client {
  readonly connect: (transport: unknown) => Promise<void>;
  readonly listTools: () => Promise<{ readonly tools: readonly { readonly name: string }[] }>;
  readonly callTool: (
    call: { readonly name: string; readonly arguments?: unknown },
    schema?: undefined,
    options?: { readonly signal?: AbortSignal; readonly onprogress?: (progress: unknown) => void },
  ) => Promise<CallResult>;
  readonly readResource: (given: { readonly uri: string }) => Promise<unknown>;
  readonly listResources: () => Promise<unknown>;
  readonly getPrompt: (given: { readonly name: string; readonly arguments?: unknown }) => Promise<unknown>;
  readonly setLoggingLevel: (level: string) => Promise<unknown>;
  readonly getServerCapabilities: () => Readonly<Record<string, unknown>>;
  readonly ping: () => Promise<unknown>;
  readonly close: () => Promise<void>;
  /** Of the gateway's process. */
  readonly transport: { readonly pid: number };
}

interface Sdk {
  readonly Client: new (info: object, options?: object) => Client;
  readonly StdioClientTransport: new (options: object) => unknown;
  readonly StreamableHTTPClientTransport: new (url: URL, options: object) => HttpTransport;
}

export interface HttpTransport {
  readonly sessionId: string;
  readonly terminateSession: () => Promise<void>;
}

async function sdk(): Promise<Sdk> {
  const find = createRequire(join(root, PACKAGES, "package.json"));
  const load = (path: string) =>
    import(pathToFileURL(find.resolve(`@modelcontextprotocol/sdk/${path}`)).href);
  const parts = ["client/index.js", "client/stdio.js", "client/streamableHttp.js"];
  const [client, stdio, http] = await Promise.all(parts.map(load));
  return { ...client, ...stdio, ...http } as Sdk;
}

export interface Desk {
  readonly dir: string;
  /** What `pol gateway mcp` gets before `--`. */
  readonly options: readonly string[];
  /** Everything in the log, in its order. */
  readonly entries: () => readonly Readonly<Record<string, unknown>>[];
}

export function pol(dir: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], {
    cwd: dir,
    encoding: "utf8",
  });
  if (status !== 0 && status !== 1) throw new Error(`pol ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** As `pol` takes it: a command behind `--`, or where a server is. */
const behind = (command: readonly string[]) =>
  command[0]?.startsWith("--upstream") === true ? command : ["--", ...command];

/** A folder with a policy that was imported from the server, facts, pins, a key, and later a log. */
export function makeDesk(
  server: string,
  command: readonly string[],
  tools: readonly string[],
  edit: (policy: string) => string = (policy) => policy,
): Desk {
  const dir = mkdtempSync(join(tmpdir(), "pol-mcp-"));
  const policy = join(dir, "policy.pol");
  pol(dir, "import", "mcp", "--server", server, "-o", policy, "--pins", "pins.json", ...behind(command));
  if (!existsSync(policy)) throw new Error("nothing was imported");
  const text = edit(readFileSync(policy, "utf8"));
  writeFileSync(policy, text);
  const attributes = { tools, ...(text.includes("root: path") ? { root: dir } : {}) };
  const entities = [
    { type: "Team", id: "operators" },
    { type: "Agent", id: "a1", attributes },
  ];
  writeFileSync(join(dir, "facts.json"), JSON.stringify({ entities }));
  pol(dir, "build", "policy.pol");
  pol(dir, "keygen", "-o", "log");
  const options = [
    ...["--policy", "policy.wasm", "--facts", "facts.json", "--server", server, "--agent", "Agent::a1"],
    ...["--pins", "pins.json", "--log", "decisions", "--key", "log.pem"],
  ];
  const entries = () => {
    const lines = pol(dir, "log", "export", "decisions").trim().split("\n");
    return lines.map((line) => (JSON.parse(line) as { entry: Readonly<Record<string, unknown>> }).entry);
  };
  return { dir, options, entries };
}

export async function connectThrough(
  { dir, options }: Desk,
  command: readonly string[],
  clientOptions: object = {},
): Promise<Client> {
  const { Client, StdioClientTransport } = await sdk();
  const client = new Client({ name: "test", version: "1" }, clientOptions);
  const args = [launcher, "gateway", "mcp", ...options, ...behind(command)];
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args, cwd: dir, stderr: "ignore" }),
  );
  return client;
}

/** The public client over streamable HTTP. */
export async function connectOver(
  url: string,
  key: string,
): Promise<{ readonly client: Client; readonly transport: HttpTransport }> {
  const { Client, StreamableHTTPClientTransport } = await sdk();
  const client = new Client({ name: "test", version: "1" });
  const headers = { authorization: `Bearer ${key}` };
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  await client.connect(transport);
  return { client, transport };
}

export interface Listening {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it said on standard error. */
  readonly said: () => string;
  /** With a signal, which is what it ends by once it has closed everything. */
  readonly end: () => Promise<string | number | null>;
}

/** `pol gateway mcp --listen`, at any free port. */
export async function listenThrough(
  { dir, options }: Desk,
  command: readonly string[],
  more: readonly string[] = [],
): Promise<Listening> {
  const ours = [...options, "--listen", "127.0.0.1:0", "--keys", "keys.json", ...more];
  const args = [launcher, "gateway", "mcp", ...ours, ...behind(command)];
  const child = spawn(process.execPath, args, { cwd: dir, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (bytes) => {
    said += String(bytes);
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (bytes) => resolve(/http\S+/.exec(String(bytes))?.[0] ?? ""));
    child.on("exit", () => reject(new Error(said)));
  });
  const ended = new Promise<string | number | null>((resolve) =>
    child.on("exit", (code, signal) => resolve(signal ?? code)),
  );
  return {
    ...{ url, child, said: () => said },
    end() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
