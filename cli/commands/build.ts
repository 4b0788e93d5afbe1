import type { Checked } from "@polity/compiler/checked.ts";
import { digestName, sha256 } from "@polity/runtime/hash.ts";
import { compileFile } from "../compile-file.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { withProgress } from "../progress.ts";
import { nameOf } from "../read-file.ts";
import { findingsData } from "../render-diagnostic.ts";
import { tellFindings } from "../tell.ts";
import { isTerminal, printLine, write } from "../terminal.ts";
import { sizeText, visible } from "../words.ts";
import { expectWritable, isSameFile, writeWhole } from "../write-file.ts";

const STANDARD_OUTPUT = "-";

export async function run(invocation: Invocation): Promise<number> {
  const json = invocation.switches.has("json");
  const [source = ""] = invocation.operands;
  const output = outputOf(invocation, source);
  const { checked, findings } = await compileFile(source, invocation.values.get("root") ?? null);
  if (!json) await tellFindings(findings);
  const diagnostics = findingsData(findings);
  if (checked === null) {
    if (json) await printLine(JSON.stringify({ output: null, diagnostics }));
    return EXIT.no;
  }
  if (invocation.values.get("emit") === "assemblyscript") {
    await emitText(checked, output, json, diagnostics);
    return EXIT.done;
  }
  const startedMs = performance.now();
  const wasm = await withProgress(`building ${nameOf(source)}`, () => assembled(checked));
  const ms = Math.round(performance.now() - startedMs);
  const digest = digestName(sha256(wasm));
  if (output === STANDARD_OUTPUT) await write(wasm);
  else writeWhole(output, wasm);
  if (json) await printLine(JSON.stringify({ output, size: wasm.length, digest, ms, diagnostics }));
  else {
    const told = [nameShown(output), sizeText(wasm.length), digest, `${(ms / 1_000).toFixed(2)} s`].join(
      "  ",
    );
    await printLine(told, output === STANDARD_OUTPUT ? "error" : "out");
  }
  return EXIT.done;
}

/** Where to write; fails before any work is done where that cannot be meant. */
function outputOf({ command, values, switches }: Invocation, source: string): string {
  const isText = values.get("emit") === "assemblyscript";
  const given = values.get("output");
  if (given === undefined && source === "-" && !isText) throw usage(command, "--output is missing");
  const output = given ?? (isText ? STANDARD_OUTPUT : `${source.replace(/\.pol$/, "")}.wasm`);
  if (output !== STANDARD_OUTPUT) {
    expectWritable(output);
    if (isSameFile(source, output)) throw failure(`${nameOf(output)} is the policy itself`);
    return output;
  }
  if (isText) return output;
  if (switches.has("json")) throw usage(command, "--json and -o - both want standard output");
  if (isTerminal("out")) throw failure("an evaluator is not written to a terminal", "name a file with -o");
  return output;
}

/** Assembling is slow to load, and needed only here. */
async function assembled(checked: Checked): Promise<Uint8Array> {
  const { buildEvaluator } = await import("@polity/compiler/wasm.ts");
  return (await buildEvaluator(checked)).wasm;
}

async function emitText(
  checked: Checked,
  output: string,
  json: boolean,
  diagnostics: readonly unknown[],
): Promise<void> {
  const { emitAssemblyScript } = await import("@polity/compiler/wasm.ts");
  const assemblyscript = emitAssemblyScript(checked);
  if (output !== STANDARD_OUTPUT) writeWhole(output, assemblyscript);
  if (json) {
    const text = output === STANDARD_OUTPUT ? { output: null, assemblyscript } : { output };
    await printLine(JSON.stringify({ ...text, size: Buffer.byteLength(assemblyscript), diagnostics }));
  } else if (output === STANDARD_OUTPUT) await write(assemblyscript);
  else await printLine(`${visible(output)}  ${sizeText(Buffer.byteLength(assemblyscript))}`);
}

function nameShown(output: string): string {
  return output === STANDARD_OUTPUT ? "standard output" : visible(output);
}
