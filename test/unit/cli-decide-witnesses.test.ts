/**
 * `pol decide --log --witnesses` with a witness that is a process of its own: away, late, back again, or
 * ahead. What is durable is released, whatever witnesses do; a log that one contradicts releases no more.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { env, LAUNCHER } from "../support/log-cli.ts";
import { slowProxy, startWitness, type WitnessProcess } from "../support/witness-process.ts";

const home = mkdtempSync(join(tmpdir(), "cli-decide-witnesses-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const POLICY = `polity 1
policy doors version 1
action open { door: string max 16 }
allow known on open when door == "north"
`;
const LINE = '{"action":"open","now":"2026-11-03T10:00:00Z","fields":{"door":"north"}}\n';
/** A checkpoint comes within a second. */
const CHECKPOINT_MS = 1_000;

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

function start(...args: string[]): { readonly child: ChildProcess; readonly ended: Promise<Said> } {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { cwd: home, env });
  let [out, error] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    error += chunk;
  });
  const ended = new Promise<Said>((resolve) => {
    child.once("close", (code) => resolve({ code, out, error }));
  });
  return { child, ended };
}

const pol = (...args: string[]) => start(...args).ended;

/** Asks one thing at a time; each answer has to come within a few seconds. */
function ask(...args: string[]) {
  const running = start("decide", "doors.wasm", "--requests", "-", ...args);
  const lines: string[] = [];
  createInterface({ input: running.child.stdout! }).on("line", (line) => lines.push(line));
  const shown = async (count: number) => {
    for (let tries = 0; lines.length < count && tries < 400; tries += 1) await sleep(20);
    return lines.length;
  };
  const send = async () => {
    const before = lines.length;
    running.child.stdin!.write(LINE);
    return (await shown(before + 1)) === before + 1;
  };
  const end = () => {
    running.child.stdin!.end();
    return running.ended;
  };
  return { send, end, ended: running.ended, lines };
}

const logging = (log: string, policy: string) => [
  ...["--log", log, "--key", "log.pem", "--origin", "example.com/log", "--anchor", `${log}.anchor`],
  ...["--witnesses", policy],
];
const sign = (log: string, policy: string) =>
  pol("log", "checkpoint", log, "--key", "log.pem", "--anchor", `${log}.anchor`, "--witnesses", policy);
const verify = (log: string, policy: string) =>
  pol("log", "verify", log, "--key", "log.pub.pem", "--policy", policy);

/** A policy that wants the witness, at an address. */
function wants({ vkey }: Pick<WitnessProcess, "vkey">, url: string, file: string): string {
  writeFileSync(join(home, file), `witness w ${vkey} ${url}\nquorum w\n`);
  return file;
}

function published(log: string): number {
  const file = join(home, log, "public", "checkpoint");
  return existsSync(file) ? Number(readFileSync(file, "utf8").split("\n")[1]) : 0;
}

async function witness(memory: string, listen?: string): Promise<WitnessProcess> {
  const started = await startWitness(home, listen, memory);
  onTestFinished(started.kill);
  return started;
}

const addressOf = ({ url }: WitnessProcess) => new URL(url).host;

beforeAll(async () => {
  writeFileSync(join(home, "doors.pol"), POLICY);
  writeFileSync(join(home, "three.jsonl"), LINE.repeat(3));
  const made = await Promise.all([
    pol("keygen", "-o", "log"),
    pol("keygen", "-o", "w"),
    pol("build", "doors.pol"),
  ]);
  expect(made.map(({ code }) => code)).toEqual([0, 0, 0]);
  const { out } = await pol("log", "vkey", "log.pub.pem", "--name", "example.com/log");
  writeFileSync(join(home, "logs.txt"), `log ${out.trim()}\nquorum none\n`);
}, 60_000);

