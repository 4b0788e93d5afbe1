/** Each page below examples/: its commands are run as they stand there, and print what is shown. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openBuilder } from "../cli/builder.ts";
import { compileFile } from "../cli/compile-file.ts";
import { runTests } from "../cli/run-tests.ts";
import { isAsShown, type ShownCommand, shownCommands } from "./support/console-blocks.ts";
import { lacksMcp } from "./support/mcp.ts";
import { notRun } from "./support/not-run.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const LONG_MS = 300_000;
/** What no command prints, between what they print. */
const MARK = "\u001e";
/** Between what a command prints and the code it ends with. */
const ENDED = "\u001f";
const NEEDS_MCP = ["gateway-mcp", "gateway-mcp/over-http"];

const folders = readdirSync(join(root, "examples"))
  .flatMap((name) => [name, `${name}/over-http`])
  .filter((name) => existsSync(join(root, "examples", name, "README.md")));

function whyNot(folder: string): string | null {
  if (NEEDS_MCP.includes(folder)) return lacksMcp();
  const isThere = folder !== "agents" || existsSync(join(root, "examples", folder, "node_modules"));
  return isThere ? null : "not installed: npm ci --prefix examples/agents";
}

/** One shell for a whole page, as its reader has; `npm exec --` is left out, which takes its time. */
async function printed(commands: readonly ShownCommand[]): Promise<readonly string[]> {
  const script = commands.map(({ command }) => `${command}\nprintf '${ENDED}%s${MARK}' $?\n`);
  const npm = 'npm() { shift 2; "$@"; }\nexec 2>&1\n';
  const path = [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const shell = spawn("bash", ["-c", npm + script.join("")], {
    cwd: root,
    env: { ...process.env, PATH: path },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  shell.stdout.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  await new Promise((resolve) => shell.on("close", resolve));
  return said.split(MARK);
}

test("there are pages to follow", () => {
  expect(folders).toEqual(
    expect.arrayContaining(["agents", "attack", ...NEEDS_MCP, "govern", "http", "routes"]),
  );
});

test.each(folders)(
  "examples/%s prints what its page shows",
  async (folder) => {
    const lacks = whyNot(folder);
    if (lacks !== null) return notRun(`the page of examples/${folder}`, lacks);
    const page = readFileSync(join(root, "examples", folder, "README.md"), "utf8");
    const commands = shownCommands(page);
    expect(commands.length).toBeGreaterThan(0);
    const outputs = await printed(commands);
    for (const [at, { line, command, output }] of commands.entries()) {
      const [text = "", code] = (outputs[at] ?? "").split(ENDED);
      const said = `line ${line}: ${command} prints\n${text}\nand the page shows\n${output}`;
      expect(isAsShown(output, text), said).toBe(true);
      expect(code, `line ${line}: ${command} ends with`).toBe("0");
    }
  },
  LONG_MS,
);

const policies = folders.filter((folder) => existsSync(join(root, "examples", folder, "policy.pol")));

test.each(policies)("the policy of examples/%s passes its tests, on both engines", async (folder) => {
  const { checked, findings } = await compileFile(join(root, "examples", folder, "policy.pol"), null);
  expect(findings.flatMap(({ diagnostics }) => diagnostics)).toEqual([]);
  const results = await runTests(checked!, ["wasm", "reference"], openBuilder({ cache: false }));
  expect(results.length).toBeGreaterThan(0);
  expect(results.filter(({ failures }) => failures.length > 0)).toEqual([]);
});
