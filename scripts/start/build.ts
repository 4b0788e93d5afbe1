/**
 * Compiles one policy and writes its evaluator to standard output, then ends. A process that has just
 * assembled is busy optimising the assembler and would answer slowly, so the one that decides stays apart
 * from this one.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";

const path = process.argv[2] ?? "";
const { value, diagnostics } = compile({ file: basename(path), text: readFileSync(path, "utf8") });
if (value === null) {
  for (const { code, message } of diagnostics) console.error(`${path}: ${code}: ${message}`);
  process.exitCode = 1;
} else {
  const { wasm } = await buildEvaluator(value);
  process.stdout.write(wasm);
}
