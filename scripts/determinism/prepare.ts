/** Builds the evaluators and everything else that the engines are given, in one folder. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildFacts } from "@polity/runtime/facts.ts";
import { digestName, sha256 } from "@polity/runtime/hash.ts";
import { makeProgram, type Program } from "@polity/runtime/program.ts";
import { compileFile } from "../../cli/compile-file.ts";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { baseFrames } from "./frames.ts";
import type { Job, JobPolicy } from "./job.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** They have facts, tables, settings, approvals, obligations, patterns and every kind of shaped text. */
export const POLICIES = ["coding-agent", "deploy", "egress", "sharing"].map((name) =>
  join(root, "examples", name),
);

/** Where the driver's own part of the memory begins, and the pool: above everything of the evaluators. */
const DRIVER_AT = 32 * 1024 * 1024;
const POOL_AT = DRIVER_AT + 65_536;
const PAGE_BYTES = 65_536;

/** `policies`: folders with `policy.pol`, `facts.json` and `requests.jsonl`. */
export async function prepare(folder: string, policies: readonly string[], seed: number): Promise<Job> {
  assembleDriver(join(folder, "driver.wasm"));
  const prepared: JobPolicy[] = [];
  for (const [at, policy] of policies.entries()) {
    prepared.push(await preparePolicy(policy, join(folder, String(at)), seed));
  }
  const job = { seed, policies: prepared };
  writeFileSync(join(folder, "job.json"), JSON.stringify(job));
  return job;
}

/** The assembler's own command: what it makes here is no evaluator. */
function assembleDriver(output: string): void {
  const asc = join(root, "node_modules/assemblyscript/bin/asc.js");
  const source = "scripts/determinism/driver/driver.ts";
  const options = ["--runtime", "stub", "-O2", "--noAssert", "--use", "abort="];
  const memory = ["--importMemory", "--memoryBase", String(DRIVER_AT)];
  execFileSync(process.execPath, [asc, source, "--outFile", output, ...options, ...memory], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

async function preparePolicy(policy: string, path: string, seed: number): Promise<JobPolicy> {
  const read = (name: string) => readFileSync(join(policy, name), "utf8");
  const { checked } = await compileFile(join(policy, "policy.pol"), null);
  if (checked === null) throw new Error(`${policy}/policy.pol does not compile`);
  const { wasm: built, manifest } = await buildEvaluator(checked);
  const wasm = Uint8Array.from(built);
  const program = makeProgram(manifest);
  const facts = buildFacts(program.facts, read("facts.json"), sha256);
  if (!facts.ok) throw new Error(`${policy}/facts.json: ${facts.refusal.message}`);
  const factsTag = facts.digest.slice(0, 8);
  const given = { checked, program, factsTag, facts: read("facts.json"), requests: read("requests.jsonl") };
  const frames = baseFrames(given, seed);
  const pool = poolOf(frames, shapesOf(program));
  writeFileSync(`${path}.wasm`, wasm);
  writeFileSync(`${path}.facts`, facts.block);
  writeFileSync(`${path}.pool`, pool.bytes);
  return {
    name: manifest.policy.name,
    digest: digestName(sha256(wasm)),
    ...addresses(wasm, program, facts.block),
    pages: Math.ceil((POOL_AT + pool.bytes.length) / PAGE_BYTES),
    poolAt: POOL_AT,
    shapesAt: POOL_AT + pool.shapesAt,
    frames: frames.length,
  };
}

type Addresses = Omit<JobPolicy, "name" | "digest" | "pages" | "poolAt" | "shapesAt" | "frames">;

/** Where everything lies once the facts are loaded, which is the same on every engine. */
function addresses(wasm: Uint8Array<ArrayBuffer>, { results }: Program, block: Uint8Array): Addresses {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm));
  const memory = exports.memory as WebAssembly.Memory;
  const call = (name: string) => exports[name] as (...args: number[]) => number;
  const region = call("pol_region");
  if (call("pol_reserve")(2, block.length) !== 1) throw new Error("no room for the facts");
  const factsAt = region(2, 0);
  new Uint8Array(memory.buffer).set(block, factsAt);
  if (call("pol_load")(2, block.length) !== 1) throw new Error("the evaluator refused the facts");
  const memoryBytes = memory.buffer.byteLength;
  if (memoryBytes > DRIVER_AT) throw new Error("the evaluator takes more memory than is left to it");
  return {
    memoryBytes,
    frameAt: region(0, 0),
    frameBytes: region(0, 1),
    resultAt: region(1, 0),
    obligationsAt: results.hasObligations ? results.obligationsWord * 4 : 0,
    factsAt,
    factsBytes: block.length,
  };
}

/** As the driver reads them: of each obligation how many arguments, and what each of them is. */
function shapesOf({ manifest }: Program): readonly number[] {
  return [
    manifest.obligations.length,
    ...manifest.obligations.flatMap(({ arguments: fields }) => {
      const kinds = fields.map(({ type }) => argumentKind(type.kind === "optional" ? type.of : type));
      return [fields.length, kinds.reduce((all, kind, at) => all | (kind << (at * 2)), 0)];
    }),
  ];
}

type FieldType = Program["manifest"]["obligations"][number]["arguments"][number]["type"];

/** 0: the value itself; 1: the address of text, or of a record that begins with it; 2, 3: of a collection. */
function argumentKind(type: FieldType): number {
  const texts = ["string", "path", "shaped", "json", "ref", "entity"];
  if (type.kind === "list" || type.kind === "set") return texts.includes(type.of.kind) ? 3 : 2;
  return texts.includes(type.kind) ? 1 : 0;
}

/** The count, of each frame offset and length, the frames; then the shapes of obligations. */
function poolOf(
  frames: readonly Uint8Array[],
  shapes: readonly number[],
): { readonly bytes: Uint8Array; readonly shapesAt: number } {
  const align = (bytes: number) => (bytes + 7) & -8;
  const starts: number[] = [];
  let next = align(4 + frames.length * 8);
  for (const { length } of frames) {
    starts.push(next);
    next += align(length);
  }
  const bytes = new Uint8Array(next + align(shapes.length * 4));
  const words = new DataView(bytes.buffer);
  words.setUint32(0, frames.length, true);
  for (const [at, frame] of frames.entries()) {
    words.setUint32(4 + at * 8, starts[at]!, true);
    words.setUint32(8 + at * 8, frame.length, true);
    bytes.set(frame, starts[at]!);
  }
  for (const [at, word] of shapes.entries()) words.setUint32(next + at * 4, word, true);
  return { bytes, shapesAt: next };
}
