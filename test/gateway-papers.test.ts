/** A running gateway learns of approvals and orders: public client, public server, files in a folder. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { type CallResult, connectThrough, lacksMcp, makeDesk, pol, publicServer } from "./support/mcp.ts";
import { notRun } from "./support/not-run.ts";

const launcher = fileURLToPath(new URL("../cli/bin/pol.js", import.meta.url));
const LONG_MS = 120_000;
const PLAN = {
  name: "example.com/agents",
  root: { keys: ["root.pub.pem"], threshold: 1 },
  policy: { keys: ["root.pub.pem"], threshold: 1, sets: ["files"] },
  freshness: { keys: ["root.pub.pem"], threshold: 1 },
  issuers: { approval: { 'User::"anna"': ["anna.pub.pem"] }, containment: { watch: ["watch.pub.pem"] } },
};

const idOf = ({ structuredContent }: CallResult) =>
  (structuredContent?.pending as { readonly id: string } | undefined)?.id ?? "";

function makeFilesDesk() {
  const command = (dir: string) => [process.execPath, publicServer("filesystem"), dir];
  const desk = makeDesk("files", command("/tmp"), ["read_text_file", "list_directory", "write_file"]);
  const { dir } = desk;
  const facts = JSON.parse(readFileSync(join(dir, "facts.json"), "utf8"));
  facts.entities.push({ type: "User", id: "anna", parents: [{ type: "Team", id: "operators" }] });
  writeFileSync(join(dir, "facts.json"), JSON.stringify(facts));
  for (const who of ["root", "anna", "watch"]) pol(dir, "keygen", "-o", who);
  mkdirSync(join(dir, "trust"));
  writeFileSync(join(dir, "plan.json"), JSON.stringify(PLAN));
  pol(dir, "trust", "init", "--plan", "plan.json", "--sign", "root.pem", "-o", "trust/1.root.json");
  mkdirSync(join(dir, "papers"));
  const options = [...desk.options, "--trust", "trust", "--papers", "papers"];
  return { ...desk, options, command: command(dir) };
}

test("a held call goes once it is approved, no other does, and an order ends all of them", {
  timeout: LONG_MS,
}, async () => {
  const lacks = lacksMcp();
  if (lacks !== null) return notRun("papers for the gateway", lacks);
  const desk = makeFilesDesk();
  const { dir } = desk;
  const papers = join(dir, "papers");
  const client = await connectThrough(desk, desk.command);
  const write = (name: string, content: string): Promise<CallResult> =>
    client.callTool({ name: "write_file", arguments: { path: join(dir, name), content } });
  const codeOf = ({ structuredContent }: CallResult) => structuredContent?.code;
  const pendingFiles = () => readdirSync(papers).filter((name) => name.startsWith("pending-"));

  const held = await write("b.txt", "for b");
  expect(held.content[0]?.text).toMatch(/^Held for approval/);
  const id = idOf(held);
  await vi.waitFor(() => expect(pendingFiles()).toEqual([`pending-${id}.json`]), 5_000);
  expect(statSync(join(papers, `pending-${id}.json`)).mode & 0o777).toBe(0o600);
  expect(pol(dir, "approvals", "show", `papers/pending-${id}.json`, id)).toContain("for b");
  // Nothing has been approved yet.
  expect((await write("b.txt", "for b")).isError).toBe(true);

  const approve = ["approvals", "approve", `papers/pending-${id}.json`, id, "--trust", "trust"];
  pol(dir, ...approve, "--key", "anna.pem", "-o", `papers/${id}.approval.json`);
  const given = () => JSON.parse(readFileSync(join(papers, `pending-${id}.json`), "utf8")).given;
  await vi.waitFor(() => expect(given()).toHaveLength(1), 5_000);

  // What was approved is this text in this file.
  expect((await write("c.txt", "for b")).content[0]?.text).toMatch(/^Held for approval/);
  expect((await write("b.txt", "for somebody else")).content[0]?.text).toMatch(/^Held for approval/);
  expect(existsSync(join(dir, "c.txt")) || existsSync(join(dir, "b.txt"))).toBe(false);
  expect((await write("b.txt", "for b")).isError).toBeUndefined();
  expect(readFileSync(join(dir, "b.txt"), "utf8")).toBe("for b");
  // Once: the same call again waits anew, whatever lies in the folder.
  const again = await write("b.txt", "for b");
  expect(again.content[0]?.text).toMatch(/^Held for approval/);
  expect(idOf(again)).not.toBe(id);
  await vi.waitFor(() => expect(pendingFiles()).not.toContain(`pending-${id}.json`), 5_000);

  // What is no order stops nothing; a half-written one is read again once it is whole.
  const order = ["order", "issue", "quarantine", "--agent", "Agent::a1", "--reason", "r", "--trust", "trust"];
  pol(dir, ...order, "--key", "watch.pem", "-o", "whole.json");
  const whole = readFileSync(join(dir, "whole.json"), "utf8");
  writeFileSync(join(papers, "1.order.json"), whole.slice(0, whole.length / 2));
  writeFileSync(join(papers, "2.order.json"), "x".repeat(70_000));
  await new Promise((resolve) => setTimeout(resolve, 600));
  const read = () => client.callTool({ name: "read_text_file", arguments: { path: join(dir, "b.txt") } });
  expect((await read()).isError).toBeUndefined();
  writeFileSync(join(papers, "1.tmp"), whole);
  renameSync(join(papers, "1.tmp"), join(papers, "1.order.json"));
  // The session is closed with it; which of both a call meets first is a matter of time.
  await vi.waitFor(async () => {
    const stopped = await read().then(codeOf, (error: Error) => error.message);
    expect(stopped).toMatch(/contain|quarantine|abort|closed|not connected/i);
  }, 5_000);
  await client.close();

  // The next session finds the order carried out, and is contained by it.
  const args = [launcher, "gateway", "mcp", ...desk.options, "--", ...desk.command];
  await vi.waitFor(() => {
    const next = spawnSync(process.execPath, args, { cwd: dir, encoding: "utf8", input: "" });
    expect(next.stderr).toMatch(/contain|quarantine/);
    expect(next.status).toBe(1);
  }, 10_000);
  const entries = desk.entries();
  const released = entries.filter(
    ({ kind, phase, name }) => kind === "event" && phase === "released" && name === "order",
  );
  expect(released).toHaveLength(1);
  expect(entries.filter(({ kind }) => kind === "containment")).toMatchObject([{ state: "quarantined" }]);
  expect(entries.filter(({ kind }) => kind === "approval").length).toBeGreaterThan(0);
});

test("what is held waits for the next session, whether the client ends this one or somebody kills it", {
  timeout: LONG_MS,
}, async () => {
  const lacks = lacksMcp();
  if (lacks !== null) return notRun("held calls over sessions of the gateway", lacks);
  const desk = makeFilesDesk();
  const { dir } = desk;
  const papers = join(dir, "papers");
  const call = { name: "write_file", arguments: { path: join(dir, "b.txt"), content: "for b" } };
  const ids = new Set<string>();
  const session = async () => {
    const client = await connectThrough(desk, desk.command);
    const result: CallResult = await client.callTool(call);
    return { client, result };
  };
  const first = await session();
  ids.add(idOf(first.result));
  await first.client.close();
  const second = await session();
  ids.add(idOf(second.result));
  process.kill(second.client.transport.pid, "SIGKILL");
  const [id = ""] = ids;
  expect(ids).toEqual(new Set([id]));

  const third = await session();
  expect(idOf(third.result)).toBe(id);
  const pendingFile = `papers/pending-${id}.json`;
  await vi.waitFor(() => expect(existsSync(join(dir, pendingFile))).toBe(true), 5_000);
  const approve = ["approvals", "approve", pendingFile, id, "--trust", "trust", "--key", "anna.pem"];
  pol(dir, ...approve, "-o", `papers/${id}.approval.json`);
  const given = () => JSON.parse(readFileSync(join(papers, `pending-${id}.json`), "utf8")).given;
  await vi.waitFor(() => expect(given()).toHaveLength(1), 5_000);
  await third.client.close();
  const fourth = await session();
  expect(fourth.result.isError).toBeUndefined();
  expect(readFileSync(join(dir, "b.txt"), "utf8")).toBe("for b");
  const again: CallResult = await fourth.client.callTool(call);
  expect(ids.has(idOf(again))).toBe(false);
  await fourth.client.close();
});
