/**
 * `npm run check`: everything that decides whether a change is good, each with its time.
 * `--without-tests` leaves the tests out, for a caller that runs them itself.
 */
import { spawnSync } from "node:child_process";

type Step = { readonly name: string; readonly command: readonly string[] };

const LINT: Step = { name: "biome", command: ["biome", "check", "--error-on-warnings", "."] };
const TYPES: Step = { name: "tsc", command: ["tsc", "--noEmit"] };
const TESTS: Step = { name: "vitest", command: ["vitest", "run"] };
const UNUSED: Step = { name: "knip", command: ["knip"] };

const arguments_ = process.argv.slice(2);
const unknown = arguments_.filter((argument) => argument !== "--without-tests");
if (unknown.length > 0) {
  console.error(`check: unknown argument ${unknown.join(" ")}`);
  process.exit(2);
}

const steps = arguments_.length > 0 ? [LINT, TYPES, UNUSED] : [LINT, TYPES, TESTS, UNUSED];
const results = steps.map(run);

for (const { name, passed, seconds } of results) {
  console.log(`${name.padEnd(8)} ${passed ? "passed" : "FAILED"} ${seconds.toFixed(1).padStart(6)} s`);
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;

/** Runs one step to its end; the next ones run even if it fails, so that one look shows everything. */
function run({ name, command }: Step) {
  const started = performance.now();
  const [program = "", ...rest] = command;
  const { status, error } = spawnSync(program, rest, { stdio: "inherit" });
  if (error) console.error(`${name}: ${error.message} (start it through npm run check)`);
  return { name, passed: status === 0, seconds: (performance.now() - started) / 1000 };
}
