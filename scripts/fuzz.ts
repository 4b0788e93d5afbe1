/**
 * Compares compiled evaluators with the reference interpreter on random policies, facts and requests.
 *
 *     npm run fuzz -- --seed 7 --count 1000 --single 50 --requests 40
 *
 * `--single K` builds every K-th program also alone, exactly as it ships; `--start N` begins at program N, to
 * see one again; `--similar` makes only programs with many rules of few shapes; `--reference` leaves the
 * compiled evaluators out and only looks for crashes.
 */
import { parseArgs } from "node:util";
import { runCampaign } from "../test/support/generate/campaign.ts";
import { missing, renderCoverage } from "../test/support/generate/coverage.ts";
import { wasmEngines } from "../test/support/generate/engines.ts";

/** From here on a kind that was never reached is a fault of the generator. */
const COMPLETE_FROM = 1_000;
const DISCARDED_MAX = 0.3;
const BATCH = 60;
const SIMILAR_SHARE = 0.1;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    count: { type: "string", default: "1000" },
    start: { type: "string", default: "0" },
    single: { type: "string", default: "50" },
    requests: { type: "string", default: "40" },
    similar: { type: "boolean", default: false },
    reference: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const count = Number(values.count);
const single = Number(values.single);
console.log(`seed ${seed}`);

const started = performance.now();
const result = await runCampaign({
  seed,
  start: Number(values.start),
  count,
  requests: Number(values.requests),
  similar: values.similar ? 1 : SIMILAR_SHARE,
  batch: BATCH,
  engines: async (programs) => (values.reference ? [] : wasmEngines(programs, single)),
  report: (disagreement) => console.log(`\n${disagreement}\n`),
});
const seconds = (performance.now() - started) / 1000;

console.log(renderCoverage(result.coverage));
const share = result.discarded / (result.discarded + result.programs);
console.log(`discarded ${result.discarded} programs, ${(100 * share).toFixed(1)} %:`);
for (const [message, times] of [...result.refusals].sort((a, b) => b[1] - a[1]).slice(0, 12)) {
  console.log(`  ${String(times).padStart(5)}  ${message}`);
}
const unreached = missing(result.coverage);
const isComplete = unreached.length === 0 || count < COMPLETE_FROM;
if (unreached.length > 0) console.log(`not reached: ${unreached.join(", ")}`);
if (share > DISCARDED_MAX) console.log(`more than ${100 * DISCARDED_MAX} % of the programs were discarded`);
console.log(`${(result.programs / seconds).toFixed(1)} programs/s`);
console.log(
  `${result.programs} programs, ${result.decisions} decisions, ${result.disagreements} disagreements`,
);
if (result.disagreements > 0 || !isComplete || share > DISCARDED_MAX) process.exitCode = 1;
