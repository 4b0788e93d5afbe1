/**
 * `npm run determinism`: the same frames, hostile ones among them, decided by the same evaluators on every
 * engine that this machine has; what all of them answer is chained into one SHA-256, which must be the same
 * everywhere. docs/determinism.md says what is compared.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { compareEngines } from "./determinism/compare.ts";
import { ENGINES } from "./determinism/engines.ts";
import { install } from "./determinism/install.ts";
import { POLICIES, prepare } from "./determinism/prepare.ts";
import { type Report, render } from "./determinism/report.ts";

const HELP = `npm run determinism -- [options]

Makes frames from a seed, valid and hostile ones, lets the evaluators of four examples decide each of them on
every engine that is installed here, and compares what they answered, byte for byte. Ends with 1 where two
engines differ, and says on which frame first.

  --count N      how many frames; 1000000 where it is left out
  --seed N       other frames; 1 where it is left out
  --engines A,B  these engines alone: ${ENGINES.map(({ id }) => id).join(", ")}
  --install      first installs the engines that are missing, from Debian's packages (as root)
  --json         the report as JSON on standard output
  --help         this text

An engine that is not installed is named as not run; with POLITY_MUST_RUN_ALL=1 that is a failure.
`;

const OPTIONS = {
  count: { type: "string", default: "1000000" },
  seed: { type: "string", default: "1" },
  engines: { type: "string", default: ENGINES.map(({ id }) => id).join(",") },
  install: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const satisfies ParseArgsConfig["options"];

const options = readOptions();
if (options.help) process.stdout.write(HELP);
else process.exitCode = await determinism();

function readOptions() {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    if (!/^[1-9]\d{0,8}$/.test(values.count)) throw new Error("--count is a whole number from 1 on");
    if (!/^\d{1,9}$/.test(values.seed)) throw new Error("--seed is a whole number");
    const unknown = values.engines.split(",").find((id) => ENGINES.every((engine) => engine.id !== id));
    if (unknown !== undefined) throw new Error(`no engine is called \`${unknown}\``);
    return values;
  } catch (error) {
    say(`determinism: ${(error as Error).message}; --help shows the options`);
    return process.exit(2);
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function determinism(): Promise<number> {
  const ids = options.engines.split(",");
  const engines = ENGINES.filter(({ id }) => ids.includes(id));
  if (options.install) install(engines, say);
  const folder = mkdtempSync(join(tmpdir(), "polity-determinism-"));
  try {
    say("building the evaluators and their frames …");
    const job = await prepare(folder, POLICIES, Number(options.seed));
    const compared = await compareEngines(folder, job, engines, Number(options.count), say);
    const report: Report = {
      seed: job.seed,
      count: Number(options.count),
      policies: job.policies,
      ...compared,
    };
    process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : render(report));
    const mustRunAll = process.env.POLITY_MUST_RUN_ALL === "1";
    const isWhole = report.engines.every(
      ({ status }) => status === "ran" || (status === "not run" && !mustRunAll),
    );
    return isWhole && report.differences.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
