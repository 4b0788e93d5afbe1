/**
 * `npm run bench`: builds what is measured in a process of its own, runs each engine in a fresh one that
 * has assembled nothing, prints a table and writes benchmarks/results/five-field.json.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { install, whyInstall } from "./install.ts";
import { PEERS, versionOf } from "./peers/all.ts";
import { judge, type Report, type Result, render } from "./report.ts";
import { RUNTIME_AIM_BYTES, runtimeSize } from "./runtime-size.ts";

const here = import.meta.dirname;
const NAMES = ["polity", ...PEERS.map(({ name }) => name)];

const HELP = `npm run bench -- [options]

Measures one small decision with Polity and with other engines, each beside the same rule written by hand.
The other engines are installed below benchmarks/peers when they are first needed, which takes a network.

  --only NAME   this engine alone; may be given several times:
                ${NAMES.join(", ")}
  --seed N      another set of 512 requests; 1 where it is left out
  --json        the report as JSON on standard output, as in benchmarks/results/five-field.json
  --help        this text
`;

const OPTIONS = {
  only: { type: "string", multiple: true },
  seed: { type: "string", default: "1" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const satisfies ParseArgsConfig["options"];

const options = readOptions();
if (options.help) process.stdout.write(HELP);
else await bench(options.only ?? NAMES, options.seed, options.json);

function readOptions() {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    const unknown = values.only?.find((name) => !NAMES.includes(name));
    if (unknown !== undefined) throw new Error(`no engine is called ${unknown}`);
    if (!/^\d{1,9}$/.test(values.seed)) throw new Error("--seed is a whole number");
    return values;
  } catch (error) {
    say(`bench: ${(error as Error).message}; --help shows the options`);
    return process.exit(2);
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function bench(names: readonly string[], seed: string, isJson: boolean): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), "polity-bench-"));
  try {
    say("building examples/access …");
    const wasm = join(work, "access.wasm");
    run("build.ts", join(here, "../examples/access/policy.pol"), wasm);
    const report: Report = {
      question: "five-field",
      seed: Number(seed),
      date: new Date().toISOString().slice(0, 10),
      machine: `${cpus().length} x ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}`,
      moduleBytes: statSync(wasm).size,
      ...measureEach(names, seed, wasm),
      runtime: { aimBytes: RUNTIME_AIM_BYTES, rows: await runtimeSize() },
    };
    process.stdout.write(isJson ? `${JSON.stringify(report, null, 2)}\n` : render(report));
    say(judge(report));
    mkdirSync(join(here, "results"), { recursive: true });
    writeFileSync(join(here, "results/five-field.json"), `${JSON.stringify(report, null, 2)}\n`);
    if (report.failed.length > 0) process.exitCode = 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** One engine after the other; what one lacks or gets wrong keeps none of the others from being measured. */
function measureEach(
  names: readonly string[],
  seed: string,
  wasm: string,
): Pick<Report, "rows" | "notRun" | "failed"> {
  const rows: Result[] = [];
  const notRun: { name: string; why: string }[] = [];
  const failed: string[] = [];
  const lacking = names.some((name) => name !== "polity") ? bringPeers() : null;
  for (const [index, name] of names.entries()) {
    const peer = PEERS.find((each) => each.name === name);
    const why = peer === undefined ? null : (lacking ?? peer.missing?.() ?? null);
    if (why !== null) {
      notRun.push({ name, why });
      continue;
    }
    say(`measuring ${name} (${index + 1} of ${names.length}, about 12 s) …`);
    try {
      const measured = JSON.parse(run("five-field.ts", name, seed, wasm)) as Pick<Result, "hand" | "engine">;
      const version = peer === undefined ? "" : versionOf(peer);
      const form = peer?.form ?? "encode and decide";
      rows.push({ name, version, form, ...measured });
    } catch {
      failed.push(name);
    }
  }
  return { rows, notRun, failed };
}

/** Why the peers are not there, or null. */
function bringPeers(): string | null {
  const reason = whyInstall();
  if (reason === null) return null;
  say(`${reason}; installing the other engines (80 MB) …`);
  return install() ? null : "could not be installed; npm ci --prefix benchmarks/peers says why";
}

function run(script: string, ...args: readonly string[]): string {
  return execFileSync(process.execPath, [join(here, script), ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}
