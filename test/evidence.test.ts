/** `npm run evidence` at a modest size: from three keys to a refused rollback, with kills on the way. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const SCRIPT = join(import.meta.dirname, "../scripts/evidence.ts");

function evidence(...args: readonly string[]) {
  return spawnSync(process.execPath, [SCRIPT, ...args], { encoding: "utf8", maxBuffer: 1 << 26 });
}

test("a thousand decisions, three kills, one proof, a replay, and a refused rollback", () => {
  const { status, stdout, stderr } = evidence("--decisions", "1000", "--kills", "3");
  expect([stderr, status], stdout).toEqual(["", 0]);
  expect(stdout.match(/^ {3}kill -9: began with \d+ in the log, then acknowledged \d+$/gm)).toHaveLength(3);
  expect(stdout).toMatch(/acknowledged, 1000 in the log, all receipts hold/);
  expect(stdout).toContain("payment.tlog-proof: good");
  expect(stdout).toMatch(/same +1000, to the last byte/);
  expect(stdout).toContain("the host says: epoch.rolled_back: epoch 6 after epoch 7");
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("All of it held.");
}, 300_000);

test("wrong options are told", () => {
  for (const args of [["--decisions", "x"], ["--fast"], ["--decisions", "3", "--kills", "3"]]) {
    const { status, stdout, stderr } = evidence(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^evidence: .*--help shows the options\n$/);
  }
  expect(evidence("--help").stdout).toContain("npm run evidence -- [options]");
});
