import { defineConfig } from "vitest/config";
import { summaryReporter } from "./test/support/summary-reporter.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", summaryReporter()],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
