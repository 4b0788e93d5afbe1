/**
 * `npm run bench`: section by section, builds what is measured in a process of its own, runs each engine in a
 * fresh one that has assembled nothing, prints a table and writes benchmarks/results/<section>.json.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { chart } from "./chart.ts";
import { PEERS } from "./peers/all.ts";
import { type Report, render, summary } from "./report.ts";
import { runSection } from "./run-section.ts";
import { BY_HAND, type Case, type Options, POLITY, POLITY_BY_TABLE } from "./section.ts";
import { openSection, SECTION_NAMES } from "./sections.ts";
import { fits } from "./targets.ts";

const here = import.meta.dirname;
const ENGINES = [BY_HAND, POLITY, POLITY_BY_TABLE, ...PEERS.map(({ name }) => name)];

const HELP = `npm run bench -- [options]

Measures Polity beside the same rules written by hand and beside other engines, each in a process of its own.
The other engines are installed below benchmarks/peers when they are first needed, which takes a network.

  --section NAME  this section alone; may be given several times:
                  ${SECTION_NAMES.join(", ")}
  --only ENGINE   this engine alone; may be given several times:
                  ${ENGINES.slice(0, 6).join(", ")},
                  ${ENGINES.slice(6).join(", ")}
  --row NAME      these rows alone; \`*\` stands for any text, as in "oopsla-*-50"
  --quick         under two minutes, and without the largest rows: whether all answers are right. The times
                  are too short for their figures to mean anything.
  --full          other engines on everything that ours is measured on, which takes hours
  --seed N        other requests, graphs and texts; 1 where it is left out
  --json          the results as JSON on standard output, in place of the tables
  --help          this text

Results and a chart of each section are written into benchmarks/results; those of a run with --quick, --only
or --row into benchmarks/results/partial. The exit code is 0 where every engine gave the answers that it
should give, whatever time it took, 1 where one did not, and 2 where the options are wrong.
`;

const OPTIONS = {
  section: { type: "string", multiple: true },
  only: { type: "string", multiple: true },
  row: { type: "string", multiple: true },
  quick: { type: "boolean", default: false },
  full: { type: "boolean", default: false },
  seed: { type: "string", default: "1" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const satisfies ParseArgsConfig["options"];

const given = readOptions();
if (given.help) process.stdout.write(HELP);
else await bench();

function readOptions() {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    const section = values.section?.find((name) => !SECTION_NAMES.includes(name));
    if (section !== undefined) throw new Error(`no section is called ${section}`);
    const engine = values.only?.find((name) => !ENGINES.includes(name));
    if (engine !== undefined) throw new Error(`no engine is called ${engine}`);
    if (!/^\d{1,9}$/.test(values.seed)) throw new Error("--seed is a whole number");
    if (values.quick && values.full) throw new Error("--quick and --full exclude each other");
    return values;
  } catch (error) {
    say(`bench: ${(error as Error).message}; --help shows the options`);
    return process.exit(2);
  }
}

function isAsked({ row, engine }: Case): boolean {
  const isRow = given.row === undefined || given.row.some((pattern) => fits(pattern, row));
  return isRow && (given.only === undefined || given.only.includes(engine));
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function bench(): Promise<void> {
  const options: Options = { seed: Number(given.seed), isQuick: given.quick, isFull: given.full };
  const results = join(here, "results", given.quick || given.only || given.row ? "partial" : "");
  const reports: Report[] = [];
  mkdirSync(results, { recursive: true });
  for (const name of given.section ?? SECTION_NAMES) {
    const section = await openSection(name);
    const cases = section.cases(options).filter(isAsked);
    if (cases.length === 0) continue;
    const report = await runSection(section, cases, options, say);
    reports.push(report);
    writeFileSync(join(results, `${name}.json`), `${JSON.stringify(report, null, 1)}\n`);
    const drawn = chart(report, section.title);
    if (drawn !== null) writeFileSync(join(results, `${name}.svg`), drawn);
    if (!given.json) process.stdout.write(render(report, section.title));
  }
  if (reports.length === 0) {
    say("bench: no row has such a name; --help shows the options");
    process.exitCode = 2;
    return;
  }
  if (given.json) process.stdout.write(`${JSON.stringify(reports, null, 1)}\n`);
  const outcome = given.quick ? "the times were too short to judge figures by" : summary(reports);
  say(`\n${outcome}\nresults in ${results}`);
  // One thing missing on the machine that must run all is a failure there, not a note.
  const mustRunAll = process.env.POLITY_MUST_RUN_ALL === "1";
  const isGood = reports.every(({ failed, not_run, rows }) => {
    const isComplete = failed.length === 0 && !(mustRunAll && not_run.length > 0);
    return isComplete && !rows.some((row) => row.isWrong);
  });
  if (!isGood) process.exitCode = 1;
}
