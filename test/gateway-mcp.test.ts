/** The public client and the public servers, unchanged, with the gateway between them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { connectThrough, lacksMcp, makeDesk, pol, publicServer } from "./support/mcp.ts";
import { notRun } from "./support/not-run.ts";

const lacks = lacksMcp();
const LONG_MS = 120_000;
const without = (what: string) => notRun(`the gateway before ${what}`, lacks ?? "");

describe("the server of files", { timeout: LONG_MS }, () => {
  test("is reached by what is allowed, and by nothing else", async () => {
    if (lacks !== null) return without("the server of files");
    const tools = ["read_text_file", "list_directory", "write_file"];
    const command = (dir: string) => [process.execPath, publicServer("filesystem"), dir];
    const desk = makeDesk("files", command("/tmp"), tools);
    const { dir } = desk;
    writeFileSync(join(dir, "a.txt"), "hello\n");
    const client = await connectThrough(desk, command(dir));
    const call = (name: string, args: object) => client.callTool({ name, arguments: args });

    expect((await client.listTools()).tools).toHaveLength(14);
    expect((await call("read_text_file", { path: join(dir, "a.txt"), head: 1 })).content[0]?.text).toBe(
      "hello",
    );
    // The server gets the path that was judged.
    expect((await call("read_text_file", { path: `${dir}/x/.././a.txt` })).isError).toBeUndefined();

    const outside = await call("read_text_file", { path: `${dir}/../../etc/passwd` });
    expect(outside.isError).toBe(true);
    expect(outside.structuredContent).toMatchObject({
      code: "rule",
      rules: ["granted", "outside_read_text_file_path"],
    });
    expect(outside.content[0]?.text).toContain("outside of what this agent may touch");

    const held = await call("write_file", { path: join(dir, "b.txt"), content: "x" });
    expect(held.isError).toBe(true);
    expect(held.content[0]?.text).toMatch(/^Held/);
    expect(
      (await call("move_file", { source: `${dir}/a.txt`, destination: `${dir}/c` })).structuredContent,
    ).toMatchObject({ code: "no_rule" });
    expect(
      (await call("read_text_file", { path: join(dir, "a.txt"), more: 1 })).structuredContent,
    ).toMatchObject({
      code: "input.unknown_field",
    });
    expect((await call("read_text_file", { path: join(dir, "missing") })).isError).toBe(true);
    await expect(call("no_such_tool", {})).rejects.toThrow("no such tool");
    await client.ping();
    await client.close();

    const entries = desk.entries();
    const decisions = entries.filter(({ kind, execution }) => kind === "decision" && execution !== null);
    expect(decisions.map(({ verdict }) => verdict)).toEqual([
      ...["allow", "allow", "deny", "hold", "deny", "deny", "allow", "deny"],
    ]);
    expect(decisions.map(({ action }) => action).at(-1)).toBe("mcp_unknown_tool");
    const outcomes = entries.filter(({ kind }) => kind === "outcome").map(({ status }) => status);
    expect(outcomes).toEqual(["succeeded", "succeeded", "failed"]);
    const [first, last] = [entries[0], entries.at(-1)];
    expect([first?.kind, last?.kind]).toEqual(["execution", "execution"]);
  });
});

describe("an attacker on the machine", { timeout: LONG_MS }, () => {
  test("gains nothing by other files of policy and facts, and loses no entry by a kill", async () => {
    if (lacks !== null) return without("the server of files");
    const command = (dir: string) => [process.execPath, publicServer("filesystem"), dir];
    const desk = makeDesk("files", command("/tmp"), ["list_directory"]);
    const { dir } = desk;
    const client = await connectThrough(desk, command(dir));
    const write = () => client.callTool({ name: "create_directory", arguments: { path: join(dir, "made") } });
    expect((await write()).structuredContent).toMatchObject({ code: "no_rule" });
    for (const file of ["policy.wasm", "policy.pol", "facts.json", "pins.json"])
      writeFileSync(join(dir, file), "{}");
    expect((await write()).structuredContent).toMatchObject({ code: "no_rule" });
    const list = await client.callTool({ name: "list_directory", arguments: { path: dir } });
    expect(list.content[0]?.text).not.toContain("made");
    process.kill(client.transport.pid, "SIGKILL");
    await expect(write()).rejects.toThrow();
    // What was answered is in the log, whatever became of the process.
    pol(dir, "log", "checkpoint", "decisions", "--key", "log.pem");
    const isJudged = ({ kind, execution }: { kind?: unknown; execution?: unknown }) =>
      kind === "decision" && execution !== null;
    const decisions = desk.entries().filter(isJudged);
    expect(decisions.map(({ verdict }) => verdict)).toEqual(["deny", "deny", "allow"]);
  });
});

describe("the server of everything", { timeout: LONG_MS }, () => {
  test("has its tools hidden that nothing can grant, and no say in what passes", async () => {
    if (lacks !== null) return without("the server of everything");
    const command = [process.execPath, publicServer("everything")];
    const tools = ["echo", "get-sum", "trigger-long-running-operation", "get-structured-content"];
    const desk = makeDesk("all", command, tools, (policy) =>
      policy
        .replace("get_env, ", "")
        .replace(
          "hold harmful on *\n  when claims_harm(call)",
          'hold harmful on *\n  when call.tool == "none"',
        )
        .concat("\naction mcp_read_resource { uri: string max 1_024 }\n")
        .replace('import "std/mcp"', 'import "std/mcp"\nimport "std/obligations"')
        .concat('\nallow less on get_sum when a > 10 oblige cap { field: "a", at: 10 }\n')
        .concat('allow noted on get_sum when a == 10 oblige log { note: "less" }\n')
        .concat('allow one_resource on mcp_read_resource when uri like "demo://resource/static/*"\n'),
    );
    const client = await connectThrough(desk, command);
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toContain("echo");
    expect(names).not.toContain("get-env");
    expect(client.getServerCapabilities().tasks).toBeUndefined();

    const sum = await client.callTool({ name: "get-sum", arguments: { a: 1.5, b: -2 } });
    expect(sum.content[0]?.text).toContain("-0.5");
    const less = await client.callTool({ name: "get-sum", arguments: { a: 100, b: 1 } });
    expect(less.content[0]?.text).toContain("is 11");
    const smuggled = await client.callTool({ name: "get-sum", arguments: { a: "1.5", b: 2 } });
    expect(smuggled.structuredContent).toMatchObject({ code: "input.invalid" });
    expect((await client.callTool({ name: "get-env", arguments: {} })).structuredContent).toMatchObject({
      code: "no_rule",
    });
    const weather = await client.callTool({
      name: "get-structured-content",
      arguments: { location: "Chicago" },
    });
    expect(weather.structuredContent).toHaveProperty("temperature");

    const progress: unknown[] = [];
    await client.callTool(
      { name: "trigger-long-running-operation", arguments: { duration: 1, steps: 2 } },
      undefined,
      {
        onprogress: (one) => progress.push(one),
      },
    );
    expect(progress.length).toBeGreaterThan(0);
    const giving = new AbortController();
    const long = client.callTool(
      { name: "trigger-long-running-operation", arguments: { duration: 30, steps: 30 } },
      undefined,
      { signal: giving.signal },
    );
    setTimeout(() => giving.abort(), 300);
    await expect(long).rejects.toThrow();

    await expect(client.readResource({ uri: "demo://resource/dynamic/text/1" })).rejects.toThrow("no_rule");
    await expect(
      client.readResource({ uri: "demo://resource/static/document/features.md" }),
    ).resolves.toBeDefined();
    await expect(client.getPrompt({ name: "simple-prompt" })).rejects.toThrow("input.unknown_action");
    await expect(client.listResources()).resolves.toBeDefined();
    await client.setLoggingLevel("debug");
    await client.close();
    const entries = desk.entries();
    const noted = entries.flatMap(({ kind, name, phase, event }) =>
      kind === "event" && name === "log" ? [`${phase} ${event}`] : [],
    );
    expect(noted).toEqual(["ok less"]);
    const outcomes = entries.filter(({ kind }) => kind === "outcome");
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...["succeeded", "succeeded", "succeeded", "succeeded", "abandoned", "succeeded"],
    ]);
  });
});

describe("the server of memory", { timeout: LONG_MS }, () => {
  test("gets records and lists as they were judged", async () => {
    if (lacks !== null) return without("the server of memory");
    const command = [process.execPath, publicServer("memory")];
    const tools = ["create_entities", "open_nodes"];
    const desk = makeDesk("memory", command, tools, (policy) =>
      policy.replace("when claims_harm(call)", 'when call.tool == "none"'),
    );
    const env = ["env", `MEMORY_FILE_PATH=${join(desk.dir, "memory.json")}`, ...command];
    const client = await connectThrough(desk, env);
    const entities = [{ name: "ada", entityType: "person", observations: ["writes"] }];
    expect(
      (await client.callTool({ name: "create_entities", arguments: { entities } })).isError,
    ).toBeUndefined();
    const found = await client.callTool({ name: "open_nodes", arguments: { names: ["ada"] } });
    expect(found.structuredContent).toMatchObject({ entities });
    expect((await client.callTool({ name: "read_graph" })).structuredContent).toMatchObject({
      code: "no_rule",
    });
    await client.close();
  });
});
