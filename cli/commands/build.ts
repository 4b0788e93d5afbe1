import type { Checked } from "@polity/compiler/checked.ts";
import { digestName, sha256 } from "@polity/runtime/hash.ts";
import { type Builder, openBuilder } from "../builder.ts";
import { compileFile } from "../compile-file.ts";
import { EXIT, failure, isFailure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { withProgress } from "../progress.ts";
import { nameOf } from "../read-file.ts";
import { findingsData } from "../render-diagnostic.ts";
import { tellFailure, tellFindings } from "../tell.ts";
import { isTerminal, printLine, write } from "../terminal.ts";
import { watchFiles } from "../watch-files.ts";
import { sizeText, visible } from "../words.ts";
import { expectWritable, isSameFile, writeWhole } from "../write-file.ts";

const STANDARD_OUTPUT = "-";

type Emit = "wasm" | "assemblyscript" | "writers";

/** What is built, and where it goes. */
interface Task {
  readonly source: string;
  /** The project's folder; null for that of the file. */
  readonly root: string | null;
  readonly output: string;
  readonly emit: Emit;
  readonly simd: boolean;
  readonly json: boolean;
  readonly builder: Builder;
}

export async function run(invocation: Invocation): Promise<number> {
  const { switches, values } = invocation;
  const [source = ""] = invocation.operands;
  const isWatching = switches.has("watch");
  const output = outputOf(invocation, source);
  if (isWatching && [source, output].includes("-")) {
    throw usage(invocation.command, "--watch is about files, not about standard input and output");
  }
  const cache = !switches.has("no-cache");
  const simd = switches.has("simd");
  const task: Task = {
    source,
    root: values.get("root") ?? null,
    output,
    emit: emitOf(invocation),
    simd,
    json: switches.has("json"),
    // Between two saves it stays warm.
    builder: openBuilder({ cache, simd, ...(isWatching && { idleMs: Number.POSITIVE_INFINITY }) }),
  };
  if (isWatching) {
    await watchFiles([source], () => buildOrTell(task));
    return EXIT.done;
  }
  const { code } = await buildOnce(task);
  task.builder.close();
  return code;
}

/** Nothing that is wrong ends the watching; the file that was built last stays as it is. */
async function buildOrTell(task: Task): Promise<readonly string[]> {
  try {
    return (await buildOnce(task)).paths;
  } catch (error) {
    if (!isFailure(error)) throw error;
    await tellFailure(error);
    return [task.source];
  }
}

interface Built {
  readonly code: number;
  /** Every file on which the result depends. */
  readonly paths: readonly string[];
}

async function buildOnce(task: Task): Promise<Built> {
  const { source, output, json } = task;
  const { checked, findings, paths } = await compileFile(source, task.root);
  if (!json) await tellFindings(findings);
  const diagnostics = findingsData(findings);
  if (checked === null) {
    if (json) await printLine(JSON.stringify({ output: null, diagnostics }));
    return { code: EXIT.no, paths };
  }
  if (task.emit !== "wasm") {
    await emitText(checked, task, task.emit, diagnostics);
    return { code: EXIT.done, paths };
  }
  const startedMs = performance.now();
  const { wasm } = await withProgress(`building ${nameOf(source)}`, () => task.builder.build(checked));
  const ms = Math.round(performance.now() - startedMs);
  const digest = digestName(sha256(wasm));
  if (output === STANDARD_OUTPUT) await write(wasm);
  else writeWhole(output, wasm);
  if (json) await printLine(JSON.stringify({ output, size: wasm.length, digest, ms, diagnostics }));
  else {
    const told = [nameShown(output), sizeText(wasm.length), digest, `${(ms / 1_000).toFixed(2)} s`];
    await printLine(told.join("  "), output === STANDARD_OUTPUT ? "error" : "out");
  }
  return { code: EXIT.done, paths };
}

/** Where to write; fails before any work is done where that cannot be meant. */
function outputOf(invocation: Invocation, source: string): string {
  const { command, values, switches } = invocation;
  const isText = emitOf(invocation) !== "wasm";
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

/** The table of commands lets no other word through. */
function emitOf({ values }: Invocation): Emit {
  return (values.get("emit") ?? "wasm") as Emit;
}

async function emitText(
  checked: Checked,
  { output, json, simd }: Task,
  emit: Exclude<Emit, "wasm">,
  diagnostics: readonly unknown[],
): Promise<void> {
  const text = await textOf(checked, emit, simd);
  if (output !== STANDARD_OUTPUT) writeWhole(output, text);
  if (json) {
    const given = output === STANDARD_OUTPUT ? { output: null, [emit]: text } : { output };
    await printLine(JSON.stringify({ ...given, size: Buffer.byteLength(text), diagnostics }));
  } else if (output === STANDARD_OUTPUT) await write(text);
  else await printLine(`${visible(output)}  ${sizeText(Buffer.byteLength(text))}`);
}

async function textOf(checked: Checked, emit: Exclude<Emit, "wasm">, simd: boolean): Promise<string> {
  const { emitAssemblyScript, manifestOf } = await import("@polity/compiler/evaluator.ts");
  if (emit === "assemblyscript") return emitAssemblyScript(checked, { simd });
  const { generateWriters } = await import("@polity/runtime/generate.ts");
  return generateWriters(manifestOf(checked, { simd }));
}

function nameShown(output: string): string {
  return output === STANDARD_OUTPUT ? "standard output" : visible(output);
}
