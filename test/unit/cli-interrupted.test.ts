/** Who interrupts a command that writes a log leaves a log that its checkpoint covers whole. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { verifyLog } from "@polity/lineage/file-store/verify.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { afterAll, describe, expect, test } from "vitest";
import { readTrusted, writeKeyPair } from "../../cli/key-files.ts";

const launcher = fileURLToPath(new URL("../../cli/bin/pol.js", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "cli-interrupted-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const POLICY = `polity 1
policy doors version 1
action open { door: string max 16 }
allow known on open when door == "north"
`;
const LINE = '{"action":"open","now":"2026-11-03T10:00:00Z","fields":{"door":"north"}}\n';
const HEARTBEAT = '{"kind":"heartbeat","checkpoint":null,"execution":null,"parents":[],"trace":null}\n';

writeFileSync(join(home, "doors.pol"), POLICY);
writeFileSync(join(home, "request.json"), LINE);
writeKeyPair(join(home, "log"));
const key = await readTrusted(join(home, "log.pub.pem"));
pol("build", "doors.pol");

function pol(...args: readonly string[]) {
  return spawnSync(process.execPath, [launcher, ...args], { cwd: home, encoding: "utf8" });
}

const logging = (log: string) => ["--log", log, "--key", "log.pem"];
const deciding = (log: string) => ["decide", "doors.wasm", "--requests", "-", ...logging(log)];

/** A child with what it was seen to print, and its end. */
function start(args: readonly string[]) {
  const child = spawn(process.execPath, [launcher, ...args], { cwd: home });
  const seen = { out: "", error: "" };
  child.stdout.on("data", (chunk) => (seen.out += chunk));
  child.stderr.on("data", (chunk) => (seen.error += chunk));
  child.stdin.on("error", () => {}); // It may end before it reads everything.
  const ended = new Promise<unknown[]>((resolve) => child.on("close", (...how) => resolve(how)));
  return { child, seen, ended };
}

const lines = (text: string) => text.split("\n").length - 1;
const sizeOf = async (log: string) => {
  const verified = await verifyLog(join(home, log), key, nodeCrypto);
  return verified.ok ? verified.size : verified.error.code;
};

describe("pol decide --log", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("signs, and ends by %s", async (signal) => {
    const { child, seen, ended } = start(deciding(signal));
    child.stdin.write(LINE.repeat(3));
    await expect.poll(() => lines(seen.out), { timeout: 20_000 }).toBe(3);
    child.kill(signal);
    expect(await ended).toEqual([null, signal]);
    expect([await sizeOf(signal), seen.error]).toEqual([3, expect.not.stringContaining("error")]);
  });

  test("signs in the middle of a stream, for everything that it has logged", async () => {
    const { child, seen, ended } = start(deciding("busy"));
    child.stdin.write(LINE.repeat(20_000));
    await expect.poll(() => lines(seen.out), { timeout: 20_000 }).toBeGreaterThan(0);
    child.kill("SIGINT");
    // One key press may arrive twice.
    child.kill("SIGINT");
    expect(await ended).toEqual([null, "SIGINT"]);
    const size = await sizeOf("busy");
    expect(size).toBeGreaterThanOrEqual(lines(seen.out));
    expect(size).toBeLessThan(20_000);
  });

  test("signs where nobody reads any more, and ends with 141", async () => {
    const { child, seen, ended } = start(deciding("unread"));
    child.stdin.write(LINE);
    await expect.poll(() => lines(seen.out), { timeout: 20_000 }).toBe(1);
    child.stdout.destroy();
    child.stdin.write(LINE.repeat(5));
    expect(await ended).toEqual([141, null]);
    expect([await sizeOf("unread"), seen.error]).toEqual([6, expect.not.stringContaining("error")]);
  });

  test("signs where its requests cannot be read, and ends with 2", async () => {
    const run = ["decide", "doors.wasm", "--requests", "nowhere.jsonl", ...logging("none")];
    expect(pol(...run)).toMatchObject({ status: 2, stderr: expect.stringContaining("no such file") });
    expect(await sizeOf("none")).toBe(0);
  });
});

test("pol log append appends all, signs, and only then ends by a signal", async () => {
  writeFileSync(join(home, "many.jsonl"), HEARTBEAT.repeat(20_000));
  const { child, ended } = start(["log", "append", "appended", "many.jsonl", "--key", "log.pem"]);
  const bundle = join(home, "appended", "public/tile/entries/001");
  const written = () => statSync(bundle, { throwIfNoEntry: false })?.size ?? 0;
  await expect.poll(written, { timeout: 20_000, interval: 1 }).toBeGreaterThan(10_000);
  child.kill("SIGTERM");
  expect(await ended).toEqual([null, "SIGTERM"]);
  expect(await sizeOf("appended")).toBe(20_000);
});