test("away: what is durable is released, nothing is published, and the end says so", async () => {
  const first = await witness("away");
  const policy = wants(first, first.url, "away.txt");
  await first.kill();
  const { code, out, error } = await pol(
    ...["decide", "doors.wasm", "--requests", "three.jsonl"],
    ...logging("away-log", policy),
  );
  expect([code, out.split("\n").length - 1]).toEqual([2, 3]);
  expect(error).toContain("log.unwitnessed");
  expect(published("away-log")).toBe(0);
  // Others who open the log do not publish it either.
  const again = await sign("away-log", policy);
  expect([again.code, again.error]).toEqual([2, expect.stringContaining("log.unwitnessed")]);
  expect(published("away-log")).toBe(0);
  await witness("away", addressOf(first));
  expect((await sign("away-log", policy)).code).toBe(0);
  expect(published("away-log")).toBe(3);
  expect((await verify("away-log", policy)).code).toBe(0);
}, 60_000);

test("away for a while: decisions go on, and are covered once it is back", async () => {
  const first = await witness("while");
  const policy = wants(first, first.url, "while.txt");
  const asking = ask(...logging("while-log", policy));
  expect(await asking.send()).toBe(true);
  await sleep(1.5 * CHECKPOINT_MS);
  expect(published("while-log")).toBe(1);
  await first.kill();
  expect(await asking.send()).toBe(true);
  await sleep(1.5 * CHECKPOINT_MS);
  // A checkpoint failed meanwhile.
  expect(await asking.send()).toBe(true);
  expect(published("while-log")).toBe(1);
  await witness("while", addressOf(first));
  const { code, error } = await asking.end();
  expect([code, published("while-log")]).toEqual([0, 3]);
  expect(error).toContain("decisions go on");
  expect((await verify("while-log", policy)).code).toBe(0);
}, 60_000);

test("late: nobody waits for a cosignature but the checkpoint", async () => {
  const slow = await witness("late");
  const proxy = await slowProxy(slow.url, 2_500);
  onTestFinished(proxy.close);
  const policy = wants(slow, proxy.url, "late.txt");
  const asking = ask(...logging("late-log", policy));
  expect(await asking.send()).toBe(true);
  await sleep(1.5 * CHECKPOINT_MS);
  expect(await asking.send()).toBe(true);
  expect([proxy.answered(), published("late-log")]).toEqual([0, 0]);
  const { code } = await asking.end();
  expect([code, published("late-log")]).toEqual([0, 2]);
  expect((await verify("late-log", policy)).code).toBe(0);
}, 60_000);

test("ahead from the beginning: nothing is released", async () => {
  const one = await witness("ahead");
  const policy = wants(one, one.url, "ahead.txt");
  const args = ["decide", "doors.wasm", "--requests", "three.jsonl"];
  expect((await pol(...args, ...logging("ahead-log", policy))).code).toBe(0);
  cpSync(join(home, "ahead-log"), join(home, "old-log"), { recursive: true });
  expect((await pol(...args, ...logging("ahead-log", policy))).code).toBe(0);
  // Its own anchor knows nothing of the copy.
  const { code, out, error } = await pol(...args, ...logging("old-log", policy));
  expect([code, out]).toEqual([2, ""]);
  expect(error).toContain("witness.ahead");
}, 60_000);

test("ahead in the middle: what came before is released, and nothing after it is known", async () => {
  const one = await witness("middle");
  const policy = wants(one, one.url, "middle.txt");
  const asking = ask(...logging("middle-log", policy));
  expect(await asking.send()).toBe(true);
  await sleep(1.5 * CHECKPOINT_MS);
  cpSync(join(home, "middle-log"), join(home, "copy-log"), { recursive: true });
  // Somebody goes on from a copy of the folder, with the same key.
  const copied = await pol(
    ...["decide", "doors.wasm", "--requests", "three.jsonl"],
    ...logging("copy-log", policy),
  );
  expect([copied.code, published("copy-log")]).toEqual([0, 4]);
  expect(await asking.send()).toBe(true);
  await sleep(1.5 * CHECKPOINT_MS);
  const count = asking.lines.length;
  expect(await asking.send()).toBe(false);
  const { code, error } = await asking.end();
  expect([code, asking.lines.length]).toEqual([2, count]);
  expect(error).toMatch(/witness\.(?:ahead|fork)/);
  expect(published("middle-log")).toBe(1);
}, 60_000);
