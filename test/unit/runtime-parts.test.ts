/** What a host fetches only when it needs it (docs/decisions/0050-facts-from-json-on-demand.md). */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runtimeSize } from "../../benchmarks/runtime-size.ts";
import { stubEvaluator } from "../support/stub-evaluator.ts";

const PROGRAM = `
import { readFileSync } from "node:fs";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
const wasm = readFileSync(process.argv[2]);
const said = [];
for (const facts of [undefined, '{"entities":[]}', '{"entities":[7]}']) {
  const loaded = await loadUnsigned(wasm, facts === undefined ? {} : { facts });
  said.push(loaded.ok ? loaded.host.facts : loaded.code);
}
process.stdout.write(said.join(" "));
`;
/** SHA-256 of `{"entities":[]}`. */
const NOTHING = "sha256:8add43ad725ec5deef72e26db17a80850dc88f50e2aeb908d4e4913e5d976af5";

const folder = mkdtempSync(join(tmpdir(), "polity-parts-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  writeFileSync(join(folder, "stub.wasm"), await stubEvaluator());
  await build({
    stdin: { contents: PROGRAM, resolveDir: import.meta.dirname, sourcefile: "program.js" },
    bundle: true,
    splitting: true,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    format: "esm",
    platform: "node",
  });
}, 60_000);

function run(): string {
  const script = [join(folder, "stdin.mjs"), join(folder, "stub.wasm")];
  return execFileSync(process.execPath, script, { encoding: "utf8" });
}

test("without the part that reads JSON facts in it are refused, and who gives none notices nothing", () => {
  expect(run()).toBe(`${NOTHING} ${NOTHING} facts.invalid`);
  const part = readdirSync(folder).find((name) => name.startsWith("facts-"));
  if (part === undefined) throw new Error("facts.ts is not a part of its own");
  expect(readFileSync(join(folder, part), "utf8")).toContain("facts.duplicate_id");
  rmSync(join(folder, part));
  expect(run()).toBe(`${NOTHING} load.trap load.trap`);
});

test("a browser that decides without facts in JSON loads nothing of what reads them", async () => {
  const { always, onDemand } = await runtimeSize('export { load, readPublicKey } from "@polity/runtime";');
  const names = (loaded: typeof always) => loaded.parts.map(({ file }) => file);
  expect(names(always)).toEqual(expect.arrayContaining(["load.ts", "facts-none.ts", "ed25519.ts"]));
  expect(names(onDemand).sort()).toEqual([
    ...["facts-block.ts", "facts-close.ts", "facts-finish.ts", "facts-names.ts", "facts-order.ts"],
    ...["facts-paths.ts", "facts-read.ts", "facts-relocate.ts", "facts-settings.ts", "facts-store.ts"],
    ...["facts-tables.ts", "facts.ts", "growing.ts"],
  ]);
});
