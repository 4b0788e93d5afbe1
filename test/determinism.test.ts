/** The same source gives the same bytes: in other processes, folders, time zones and locales. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const launcher = join(root, "cli/bin/pol.js");
let work = "";

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "polity-determinism-"));
});

afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

function build(file: string, folder: string, env: Readonly<Record<string, string>>): string {
  const out = join(work, "out.wasm");
  execFileSync(process.execPath, [launcher, "build", file, "-o", out], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: "ignore",
  });
  return createHash("sha256").update(readFileSync(out)).digest("hex");
}

test.each(["access", "payments"])("examples/%s builds to the same bytes everywhere", (example) => {
  const elsewhere = join(work, "a folder with ünusual name", example);
  mkdirSync(elsewhere, { recursive: true });
  cpSync(join(root, "examples", example, "policy.pol"), join(elsewhere, "policy.pol"));
  const digests = new Set([
    build(join("examples", example, "policy.pol"), root, {}),
    build("policy.pol", elsewhere, { LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8", TZ: "Pacific/Kiritimati" }),
    build(join(elsewhere, "policy.pol"), "/", {
      LC_ALL: "C",
      TZ: "America/St_Johns",
      NODE_OPTIONS: "--max-old-space-size=3000",
    }),
  ]);
  expect(digests.size).toBe(1);
});
