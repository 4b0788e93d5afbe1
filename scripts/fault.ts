/**
 * Does to logs what disks, machines and people do, and checks after each fault that nothing was lost that was
 * promised, and nothing signed that was not so. See docs/faults.md.
 *
 *     npm run fault -- --seed 7 --quick
 *     npm run fault -- --seed 7 --only matrix/checkpoint/fsync
 *     npm run fault -- --only kill --rounds 1000
 */
import { parseArgs } from "node:util";
import { renderFailures, renderTable } from "./fault/report.ts";
import { runCampaign } from "./fault/run.ts";
import { SECTIONS } from "./fault/sections.ts";

const USAGE = `npm run fault -- [--seed N] [--quick] [--only NAME] [--rounds N] [--list]

  --seed N     what is drawn: the same cases with the same seed
  --quick      a slice of each section, under 40 s
  --only NAME  a section, or the beginning of the names of cases
  --rounds N   of the sections that draw at random
  --list       the sections

Ctrl-C ends it after the cases that are under way, with the table of what was run.

Exit codes: 0 all well; 1 something is wrong, it was stopped, or with POLITY_MUST_RUN_ALL=1 could not run;
2 usage.`;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    rounds: { type: "string" },
    list: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

process.exitCode = values.help || values.list ? print() : await run();

function print(): number {
  console.log(values.help ? USAGE : SECTIONS.map(({ name }) => name).join("\n"));
  return 0;
}

async function run(): Promise<number> {
  const seed = Number(values.seed);
  const rounds = values.rounds === undefined ? null : Number(values.rounds);
  if (!Number.isSafeInteger(seed) || seed < 0 || (rounds !== null && !(rounds > 0))) {
    console.error(USAGE);
    return 2;
  }
  const { quick, only } = values;
  console.log(`seed ${seed}`);
  const started = performance.now();
  const stop = stopSignal();
  const campaign = await runCampaign({ sections: SECTIONS, seed, quick, only, rounds, progress, stop });
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  if (campaign.cases + campaign.left === 0) {
    console.error(`no case is called ${only}; --list shows the sections`);
    return 2;
  }
  console.log(renderTable(campaign));
  for (const [what, why] of campaign.notRun) console.log(`not run: ${what}: ${why}`);
  if (campaign.failures.length > 0) console.log(`\n${renderFailures(campaign, seed)}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`\n${campaign.cases} cases, ${campaign.failures.length} wrong, ${seconds} s`);
  if (stop.aborted) console.log(`stopped: ${campaign.left} cases of the section were not run`);
  const mustRunAll = process.env.POLITY_MUST_RUN_ALL === "1" && campaign.notRun.size > 0;
  return campaign.failures.length > 0 || mustRunAll || stop.aborted ? 1 : 0;
}

/** Asked to end, it finishes what it has begun and says what it has found; asked twice, it ends. */
function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  return stopping.signal;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
