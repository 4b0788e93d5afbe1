import { defineConfig } from "vitest/config";
import { summaryReporter } from "./test/support/summary-reporter.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", summaryReporter()],
    // What is built is built here, not taken from where the user's caches are.
    env: { POLITY_CACHE: "" },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
