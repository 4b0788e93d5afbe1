/** Examples of enforcement points: agents in frameworks, over HTTP, and routes, with what they print. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { notRun } from "./support/not-run.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const agents = join(root, "examples", "agents");
const pol = join(root, "cli", "bin", "pol.js");

function printed(file: string, env: Record<string, string> = {}): readonly string[] {
  const options = { encoding: "utf8", env: { ...process.env, ...env }, timeout: 120_000 } as const;
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(root, "examples", file)], options);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.trimEnd().split("\n");
}

const WORKED = "sent 25 to ACME";
const HELD = "hold: above 100, the treasury has to approve";
const REFUSED = "deny: above this agent's limit";

test.each(["ai-sdk", "openai-agents", "langchain"])(
  "%s: works, is held, is refused",
  (name) => {
    if (!existsSync(join(agents, "node_modules"))) {
      return notRun(`the example ${name}`, "not installed: npm ci --prefix examples/agents");
    }
    const [worked, held, refused, done, log] = printed(`agents/${name}.js`);
    expect([worked, held, refused, done]).toEqual([WORKED, HELD, REFUSED, "done"]);
    expect(log).toMatch(/^[0-9]+ entries in the log$/);
  },
  120_000,
);

test("the policy of these examples passes its tests", () => {
  const { status, stderr } = spawnSync(process.execPath, [pol, "test", join(agents, "policy.pol")], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
});

test("an agent in another process asks pol serve", async () => {
  const folder = mkdtempSync(join(tmpdir(), "polity-http-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [pol, ...args], { cwd: folder, encoding: "utf8" });
  expect(run("keygen", "-o", "log").status).toBe(0);
  const key = run("api-key", "add", "buyer", "--keys", "keys.json", "--agent", "Agent::buyer").stdout.trim();
  const policy = ["--policy", join(agents, "policy.pol"), "--facts", join(agents, "facts.json")];
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
  expect(said).toEqual([WORKED, HELD, REFUSED, "ended"]);
}, 120_000);

test("routes of one's own run where the governor allows their action", () => {
  const lines = printed("http/routes.js");
  expect(lines.slice(0, 4).map((line) => line.replace(/:.*/, ""))).toEqual([
    `200 ${WORKED}`,
    expect.stringMatching(/^(202|403) rule$/),
    "403 rule",
    "403 step.invalid",
  ]);
}, 120_000);
