import { spawn, spawnSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { parseScript, runScript } from "./support/cli-script.ts";
import { notRun } from "./support/not-run.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const scripts = join(root, "test", "cli");
const launcher = join(root, "cli", "bin", "pol.js");
const temporary = mkdtempSync(join(tmpdir(), "pol-cli-"));
const olderNode = findOlderNode();
const env = environment();

afterAll(() => rmSync(temporary, { recursive: true, force: true }));

describe.concurrent("scripts", () => {
  for (const name of readdirSync(scripts).filter((file) => file.endsWith(".txt"))) {
    test(name, async () => {
      const path = join(scripts, name);
      const text = readFileSync(path, "utf8");
      const script = parseScript(text);
      const lacking = script.needs.filter((need) => !isHere(need));
      if (lacking.length > 0) return notRun(`pol: ${name}`, `no ${lacking.join(", ")} on this machine`);
      const actual = await runScript(script, mkdtempSync(join(temporary, "script-")), env);
      if (process.env.UPDATE_EXPECT === "1") writeFileSync(path, actual);
      else expect(actual).toBe(text);
    }, 300_000);
  }
});

describe("--watch", () => {
  const broken = "polity 1\npolicy";
  const sound = "polity 1\npolicy a version 1\naction read {}\nallow all on read always\n";

  async function watching(
    command: "check" | "build",
    files: Readonly<Record<string, string>>,
    steps: (sees: (words: string, count: number) => Promise<void>, folder: string) => Promise<void>,
  ): Promise<void> {
    const folder = mkdtempSync(join(temporary, "watch-"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const child = spawn(process.execPath, [launcher, command, "--watch", "a.pol"], { cwd: folder, env });
    let printed = "";
    child.stdout.on("data", (chunk) => (printed += chunk));
    child.stderr.on("data", (chunk) => (printed += chunk));
    const sees = async (words: string, count: number) => {
      const last = new RegExp(`watching ${count} file.*\\n$`);
      await expect.poll(() => printed, { timeout: 50_000, interval: 20 }).toContain(words);
      await expect.poll(() => printed, { timeout: 10_000, interval: 20 }).toMatch(last);
      printed = "";
    };
    try {
      await steps(sees, folder);
    } finally {
      child.kill("SIGINT");
    }
    const [code, signal] = await new Promise<unknown[]>((resolve) =>
      child.on("exit", (...ended) => resolve(ended)),
    );
    expect([code, signal]).toEqual([null, "SIGINT"]);
  }

  test("checks again after each change, through errors, deletion and return", async () => {
    await watching("check", { "a.pol": sound }, async (sees, folder) => {
      const file = join(folder, "a.pol");
      await sees("nothing wrong", 1);
      writeFileSync(file, broken);
      await sees("error[", 1);
      rmSync(file);
      await sees("no such file", 1);
      writeFileSync(file, sound);
      await sees("nothing wrong", 1);
    });
  });

  test("watches what is imported, also what is not there yet", async () => {
    const importing =
      'polity 1\npolicy a version 1\nimport "./m.pol"\naction read { of: E }\nallow all on read always\n';
    await watching("check", { "a.pol": importing }, async (sees, folder) => {
      const module = join(folder, "m.pol");
      await sees("there is no file `m.pol`", 2);
      writeFileSync(module, "polity 1\nmodule m\nenum F { x }\n");
      await sees("there is no type `E`", 2);
      writeFileSync(module, "polity 1\nmodule m\nenum E { x }\n");
      await sees("nothing wrong", 2);
      writeFileSync(join(folder, "a.pol"), sound);
      await sees("nothing wrong", 1);
    });
  });

  test("builds again after each change; what was built last stays through errors", async () => {
    await watching("build", { "a.pol": sound }, async (sees, folder) => {
      const file = join(folder, "a.pol");
      const built = () => readFileSync(join(folder, "a.wasm"));
      await sees("a.wasm  ", 1);
      const first = built();
      writeFileSync(file, broken);
      await sees("error[", 1);
      rmSync(file);
      await sees("no such file", 1);
      expect(built().equals(first)).toBe(true);
      writeFileSync(file, sound.replace("version 1", "version 2"));
      await sees("a.wasm  ", 1);
      expect(built().equals(first)).toBe(false);
      writeFileSync(file, sound);
      await sees("a.wasm  ", 1);
      expect(built().equals(first)).toBe(true);
    });
  }, 120_000);
});

describe("the launcher on an older Node", () => {
  test("says what is missing where no newer one is installed", () => {
    if (olderNode === null) return notRun("the launcher without a newer Node", "no Node older than 24");
    const alone = join(mkdtempSync(join(temporary, "alone-")), "pol.mjs");
    copyFileSync(launcher, alone);
    const { status, stderr } = spawnSync(olderNode, [alone, "--version"], { encoding: "utf8", env });
    expect([status, stderr]).toEqual([2, expect.stringContaining("pol needs Node 24 or later")]);
  });

  test("ends by the signal that it gets, and so does the command", async () => {
    if (olderNode === null) return notRun("signals through the launcher", "no Node older than 24");
    const folder = mkdtempSync(join(temporary, "signal-"));
    writeFileSync(join(folder, "a.pol"), "polity 1\n");
    const child = spawn(olderNode, [launcher, "check", "--watch", "a.pol"], { cwd: folder, env });
    let printed = "";
    child.stderr.on("data", (chunk) => (printed += chunk));
    const ended = new Promise<unknown[]>((resolve) => child.on("close", (...how) => resolve(how)));
    await expect.poll(() => printed, { timeout: 10_000 }).toContain("watching 1 file");
    child.kill("SIGTERM");
    // `close` comes when every holder of the pipes is gone: the command too.
    expect(await ended).toEqual([null, "SIGTERM"]);
  });
});

/** `pol` runs the launcher with this Node, `pol-older-node` with an older one; no user variable leaks in. */
function environment(): NodeJS.ProcessEnv {
  const bin = mkdtempSync(join(temporary, "bin-"));
  const shim = (name: string, node: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec "${node}" "${launcher}" "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  };
  shim("pol", process.execPath);
  if (olderNode !== null) shim("pol-older-node", olderNode);
  return {
    PATH: `${bin}${delimiter}/usr/bin${delimiter}/bin`,
    HOME: temporary,
    TERM: "xterm",
    LC_ALL: "C.UTF-8",
  };
}

function isHere(need: string): boolean {
  if (need === "older-node") return olderNode !== null;
  return ["/usr/bin", "/bin"].some((folder) => isExecutable(join(folder, need)));
}

/** A Node that cannot run TypeScript: the one of the machine, if it is old enough. */
function findOlderNode(): string | null {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/bin", "/usr/bin"];
  for (const folder of folders.filter((path) => path !== "" && !path.includes("node_modules"))) {
    const node = join(folder, "node");
    if (isExecutable(node) && majorOf(node) < 24) return node;
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function majorOf(node: string): number {
  const { stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
  return Number.parseInt(stdout.slice(1), 10);
}
