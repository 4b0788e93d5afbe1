import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { summaryReporter } from "./test/support/summary-reporter.ts";

/** Where anchors of logs go: not where the user's are, and another place in each run. */
const state = process.env.POLITY_TEST_STATE ?? mkdtempSync(join(tmpdir(), "polity-state-"));
process.env.POLITY_TEST_STATE = state;
process.on("exit", () => rmSync(state, { recursive: true, force: true }));

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", summaryReporter()],
    // What is built is built here, not taken from where the user's caches are.
    env: { POLITY_CACHE: "", XDG_STATE_HOME: state },
    // One for each core: tests wait for their processes half of the time.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
