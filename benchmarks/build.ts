/**
 * Builds one policy: `node benchmarks/build.ts POLICY.pol OUT.wasm`. A process of its own, since assembling
 * fills the queue of the optimising compiler for a while.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";

const [policy = "", out = ""] = process.argv.slice(2);
const { value, diagnostics } = compile({ file: basename(policy), text: readFileSync(policy, "utf8") });
if (value === null) {
  process.stderr.write(`${diagnostics.map((d) => `${d.code} ${d.message}`).join("\n")}\n`);
  process.exit(1);
}
writeFileSync(out, (await buildEvaluator(value)).wasm);
