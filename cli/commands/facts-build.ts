import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openUnsigned } from "@polity/runtime/authoring.ts";
import { decodeFactsFile, type FactsFile } from "@polity/runtime/facts-file.ts";
import { digestName } from "@polity/runtime/hash.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import { builtFile, isLines, lineRefusalText } from "../built-facts.ts";
import { factsFigures } from "../facts-figures.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { isModule, soundPolicy } from "../policy-source.ts";
import { withProgress } from "../progress.ts";
import { nameOf, readBytes } from "../read-file.ts";
import { printLine } from "../terminal.ts";
import { plural, sizeText, visible } from "../words.ts";
import { expectWritable, isSameFile, writeWhole } from "../write-file.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { command, operands, values, switches } = invocation;
  const [policy = "", facts = ""] = operands;
  const json = switches.has("json");
  if (policy === "-" && facts === "-") throw usage(command, "standard input can be read only once");
  const output = outputOf(invocation, policy, facts);
  const manifest = await manifestFrom(policy, values.get("root") ?? null);
  if (manifest === null) return EXIT.no;
  const startedMs = performance.now();
  const building = () => builtFile(manifest, facts);
  const built = await (isLines(facts) ? building() : withProgress(`building ${nameOf(facts)}`, building));
  if ("refusal" in built) {
    const { refusal } = built;
    if (json) await printLine(JSON.stringify({ output: null, refusal }));
    throw failure(`${nameOf(facts)} is refused: ${lineRefusalText(refusal)}`, null, EXIT.no);
  }
  writeWhole(output, built);
  const ms = Math.round(performance.now() - startedMs);
  // What was just built has its form.
  const file = decodeFactsFile(built, nodeCrypto.sha256) as FactsFile;
  const { entities } = factsFigures(file);
  const digest = digestName(file.digest);
  if (json) await printLine(JSON.stringify({ output, size: built.length, facts: digest, entities, ms }));
  else {
    const told = [visible(output), sizeText(built.length), plural(entities, "entity", "entities"), digest];
    await printLine([...told, `${(ms / 1_000).toFixed(2)} s`].join("  "));
  }
  return EXIT.done;
}

/** Where to write; fails before any work is done where that cannot be meant. */
function outputOf({ command, values }: Invocation, policy: string, facts: string): string {
  const given = values.get("output");
  if (given === undefined && facts === "-") throw usage(command, "--output is missing");
  const output = given ?? `${facts.replace(/\.(?:jsonl?|ndjson)$/i, "")}.pfacts`;
  if (output === "-") throw failure("built facts are not written to standard output", "name a file with -o");
  expectWritable(output);
  for (const source of [policy, facts]) {
    if (source !== "-" && isSameFile(source, output)) throw failure(`${nameOf(output)} would be overwritten`);
  }
  return output;
}

/** Null where the policy has errors, which are told. */
async function manifestFrom(path: string, root: string | null): Promise<Manifest | null> {
  const bytes = await readBytes(path);
  if (isModule(bytes)) {
    const evaluator = await openUnsigned(bytes);
    if (!("code" in evaluator)) return evaluator.manifest;
    throw failure(`${nameOf(path)} is refused: ${evaluator.code}: ${evaluator.message}`, null, EXIT.no);
  }
  const checked = await soundPolicy(path, root, bytes);
  if (checked === null) return null;
  const { layoutOf } = await import("@polity/compiler/pipeline.ts");
  return layoutOf(checked);
}
