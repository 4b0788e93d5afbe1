import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Reporter, TestModule } from "vitest/node";
import { NOT_RUN_FILE, type NotRun, readNotRun } from "./not-run.ts";

/** Where nothing may stay untested (continuous integration), this variable turns "not run" into a failure. */
const MUST_RUN_ALL = "POLITY_MUST_RUN_ALL";

/** What failed is said once more at the end, where whoever sees only that can find it. */
const FAILURES_MAX = 5;
const FAILURE_LINES_MAX = 25;

type Outcome = { passed: number; failed: number; readonly failures: string[]; readonly notRun: NotRun[] };

/** Ends a run with what failed, a line for each thing that was not run, and exactly `N passed, N failed`. */
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
      outcome.failures.push(...errors.map((error) => failureText("outside of tests", [error])));
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
  const outcome: Outcome = { passed: 0, failed: 0, failures: [], notRun: [] };
  for (const module of modules) {
    let failedHere = 0;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === "passed") outcome.passed += 1;
      else if (result.state === "failed") {
        failedHere += 1;
        outcome.failures.push(failureText(`${module.relativeModuleId} > ${test.fullName}`, result.errors));
      } else outcome.notRun.push({ what: test.fullName, why: reasonOf(result) });
    }
    if (failedHere === 0 && module.state() === "failed") {
      failedHere = 1;
      outcome.failures.push(failureText(module.relativeModuleId, module.errors()));
    }
    outcome.failed += failedHere;
  }
  return outcome;
}

function reasonOf(result: { readonly state: string; readonly note?: string | undefined }): string {
  return result.note ?? (result.state === "pending" ? "not finished" : "skipped");
}

function failureText(what: string, errors: readonly { message?: string; diff?: string }[]): string {
  const lines = errors.flatMap(({ message = "", diff = "" }) =>
    stripVTControlCharacters(diff || message).split("\n"),
  );
  const shown = lines.slice(0, FAILURE_LINES_MAX).map((line) => `  ${line}`);
  return [`FAILED: ${what}`, ...shown].join("\n");
}

function summary({ passed, failed, failures, notRun }: Outcome, mustRunAll: boolean): string {
  const heading = mustRunAll ? "NOT RUN (counts as a failure here)" : "NOT RUN";
  const notes = notRun.map(({ what, why }) => `${heading}: ${what}: ${why}`);
  const lines = [...failures.slice(0, FAILURES_MAX), ...notes, `${passed} passed, ${failed} failed`];
  return `\n${lines.join("\n")}\n`;
}
