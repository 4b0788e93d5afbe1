/** The shortest client of `pol serve`, in a process of its own. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const office = join(root, "examples", "govern");
const pol = join(root, "cli", "bin", "pol.js");

function printed(file: string, env: Record<string, string> = {}): readonly string[] {
  const options = { encoding: "utf8", env: { ...process.env, ...env }, timeout: 120_000 } as const;
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(root, "examples", file)], options);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.trimEnd().split("\n");
}

test("an agent in another process asks pol serve", async () => {
  const folder = mkdtempSync(join(tmpdir(), "polity-http-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [pol, ...args], { cwd: folder, encoding: "utf8" });
  expect(run("keygen", "-o", "log").status).toBe(0);
  const key = run("api-key", "add", "buyer", "--keys", "keys.json", "--agent", "Agent::buyer").stdout.trim();
  const policy = ["--policy", join(office, "policy.pol"), "--facts", join(office, "facts.json")];
  const place = ["--keys", "keys.json", "--log", "log", "--key", "log.pem", "--listen", "127.0.0.1:0"];
  const server = spawn(process.execPath, [pol, "serve", ...policy, ...place], { cwd: folder });
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    server.stdout.on("data", (bytes) => {
      said += bytes;
      const found = /listens +(http:\S+)/.exec(said);
      if (found !== null) resolve(found[1]!);
    });
    server.on("exit", (code) => reject(new Error(`pol serve ended with ${code}`)));
  });
  const said = printed("http/agent.js", { URL: url, KEY: key });
  const ended = new Promise((resolve) => server.on("exit", resolve));
  server.kill("SIGTERM");
  await ended;
  expect(said).toEqual([
    ...["sent 25 to acme", "hold: above 100, the treasury has to approve", "deny: no_rule", "ended"],
  ]);
}, 120_000);
