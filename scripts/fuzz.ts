/**
 * Compares compiled evaluators with the reference interpreter on random policies, facts, requests and policy
 * sets, and does to evaluators what no request does.
 *
 *     npm run fuzz -- --seed 7 --count 1000 --single 50 --requests 40 --jobs 2
 *
 * `--single K` builds every K-th program also alone, exactly as it ships; `--start N` begins at program N, to
 * see one again, and `--set N` tries only the set N; `--similar` makes only programs with many rules of few
 * shapes; `--simd` builds all of them with vector instructions, too; `--jobs J` shares the work between
 * processes, with the same result; `--reference` leaves out the compiled evaluators and only looks for
 * crashes.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type CampaignResult, runCampaign } from "../test/support/generate/campaign.ts";
import { addCoverage, emptyCoverage, missing, renderCoverage } from "../test/support/generate/coverage.ts";
import { wasmEngines } from "../test/support/generate/engines.ts";
import { runSets } from "../test/support/generate/set-campaign.ts";

/** From here on a kind that was never reached is a fault of the generator. */
const COMPLETE_FROM = 1_000;
const DISCARDED_MAX = 0.3;
const BATCH = 60;
const SETS = 6;
const SIMILAR_SHARE = 0.1;
const JOBS_MAX = 64;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    count: { type: "string", default: "1000" },
    start: { type: "string", default: "0" },
    set: { type: "string" },
    single: { type: "string", default: "50" },
    requests: { type: "string", default: "40" },
    jobs: { type: "string", default: "1" },
    part: { type: "string" },
    similar: { type: "boolean", default: false },
    simd: { type: "boolean", default: false },
    reference: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const count = Number(values.count);
const requests = Number(values.requests);
const jobs = Math.min(JOBS_MAX, Math.max(1, Math.floor(Number(values.jobs)) || 1));
const report = (disagreement: string) => console.log(`\n${disagreement}\n`);

if (values.set !== undefined) await trySet(Number(values.set));
else if (values.part !== undefined) process.send?.(await run(Number(values.part), () => undefined));
else await runAll();

async function trySet(number: number): Promise<void> {
  const result = { decisions: 0, disagreements: 0, rows: new Map<string, number>() };
  await runSets({ seed, numbers: [number], requests, report }, result);
  console.log(`${result.decisions} decisions, ${result.disagreements} disagreements`);
  if (result.disagreements > 0) process.exitCode = 1;
}

function run(part: number, progress: (text: string) => void): Promise<CampaignResult> {
  return runCampaign({
    seed,
    start: Number(values.start),
    count,
    requests,
    similar: values.similar ? 1 : SIMILAR_SHARE,
    batch: BATCH,
    sets: values.reference ? 0 : SETS,
    part,
    parts: jobs,
    engines: async (programs) =>
      values.reference ? [] : wasmEngines(programs, Number(values.single), values.simd),
    report,
    progress: (so) => progress(`${so.programs} programs, ${so.decisions} decisions`),
  });
}

/** The other parts are processes of their own; what they print comes out here. */
function runElsewhere(part: number): Promise<CampaignResult> {
  const child = fork(
    fileURLToPath(import.meta.url),
    [...process.argv.slice(2), "--seed", values.seed, "--part", `${part}`],
    {
      serialization: "advanced",
    },
  );
  return new Promise((resolve, reject) => {
    child.on("message", (result) => resolve(result as CampaignResult));
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`part ${part} ended with ${code}`)));
  });
}

async function runAll(): Promise<void> {
  console.log(`seed ${seed}`);
  const started = performance.now();
  const tell = (text: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${text}${jobs > 1 ? ` in part 1 of ${jobs}` : ""} `);
  };
  const parts = await Promise.all([
    ...Array.from({ length: jobs - 1 }, (_, at) => runElsewhere(at + 1)),
    run(0, tell),
  ]);
  if (process.stderr.isTTY) process.stderr.write("\n");
  print(add(parts), (performance.now() - started) / 1000);
}

function add(parts: readonly CampaignResult[]): CampaignResult {
  const sum = (of: (one: CampaignResult) => number) => parts.reduce((total, one) => total + of(one), 0);
  const coverage = emptyCoverage();
  const refusals = new Map<string, number>();
  for (const one of parts) {
    addCoverage(coverage, one.coverage);
    for (const [name, times] of one.refusals) refusals.set(name, (refusals.get(name) ?? 0) + times);
  }
  return {
    programs: sum(({ programs }) => programs),
    decisions: sum(({ decisions }) => decisions),
    disagreements: sum(({ disagreements }) => disagreements),
    discarded: sum(({ discarded }) => discarded),
    coverage,
    refusals,
  };
}

function print(result: CampaignResult, seconds: number): void {
  console.log(renderCoverage(result.coverage));
  const share = result.discarded / (result.discarded + result.programs);
  console.log(`discarded ${result.discarded} programs, ${(100 * share).toFixed(1)} %:`);
  const refusals = [...result.refusals].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  for (const [message, times] of refusals.slice(0, 12)) {
    console.log(`  ${String(times).padStart(5)}  ${message}`);
  }
  const unreached = missing(result.coverage);
  const isComplete = unreached.length === 0 || count < COMPLETE_FROM || values.reference;
  if (unreached.length > 0) console.log(`not reached: ${unreached.join(", ")}`);
  if (share > DISCARDED_MAX) console.log(`more than ${100 * DISCARDED_MAX} % of the programs were discarded`);
  const rates = [result.programs, result.decisions].map((all) => (all / seconds).toFixed(1));
  console.log(`${rates[0]} programs/s, ${rates[1]} decisions/s`);
  console.log(
    `${result.programs} programs, ${result.decisions} decisions, ${result.disagreements} disagreements`,
  );
  if (result.disagreements > 0 || !isComplete || share > DISCARDED_MAX) process.exitCode = 1;
}
