/** What `pol decide --log` shows is in the log: also where the disk is full, or nobody may write. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { verifyLog } from "@polity/lineage/file-store/verify.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { afterAll, expect, test } from "vitest";
import { readTrusted } from "../../cli/key-files.ts";
import { notRun } from "../support/not-run.ts";

const launcher = fileURLToPath(new URL("../../cli/bin/pol.js", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "cli-decide-log-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const POLICY = `polity 1
policy doors version 1
action open { door: string max 16 }
allow known on open when door == "north"
`;
const LINE = '{"action":"open","now":"2026-11-03T10:00:00Z","fields":{"door":"north"}}\n';
const LINES = 3_000;

writeFileSync(join(home, "doors.pol"), POLICY);
writeFileSync(join(home, "request.json"), LINE);
writeFileSync(join(home, "requests.jsonl"), LINE.repeat(LINES));
expect(bash("pol keygen -o log; pol build doors.pol").status).toBe(0);

function bash(script: string, limits: { readonly uid?: number } = {}) {
  const shell = `pol() { "${process.execPath}" "${launcher}" "$@"; }; ${script}`;
  return spawnSync("bash", ["-c", shell], { cwd: home, encoding: "utf8", maxBuffer: 2 ** 26, ...limits });
}

/** Of whole lines: what was cut off was shown to nobody. */
const receipts = (stdout: string) =>
  stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { log: { index: number; leaf: string } }).log);

const indices = (stdout: string) => receipts(stdout).map(({ index }) => index);

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);

test("every decision of a long stream has its entry, in order, under checkpoints", async () => {
  const { status, stdout } = bash("pol decide doors.wasm --requests requests.jsonl --log all --key log.pem");
  expect(status).toBe(0);
  expect(indices(stdout)).toEqual(upTo(LINES));
  const key = await readTrusted(join(home, "log.pub.pem"));
  const verified = await verifyLog(join(home, "all"), key, nodeCrypto);
  expect(verified).toMatchObject({ ok: true, size: LINES, commitments: LINES, openings: LINES });
}, 120_000);

test.each(["wasm", "reference"])(
  "the entry by %s counts all rules, also those that it does not list",
  (engine) => {
    const rules = Array.from({ length: 300 }, (_, at) => `allow rule_${at} on open when door == "north"\n`);
    writeFileSync(join(home, "many.pol"), POLICY + rules.join(""));
    const log = `many-${engine}`;
    const run = `pol decide many.pol --engine ${engine} --request request.json --log ${log} --key log.pem`;
    const proof = `pol log prove ${log} --index 0 -o ${log}.tlog-proof`;
    const told = bash(`${run} 2> notes; ${proof}; pol log verify ${log}.tlog-proof --key log.pub.pem`).stdout;
    expect(told).toContain(" and 293 more\n");
    expect(told).toContain("decision   allow (rule)\n");
  },
  120_000,
);

test("where the log cannot grow, no decision is shown that is not in it, and the end is 2", async () => {
  const run = "pol decide doors.wasm --requests requests.jsonl --log full --key log.pem";
  const { status, stdout, stderr } = bash(`trap '' XFSZ; ulimit -f 1000; ${run}`);
  expect([status, stderr]).toEqual([2, expect.stringContaining("log.full")]);
  const shown = indices(stdout);
  expect(shown).toEqual(upTo(shown.length));
  expect(shown.length).toBeGreaterThan(0);
  expect(shown.length).toBeLessThan(LINES);
  // There is room again: whoever was shown something finds it.
  expect(bash("pol log checkpoint full --key log.pem").status).toBe(0);
  const key = await readTrusted(join(home, "log.pub.pem"));
  const verified = await verifyLog(join(home, "full"), key, nodeCrypto);
  expect(verified.ok && verified.size).toBeGreaterThanOrEqual(shown.length);
}, 120_000);

test("what was shown before a sudden end is in the log, leaf by leaf", async () => {
  const args = [
    "decide",
    "doors.wasm",
    "--requests",
    "requests.jsonl",
    "--log",
    "killed",
    "--key",
    "log.pem",
  ];
  const child = spawn(process.execPath, [launcher, ...args], {
    cwd: home,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let stdout = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
    if (stdout.length > 300_000) child.kill("SIGKILL");
  });
  const [, signal] = await new Promise<unknown[]>((resolve) => child.on("close", (...how) => resolve(how)));
  expect(signal).toBe("SIGKILL");
  expect(bash("pol log checkpoint killed --key log.pem").status).toBe(0);
  const opened = await openFileLog(join(home, "killed"), {
    origin: null,
    signer: null,
    crypto: nodeCrypto,
    create: false,
  });
  if (!opened.ok) throw opened.error;
  const { store } = opened;
  const shown = receipts(stdout);
  expect(shown.length).toBeGreaterThan(0);
  for (const { index, leaf } of shown) {
    const entry = await store.entry(index);
    expect(entry && digestName(leafHash(entry, nodeCrypto.sha256))).toBe(leaf);
  }
  await store.close();
}, 120_000);

test("a single permission is not shown where the log is full", () => {
  const run = "pol decide doors.wasm --request request.json --log tiny --key log.pem";
  const { status, stdout, stderr } = bash(
    `pol log append tiny /dev/null --key log.pem; trap '' XFSZ; ulimit -f 0; ${run}`,
  );
  expect(stdout).not.toContain("verdict");
  expect([status, stderr]).toEqual([2, expect.stringContaining("log.")]);
});

test("nothing is shown where the folder may not be written to", () => {
  mkdirSync(join(home, "locked"), { mode: 0o500 });
  const nobody = process.getuid?.() === 0 ? { uid: 65_534 } : {};
  const prepared = bash(
    `chmod 755 "${home}"; cp log.pem theirs.pem; chown 65534 theirs.pem; chmod 600 theirs.pem`,
  );
  if ("uid" in nobody && (prepared.status !== 0 || bash("pol --version", nobody).status !== 0)) {
    return notRun("a log in a folder that is read-only", "no other user can start pol here");
  }
  const key = "uid" in nobody ? "theirs.pem" : "log.pem";
  const run = `pol decide doors.wasm --request request.json --log locked --key ${key}`;
  const { status, stdout, stderr } = bash(run, nobody);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("log `locked`: log.read_only");
});
