/** What `npm start` runs, after its set-up. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { expect, test } from "vitest";
import { live } from "../scripts/start/story.ts";
import { compiled } from "./support/compiled.ts";

test("npm start goes through all of its steps", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const run = spawnSync(process.execPath, ["scripts/start.ts"], { cwd: root, encoding: "utf8" });
  expect([run.status, run.stderr]).toEqual([0, ""]);
  for (const step of ["6. Write every answer into a log", "8. Change one byte", "Try next"])
    expect(run.stdout).toContain(step);
  for (const code of ["envelope.altered", "log.other_entry", "log.other_key"])
    expect(run.stdout).toContain(code);
  for (const line of [
    /reads notes.txt +done: Ship on Friday/,
    /writes outbox\/letter.txt +Held for approval: .*leaves_the_house/,
    /User::"edith" approves sha256:/,
    /writes it again +done: /,
    /the writer is stopped: subject.quarantined/,
    /the helper is stopped in the middle of its work: subject.quarantined/,
    /begins anew +refused: subject.quarantined/,
    /7 {2}│ {2}└─ allow write_file \(at_desk, leaves_the_house\), by 1 approval/,
    /│ {2}│ {2}└─ abandoned/,
    /├─ quarantine read_text_file \(drifts\)/,
    /Agent::"writer" is quarantined from here on/,
    /Proved to a stranger, by its containment: entry \d+ of 18 in example.com\/story/,
    /Replayed from the log alone: 7 of 7 decisions/,
  ]) {
    expect(run.stdout).toMatch(line);
  }
}, 120_000);

test("without a network, the same is told with a local server", async () => {
  const text = readFileSync(new URL("../scripts/start/story.pol", import.meta.url), "utf8");
  const { wasm } = await buildEvaluator(compiled(text));
  const { told, replayed } = await live(wasm, (_look, one) => one, null);
  expect(told.map(([, came]) => came.split(":")[0])).toEqual([
    ...["done", "done", "Held for approval", "User", "done", "which works on a summary, for a minute"],
    ...["the session was closed", "the writer is stopped", expect.stringContaining("the helper"), "refused"],
  ]);
  expect([replayed.decisions, replayed.same]).toEqual([7, 7]);
}, 60_000);
