/** How long do authors wait? For messages about a large policy, and for the evaluator of a small one. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { longPolicy } from "./long-policy.ts";
import { timingOf } from "./measure.ts";
import { type Case, type Measured, type Options, POLITY, type Section } from "./section.ts";
import { timeSaves } from "./watch.ts";

const ROOT = join(import.meta.dirname, "..");
const POL = join(ROOT, "cli/bin/pol.js");
const ACCESS = join(ROOT, "examples/access/policy.pol");
const LINES = 10_000;

const ROWS = [
  "compile-10000-lines-first",
  "compile-10000-lines-again",
  "check-10000-lines",
  "build-five-field",
  "build-five-field-again",
  "build-five-field-watch",
];

export const section: Section = {
  name: "compile",
  title: "Checking a policy of 10,000 lines and building one of five fields",
  cases: () => ROWS.map((row) => ({ row, engine: POLITY })),
  prepare: async (folder) => writeFileSync(join(folder, "long.pol"), longPolicy(LINES)),
  run,
};

async function run(one: Case, folder: string, { isQuick }: Options): Promise<readonly Measured[]> {
  const same = { ...one, mode: "once", ratio_to_hand: null } as const;
  const times = isQuick ? 1 : 5;
  const long = join(folder, "long.pol");
  if (one.row.startsWith("compile-")) {
    const at = one.row.endsWith("-again") ? 1 : 0;
    const runs = Array.from({ length: times }, () => {
      const found = execFileSync(process.execPath, [import.meta.filename, long], { encoding: "utf8" });
      return (JSON.parse(found) as readonly number[])[at]!;
    });
    return [{ ...same, figure: "build", ...timingOf(runs) }];
  }
  if (one.row === "check-10000-lines") {
    const runs = Array.from({ length: times }, () => command(folder, "", "check", long));
    const none = { median_ns: null, p99_ns: null };
    return [
      { ...same, figure: "build", ...timingOf(runs.map(({ ns }) => ns)) },
      { ...same, figure: "memory", ...none, bytes: Math.max(...runs.map(({ peakBytes }) => peakBytes)) },
    ];
  }
  if (one.row === "build-five-field-watch") {
    return [{ ...same, figure: "build", ...timingOf(await timeSaves(POL, ACCESS, folder, isQuick ? 1 : 9)) }];
  }
  const out = join(folder, "out.wasm");
  const runs = Array.from({ length: times }, () => {
    // What was built before is kept there.
    const cache = mkdtempSync(join(folder, "cache-"));
    const first = command(folder, cache, "build", ACCESS, "-o", out);
    return one.row.endsWith("-again") ? command(folder, cache, "build", ACCESS, "-o", out) : first;
  });
  return [{ ...same, figure: "build", ...timingOf(runs.map(({ ns }) => ns)) }];
}

/** The command as a user starts it, and the most memory that its process had. */
function command(folder: string, cache: string, ...args: readonly string[]) {
  const peak = join(folder, "peak");
  const write = `process.on("exit",()=>w(${JSON.stringify(peak)},String(process.resourceUsage().maxRSS)))`;
  const hook = `data:text/javascript,import{writeFileSync as w}from"node:fs";${write}`;
  const from = performance.now();
  execFileSync(process.execPath, ["--import", hook, POL, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, POLITY_CACHE: cache },
  });
  const ns = (performance.now() - from) * 1e6;
  const peakBytes = Number(readFileSync(peak, "utf8")) * 1024;
  return { ns, peakBytes };
}

/** Nanoseconds of two compilations in one process: the first, and the next. */
async function compileTwice(file: string): Promise<readonly number[]> {
  const { compile } = await import("@polity/compiler/pipeline.ts");
  const text = readFileSync(file, "utf8");
  return [1, 2].map(() => {
    const from = performance.now();
    const { value, diagnostics } = compile({ file: "long.pol", text });
    if (value === null) throw new Error(diagnostics[0]?.message);
    return (performance.now() - from) * 1e6;
  });
}

if (import.meta.main) {
  const [file = ""] = process.argv.slice(2);
  process.stdout.write(JSON.stringify(await compileTwice(file)));
}
