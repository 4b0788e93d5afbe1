/** What `npm start` runs, after its set-up. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("npm start goes through all of its steps", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const run = spawnSync(process.execPath, ["scripts/start.ts"], { cwd: root, encoding: "utf8" });
  expect([run.status, run.stderr]).toEqual([0, ""]);
  for (const step of ["6. Write every answer into a log", "8. Change one byte", "Try next"])
    expect(run.stdout).toContain(step);
  for (const code of ["envelope.altered", "log.other_entry", "log.other_key"])
    expect(run.stdout).toContain(code);
}, 60_000);
