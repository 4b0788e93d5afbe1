/**
 * What do policies of very many rules cost, of one kind or of five mixed? Answers are compared with those of
 * tables in JavaScript. Ten thousand rules should decide nearly as fast as ten, and compile in seconds.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeWritersOf } from "./build.ts";
import { compare } from "./compare.ts";
import { HEADER } from "./header.ts";
import { effortOf } from "./measure.ts";
import { decideOnly, openInstanceOf, openPolity, writersOf } from "./open-polity.ts";
import { byHandOf, type Call, callsOf, KINDS, policyOf, rulesOf } from "./rules/policies.ts";
import { BY_HAND, type Case, type Measured, type Options, POLITY, type Section } from "./section.ts";

const COUNTS = [10, 100, 1_000, 10_000, 100_000];
const CALLS = 2_048;
/** Below, what every module contains outweighs the rules. */
const SIZED_MIN = 100;
const NO_TIME = { figure: "size", median_ns: null, note: "without manifest" } as const;
const POL = join(import.meta.dirname, "../cli/bin/pol.js");

export const section: Section = {
  name: "rules",
  title: "Policies of very many rules, of one kind and of five",
  cases: (options) => names(options).flatMap((row) => [BY_HAND, POLITY].map((engine) => ({ row, engine }))),
  async prepare(folder, options) {
    for (const row of names(options)) await build(row, folder, options.seed);
  },
  run,
};

function names({ isQuick }: Options): readonly string[] {
  const counts = isQuick ? COUNTS.slice(0, 3) : COUNTS;
  return Object.keys(KINDS).flatMap((kinds) => counts.map((count) => `rules-${kinds}-${count}`));
}

function read(row: string): { readonly kinds: keyof typeof KINDS; readonly count: number } {
  const [, kinds, count] = /^rules-(.+)-(\d+)$/.exec(row) ?? [];
  if (kinds !== "one-shape" && kinds !== "five-shapes") throw new Error(`no row is called ${row}`);
  return { kinds, count: Number(count) };
}

/** As a user builds it, from the start of the command to its end. */
async function build(row: string, folder: string, seed: number): Promise<void> {
  const { kinds, count } = read(row);
  const [policy, wasm] = [join(folder, `${row}.pol`), join(folder, `${row}.wasm`)];
  writeFileSync(policy, policyOf(rulesOf(KINDS[kinds], count, seed)));
  const from = performance.now();
  execFileSync(process.execPath, [POL, "build", policy, "-o", wasm], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  writeFileSync(join(folder, `${row}.json`), JSON.stringify({ buildNs: (performance.now() - from) * 1e6 }));
  await writeWritersOf(wasm);
}

async function run(one: Case, folder: string, options: Options): Promise<readonly Measured[]> {
  const { kinds, count } = read(one.row);
  const rules = rulesOf(KINDS[kinds], count, options.seed);
  const requests = callsOf(rules, CALLS, options.seed);
  const byHand = byHandOf(rules);
  const allowed = ((requests.filter(byHand).length / CALLS) * 100).toFixed(1);
  const comparison = { ...one, requests, byHand, note: `${allowed} % of ${CALLS} calls allowed` };
  if (one.engine === BY_HAND) return compare(comparison, effortOf(options));
  const wasm = join(folder, `${one.row}.wasm`);
  const writers = await writersOf(wasm);
  const from = performance.now();
  const host = await openPolity(wasm, undefined, writers);
  const loadNs = (performance.now() - from) * 1e6;
  const ask = (call: Call) => host.decide("call", call, HEADER).verdict === "allow";
  const decide = decideOnly(await openInstanceOf(wasm), (fields: Call) => ({ action: "call", fields }));
  const { buildNs } = JSON.parse(readFileSync(join(folder, `${one.row}.json`), "utf8")) as {
    buildNs: number;
  };
  const once = { ...one, mode: "once", p99_ns: null, ratio_to_hand: null } as const;
  return [
    ...compare({ ...comparison, ask, decide }, effortOf(options)),
    { ...once, figure: "load", median_ns: loadNs, note: "with its manifest" },
    { ...once, figure: "build", median_ns: buildNs, note: "`pol build`, once" },
    ...(count < SIZED_MIN ? [] : [{ ...once, ...NO_TIME, bytes: codeBytes(wasm), units: count }]),
  ];
}

/** Everything but custom sections, of which the manifest is the largest. */
function codeBytes(file: string): number {
  const wasm = readFileSync(file);
  const module = new WebAssembly.Module(wasm);
  const manifest = WebAssembly.Module.customSections(module, "polity")[0]?.byteLength ?? 0;
  return wasm.length - manifest;
}
