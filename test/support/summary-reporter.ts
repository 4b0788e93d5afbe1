import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Reporter, TestModule } from "vitest/node";
import { NOT_RUN_FILE, type NotRun, readNotRun } from "./not-run.ts";

/** Where nothing may stay untested (continuous integration), this variable turns "not run" into a failure. */
const MUST_RUN_ALL = "POLITY_MUST_RUN_ALL";

type Outcome = { passed: number; failed: number; readonly notRun: NotRun[] };

/** Ends a run with one line per thing that was not run, and then exactly `N passed, N failed`. */
export function summaryReporter(): Reporter {
  const mustRunAll = process.env[MUST_RUN_ALL] === "1";
  let folder = "";
  let file = "";
  let isFiltered = false;

  return {
    onInit(vitest) {
      isFiltered = vitest.config.testNamePattern !== undefined;
      folder = mkdtempSync(join(tmpdir(), "polity-test-"));
      file = join(folder, "not-run.jsonl");
      writeFileSync(file, "");
      process.env[NOT_RUN_FILE] = file;
    },

    onTestRunEnd(modules, errors, reason) {
      const outcome = countTests(modules);
      outcome.failed += errors.length;
      if (reason !== "passed" && outcome.failed === 0) outcome.failed = 1;
      // `vitest -t name` skips the rest on purpose: only what a test itself reports is news then.
      if (isFiltered) outcome.notRun.length = 0;
      outcome.notRun.push(...readNotRun(file));
      rmSync(folder, { recursive: true });

      if (mustRunAll && outcome.notRun.length > 0) process.exitCode = 1;
      // Vitest prints its own summary in this same hook; the last word comes after it.
      process.once("exit", () => process.stdout.write(summary(outcome, mustRunAll)));
    },
  };
}

/** A file that fails outside its tests (e.g. while it loads) counts as one failure. */
function countTests(modules: readonly TestModule[]): Outcome {
  const outcome: Outcome = { passed: 0, failed: 0, notRun: [] };
  for (const module of modules) {
    let failedHere = 0;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === "passed") outcome.passed += 1;
      else if (result.state === "failed") failedHere += 1;
      else outcome.notRun.push({ what: test.fullName, why: reasonOf(result) });
    }
    if (failedHere === 0 && module.state() === "failed") failedHere = 1;
    outcome.failed += failedHere;
  }
  return outcome;
}

function reasonOf(result: { readonly state: string; readonly note?: string | undefined }): string {
  return result.note ?? (result.state === "pending" ? "not finished" : "skipped");
}

function summary({ passed, failed, notRun }: Outcome, mustRunAll: boolean): string {
  const heading = mustRunAll ? "NOT RUN (counts as a failure here)" : "NOT RUN";
  const lines = notRun.map(({ what, why }) => `${heading}: ${what}: ${why}`);
  return `\n${[...lines, `${passed} passed, ${failed} failed`].join("\n")}\n`;
}
