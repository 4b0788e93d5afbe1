import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatSource } from "@polity/compiler/pipeline.ts";
import { afterAll, describe, expect, test } from "vitest";
import { openBuilder } from "../cli/builder.ts";
import { compileFile } from "../cli/compile-file.ts";
import { runTests } from "../cli/run-tests.ts";
import { sessionRequests, TOOLS, toRequest } from "../examples/coding-agent/requests.ts";
import { codingAgentRequests, decisionLines, EXAMPLES, pathOf, policiesOf } from "../examples/decisions.ts";
import { isAsShown, shownCommands } from "./support/console-blocks.ts";
import { runCase } from "./support/spec.ts";
import { readPage } from "./support/spec-page.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe.each(EXAMPLES)("examples/%s", (example) => {
  test("the policy compiles without a warning, and its tests pass on both engines", async () => {
    for (const policy of policiesOf(example)) {
      const { checked, findings } = await compileFile(pathOf(example, policy), null);
      expect(findings.flatMap(({ diagnostics }) => diagnostics)).toEqual([]);
      if (checked === null) continue;
      expect(checked.tests.length).toBeGreaterThan(0);
      const results = await runTests(checked, ["wasm", "reference"], openBuilder({ cache: false }));
      expect(results.filter(({ failures }) => failures.length > 0)).toEqual([]);
    }
  });

  test("its files are laid out as `pol fmt` lays them out", () => {
    // The tour shows how much fits on a line where somebody wants it there.
    if (example === "tour") return;
    for (const file of readdirSync(pathOf(example, ".")).filter((name) => name.endsWith(".pol"))) {
      const text = readFileSync(pathOf(example, file), "utf8");
      expect(formatSource({ file, text }).value).toBe(text);
    }
  });

  test.each(["wasm", "reference"] as const)("%s answers each request as expected", async (engine) => {
    expect(await decisionLines(example, engine)).toBe(
      readFileSync(pathOf(example, "expected.jsonl"), "utf8"),
    );
  });

  test("some requests are allowed, some are refused by a rule, and some before any rule", () => {
    const lines = readFileSync(pathOf(example, "expected.jsonl"), "utf8").trimEnd().split("\n");
    const decisions = lines.map((line) => JSON.parse(line) as { verdict: string; code: string });
    expect(decisions.some(({ verdict }) => verdict === "allow")).toBe(true);
    expect(decisions.some(({ verdict, code }) => verdict !== "allow" && /^(no_)?rule$/.test(code))).toBe(
      true,
    );
    expect(decisions.some(({ code }) => code.startsWith("input."))).toBe(true);
  });
});

describe("the recorded session", () => {
  const messages = read("examples/coding-agent/session.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

  test("its requests are those that the table makes of the messages", () => {
    expect(codingAgentRequests()).toBe(read("examples/coding-agent/requests.jsonl"));
  });

  test("has an answer of the server for each message", () => {
    expect(read("examples/coding-agent/answers.jsonl").trimEnd().split("\n").length).toBe(messages.length);
    expect(messages.length).toBeGreaterThanOrEqual(30);
  });

  test("has only tools/call messages, numbered, of tools that the table knows", () => {
    for (const [index, message] of messages.entries()) {
      expect(message).toMatchObject({ jsonrpc: "2.0", method: "tools/call", id: index + 1 });
      expect(TOOLS.has(message.params.name)).toBe(true);
    }
  });

  test("no path of the machine that recorded it is left", () => {
    expect(read("examples/coding-agent/session.jsonl")).not.toMatch(/polity-record|\/tmp\/(?!cart\.ts)/);
  });

  test("a tool or an argument that the table does not know is handed on, for the evaluator to refuse", () => {
    const call = (name: string, args: Record<string, unknown>) =>
      toRequest({ id: 1, params: { name, arguments: args } }, "coder-1");
    expect(call("delete_everything", { path: "/" }).action).toBe("delete_everything");
    expect(call("write_file", { path: "/a", content: 5, mode: 0o777 }).fields).toEqual({
      agent: "coder-1",
      tool: "write_file",
      path: "/a",
      bytes: 5,
      mode: 0o777,
    });
    expect(sessionRequests("")).toEqual([]);
  });
});

describe("README.md", () => {
  const text = read("README.md");
  const scratch = mkdtempSync(join(tmpdir(), "polity-readme-"));
  afterAll(() => rmSync(scratch, { recursive: true }));

  for (const spec of readPage("README.md", text)) {
    test(`the policy on line ${spec.line} passes its tests`, async () => {
      const { rows, failures } = await runCase(spec);
      expect(failures.join("\n")).toBe("");
      expect(rows).toBeGreaterThan(0);
    });
  }

  const commands = shownCommands(text);
  test("shows each command of pol", () => {
    const shown = commands.map(({ command }) => /pol (\w+)/.exec(command)?.[1]);
    expect(shown).toEqual(expect.arrayContaining(["check", "test", "build", "inspect", "decide"]));
  });

  test("each command prints what is shown", () => {
    symlinkSync(join(root, "examples"), join(scratch, "examples"));
    const launcher = join(root, "cli", "bin", "pol.js");
    for (const { line, command, output } of commands) {
      const [npm, exec, dashes, pol, ...args] = command.split(" ");
      expect([npm, exec, dashes, pol], `line ${line}`).toEqual(["npm", "exec", "--", "pol"]);
      const options = { cwd: scratch, encoding: "utf8" } as const;
      const { stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], options);
      const printed = `${stdout}${stderr}`;
      expect(isAsShown(output, printed), `line ${line} shows\n${output}\nand prints\n${printed}`).toBe(true);
    }
  });

  test("the program that embeds the runtime runs and prints what is shown", () => {
    const blocks = [...text.matchAll(/```(ts|text)\n(.*?)```/gs)];
    const program = blocks.find(([, language]) => language === "ts")?.[2] ?? "";
    const shown = blocks.find(([, language]) => language === "text")?.[2] ?? "";
    const file = join(scratch, "embed.ts");
    symlinkSync(join(root, "node_modules"), join(scratch, "node_modules"));
    copyFileSync(join(root, "examples/payments/facts.json"), join(scratch, "facts.json"));
    writeFileSync(file, program);
    const { stdout, stderr } = spawnSync(process.execPath, [file], { cwd: scratch, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(isAsShown(shown, stdout), `prints\n${stdout}`).toBe(true);
  });
});
