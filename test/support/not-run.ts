import { appendFileSync, readFileSync } from "node:fs";

/** Something that a test could not exercise here, with the reason. */
export type NotRun = { readonly what: string; readonly why: string };

/** Names the file that collects the reports of all test workers; summary-reporter.ts sets it. */
export const NOT_RUN_FILE = "POLITY_NOT_RUN_FILE";

/**
 * Reports that `what` was not exercised because this machine lacks something, e.g.
 * `notRun("evaluator in Chromium", "no /usr/bin/chromium")`. A test that returns early after this call still
 * passes, but the summary shows it, and the run fails where everything must run (see summary-reporter.ts).
 */
export function notRun(what: string, why: string): void {
  const file = process.env[NOT_RUN_FILE];
  const entry: NotRun = { what, why };
  if (file === undefined) console.warn(`not run: ${what}: ${why}`);
  else appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

/** What was reported so far, each thing once, in the order of the first report. */
export function readNotRun(file: string): NotRun[] {
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return [...new Set(lines)].map((line) => JSON.parse(line) as NotRun);
}
