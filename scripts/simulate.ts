/**
 * Executions, agents, orders, approvals, policies, keys, crashes, clocks and disks in simulated time, with
 * checks from outside after everything that happens. See docs/simulation.md.
 *
 *     npm run simulate -- --seed 7 --quick
 *     npm run simulate -- --seed 7 --executions 20000 --worlds 4
 */
import { parseArgs } from "node:util";
import { MOODS_COUNT } from "./simulate/moods.ts";
import { openVersions } from "./simulate/policies.ts";
import { type Simulated, simulate } from "./simulate/run.ts";

const USAGE = `npm run simulate -- [--seed N] [--quick] [--executions N] [--worlds N] [--json]

  --seed N        what is drawn; a seed and a commit make the same world again, to the last byte of its log
  --quick         five worlds, one of each mood, of 400 executions, under 40 s
  --executions N  that are begun in each world, beside those that they begin themselves (2,000)
  --worlds N      with the seeds N, N + 1 … (5)
  --json          one JSON object for each world

Exit codes: 0 all held; 1 something did not; 2 usage.`;

/** Executions in each world of the quick form. */
const QUICK = 400;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    quick: { type: "boolean", default: false },
    executions: { type: "string" },
    worlds: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const seed = Number(values.seed);
  const executions = Number(values.executions ?? (values.quick ? QUICK : 2_000));
  const worlds = Number(values.worlds ?? MOODS_COUNT);
  const isWrong = ![seed, executions, worlds].every(Number.isSafeInteger) || executions < 1 || worlds < 1;
  if (values.help || isWrong || seed < 0) {
    (values.help ? console.log : console.error)(USAGE);
    return values.help ? 0 : 2;
  }
  const versions = await openVersions();
  const all: Simulated[] = [];
  const started = performance.now();
  for (let at = 0; at < worlds; at += 1) {
    const one = await simulate(seed + at, executions, versions, (begun) => {
      if (process.stderr.isTTY)
        process.stderr.write(`\r\u001b[Kseed ${seed + at}: ${begun} of ${executions}`);
    });
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
    all.push(one);
    tell(one);
  }
  const seconds = (performance.now() - started) / 1000;
  const events = all.reduce((sum, one) => sum + one.events, 0);
  const wrong = all.filter(({ violations }) => violations.length > 0);
  if (!values.json) {
    console.log(renderCounts(all));
    const rate = Math.round(events / seconds).toLocaleString("en");
    console.log(`${events} events in ${seconds.toFixed(1)} s: ${rate} a second`);
    for (const one of wrong) {
      console.log(`\nagain: npm run simulate -- --seed ${one.seed} --worlds 1 --executions ${executions}`);
      for (const what of one.violations) console.log(`  ${what}`);
    }
    console.log(`${all.length} worlds, ${wrong.length} in which something did not hold`);
  }
  return wrong.length === 0 ? 0 : 1;
}

function tell(one: Simulated): void {
  const { seed, mood, events, entries, digest, simulatedMs, counts, violations } = one;
  if (values.json) {
    console.log(JSON.stringify({ ...one, counts: Object.fromEntries([...counts].sort()) }));
    return;
  }
  const minutes = Math.round(simulatedMs / 60_000);
  const said = violations.length === 0 ? "all held" : `${violations.length} wrong`;
  const about = `${minutes} min, ${events} events, ${entries} entries, ${digest.slice(0, 16)}`;
  console.log(`seed ${seed}, ${mood}: ${about}, ${said}`);
}

function renderCounts(all: readonly Simulated[]): string {
  const sums = new Map<string, number>();
  for (const { counts } of all) {
    for (const [what, times] of counts) sums.set(what, (sums.get(what) ?? 0) + times);
  }
  const rows = [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
  return rows.map(([what, times]) => `  ${String(times).padStart(9)}  ${what}`).join("\n");
}
