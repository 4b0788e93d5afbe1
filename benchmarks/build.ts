/**
 * Builds a policy: only for `prepare` of a section. Assembling fills the queue of the optimising compiler, so
 * nothing is measured in its process; and what assembles is loaded here only when it is needed.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { writersFile } from "./open-polity.ts";

/** `out` is the file of the evaluator. */
export async function buildPolicy(policy: string, out: string): Promise<void> {
  await buildText(basename(policy), readFileSync(policy, "utf8"), out);
}

export async function buildText(file: string, text: string, out: string, simd = false): Promise<void> {
  const { compile } = await import("@polity/compiler/pipeline.ts");
  const { generateWriters } = await import("@polity/runtime/generate.ts");
  const { buildEvaluator } = await import("@polity/compiler/wasm.ts");
  const { value, diagnostics } = compile({ file, text });
  if (value === null) throw new Error(diagnostics.map((d) => `${d.code} ${d.message}`).join("\n"));
  const { wasm, manifest } = await buildEvaluator(value, { simd });
  writeFileSync(out, wasm);
  writeFileSync(writersFile(out), generateWriters(manifest));
}

/** Of an evaluator that was built by another command. */
export async function writeWritersOf(wasm: string): Promise<void> {
  const { openUnsigned } = await import("@polity/runtime/authoring.ts");
  const { generateWriters } = await import("@polity/runtime/generate.ts");
  const evaluator = await openUnsigned(new Uint8Array(readFileSync(wasm)));
  if ("code" in evaluator) throw new Error(`${evaluator.code}: ${evaluator.message}`);
  writeFileSync(writersFile(wasm), generateWriters(evaluator.manifest));
}
