/** `pol` in a process of its own, and what else examples need of one. */
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const launcher = fileURLToPath(new URL("../../cli/bin/pol.js", import.meta.url));

/** Anchors of logs are kept beside the log of the example, and not among the user's own. */
const environment = (dir) => ({ ...process.env, XDG_STATE_HOME: `${dir}/state` });

/** What it prints; throws where it says no. */
export function pol(dir, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], {
    cwd: dir,
    encoding: "utf8",
    env: environment(dir),
  });
  if (status !== 0) throw new Error(`pol ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** One that goes on; `env` beside the usual. */
export function startPol(dir, args, { env = {}, imports = [] } = {}) {
  const node = imports.flatMap((path) => ["--import", path]);
  const child = spawn(process.execPath, [...node, launcher, ...args], {
    cwd: dir,
    env: { ...environment(dir), ...env },
  });
  const told = { out: "", error: "" };
  child.stdout.on("data", (bytes) => {
    told.out += bytes;
  });
  child.stderr.on("data", (bytes) => {
    told.error += bytes;
  });
  const ended = new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal })));
  return { child, told, ended };
}

/** Until `find` finds something; throws after a minute. */
export async function until(what, find) {
  const end = performance.now() + 60_000;
  for (;;) {
    const found = await find();
    if (found) return found;
    if (performance.now() > end) throw new Error(`this never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Everything that a log has, in its order. */
export function entriesIn(dir, log) {
  const lines = pol(dir, "log", "export", log).trim().split("\n");
  return lines.map((line) => JSON.parse(line).entry);
}
