/** How many bytes is what a service needs? These are the same on every machine. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { buildPolicy } from "./build.ts";
import { runtimeSize } from "./runtime-size.ts";
import { type Case, type Measured, POLITY, type Section } from "./section.ts";

const MODULE = "module-five-field";
const POLICY = join(import.meta.dirname, "../examples/access/policy.pol");
const LOAD_AND_DECIDE =
  'import { load, readPublicKey } from "@polity/runtime";\nself.polity = { load, readPublicKey };\n';
const EVERYTHING = 'import * as polity from "@polity/runtime";\nself.polity = polity;\n';
/** What each kind of user imports, of which the bundler leaves out the rest, and which part is meant. */
const USES: ReadonlyMap<string, readonly [program: string, part: "always" | "onDemand"]> = new Map([
  ["runtime-load-and-decide", [LOAD_AND_DECIDE, "always"]],
  ["runtime-load-and-decide-on-demand", [LOAD_AND_DECIDE, "onDemand"]],
  ["runtime-everything", [EVERYTHING, "always"]],
  ["runtime-everything-on-demand", [EVERYTHING, "onDemand"]],
]);

export const section: Section = {
  name: "size",
  title: "Bytes: the module of the rule over five fields, and the runtime, minified and gzipped",
  cases: () => [MODULE, ...USES.keys()].map((row) => ({ row, engine: POLITY })),
  prepare: (folder) => buildPolicy(POLICY, join(folder, "access.wasm")),
  run,
};

async function run(one: Case, folder: string): Promise<readonly Measured[]> {
  const found = {
    ...one,
    mode: "once",
    figure: "size",
    median_ns: null,
    p99_ns: null,
    ratio_to_hand: null,
  } as const;
  const use = USES.get(one.row);
  if (use === undefined) return [{ ...found, bytes: statSync(join(folder, "access.wasm")).size }];
  const [program, part] = use;
  const { files, gzippedBytes, minifiedBytes, parts } = (await runtimeSize(program))[part];
  const largest = parts.slice(0, 8).map(({ file, bytes }) => `${file} ${bytes}`);
  const note = `${minifiedBytes} B before gzip, files: ${files}; most of them in ${largest.join(", ")}`;
  return [{ ...found, bytes: gzippedBytes, note }];
}
