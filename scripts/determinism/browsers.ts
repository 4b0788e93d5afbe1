/** Engines of browsers, without a driver of them: the page fetches the job and posts what came of it. */
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ask, Job, Told } from "./job.ts";
import { shellText } from "./shells.ts";

const HTML =
  '<!doctype html><meta charset="utf-8"><title>determinism</title><script src="/page.js"></script>';
const TIMEOUT_MS = 1_200_000;

/** What to call it with, so that it opens that page with a profile of its own, without a window. */
export type Launch = (profile: string, url: string) => readonly string[];

export const CHROMIUM: Launch = (profile, url) => [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--user-data-dir=${profile}`,
  url,
];

export const FIREFOX: Launch = (profile, url) => ["--headless", "--no-remote", "--profile", profile, url];

/** Resolves with what the page tells; rejects where the browser ends without a word, or takes too long. */
export async function visit(
  folder: string,
  job: Job,
  ask: Ask,
  program: string,
  launch: Launch,
): Promise<Told> {
  const profile = await mkdtemp(join(tmpdir(), "polity-browser-"));
  const { promise, resolve, reject } = Promise.withResolvers<Told>();
  const server = serve(filesOf(folder, job, ask), (body) => {
    const told = JSON.parse(body) as Told | { readonly error: string };
    if ("error" in told) reject(new Error(told.error));
    else resolve(told);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const env = { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: "1" };
  // A group of its own: a browser is many processes.
  const browser = spawn(program, launch(profile, url), { stdio: "ignore", detached: true, env });
  const timer = setTimeout(() => reject(new Error("the browser takes too long")), TIMEOUT_MS);
  const ended = new Promise<void>((done) => {
    browser.on("exit", (code) => {
      reject(new Error(`the browser ended with ${code}`));
      done();
    });
  });
  browser.on("error", reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    stop(browser.pid);
    await ended;
    server.close();
    server.closeAllConnections();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

function stop(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

type Files = ReadonlyMap<string, readonly [type: string, body: string | Uint8Array]>;

function filesOf(folder: string, job: Job, ask: Ask): Files {
  const names = job.policies.flatMap((_, at) => ["wasm", "facts", "pool"].map((kind) => `${at}.${kind}`));
  const read = (name: string) => readFileSync(join(folder, name));
  return new Map<string, readonly [string, string | Uint8Array]>([
    ["/", ["text/html", HTML]],
    ["/page.js", ["text/javascript", shellText("in-page.js")]],
    ["/ask.json", ["application/json", JSON.stringify(ask)]],
    ["/job.json", ["application/json", read("job.json")]],
    ...["driver.wasm", ...names].map(
      (name) => [`/${name}`, ["application/octet-stream", read(name)]] as const,
    ),
  ]);
}

function serve(files: Files, told: (body: string) => void) {
  return createServer((request, response) => {
    if (request.method === "POST") {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        response.end();
        told(Buffer.concat(chunks).toString());
      });
      return;
    }
    const [type, body] = files.get(request.url ?? "") ?? ["text/plain", ""];
    response.writeHead(files.has(request.url ?? "") ? 200 : 404, { "content-type": type });
    response.end(body);
  });
}
