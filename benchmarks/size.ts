/** How many bytes is what a service needs? These are the same on every machine. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { buildPolicy } from "./build.ts";
import { runtimeSize } from "./runtime-size.ts";
import { type Case, type Measured, POLITY, type Section } from "./section.ts";

const MODULE = "module-five-field";
const POLICY = join(import.meta.dirname, "../examples/access/policy.pol");
/** What each kind of user imports; what is not imported is left out by the bundler. */
const USES: ReadonlyMap<string, string> = new Map([
  [
    "runtime-load-and-decide",
    'import { load, readPublicKey } from "@polity/runtime";\nself.polity = { load, readPublicKey };\n',
  ],
  ["runtime-everything", 'import * as polity from "@polity/runtime";\nself.polity = polity;\n'],
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
  const program = USES.get(one.row);
  if (program === undefined) return [{ ...found, bytes: statSync(join(folder, "access.wasm")).size }];
  const { gzippedBytes, minifiedBytes, parts } = await runtimeSize(program);
  const largest = parts.slice(0, 8).map(({ file, bytes }) => `${file} ${bytes}`);
  const note = `${minifiedBytes} B before gzip, most of them in ${largest.join(", ")}`;
  return [{ ...found, bytes: gzippedBytes, note }];
}
