/** Evaluators as machine code: wasm2c makes C of them, gcc a program of that. */
import { existsSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Ask, Job, JobPolicy, Told } from "./job.ts";
import { runProgram } from "./run-command.ts";

const main = fileURLToPath(import.meta.resolve("./native/main.c"));
/** Where Debian's wabt has the part that every such program needs. */
const SUPPORT = "/usr/share/wabt/wasm2c";

export async function runNative(folder: string, job: Job, ask: Ask, programs: Programs): Promise<Told> {
  const program = join(folder, "native", "main");
  if (!existsSync(program)) await buildNative(folder, job, programs);
  const asked = ask.marks.map((marks, at) => {
    const shown = ask.show[at] ?? -1;
    return shown < 0 ? marks.join(",") : `${marks.join(",")}:${shown}`;
  });
  const output = await runProgram(program, folder, ask.sums ? "1" : "0", ...asked);
  return JSON.parse(output) as Told;
}

interface Programs {
  readonly wasm2c: string;
  readonly gcc: string;
}

async function buildNative(folder: string, job: Job, { wasm2c, gcc }: Programs): Promise<void> {
  const at = join(folder, "native");
  await mkdir(at, { recursive: true });
  const modules = [
    ...job.policies.map((_, index) => [`e${index}`, `${index}.wasm`] as const),
    ["driver", "driver.wasm"] as const,
  ];
  for (const [name, file] of modules)
    await runProgram(wasm2c, join(folder, file), "-n", name, "-o", join(at, `${name}.c`));
  writeFileSync(join(at, "job.h"), jobHeader(job));
  const sources = [main, ...modules.map(([name]) => join(at, `${name}.c`)), join(SUPPORT, "wasm-rt-impl.c")];
  const options = ["-O2", "-w", `-I${at}`, `-I${SUPPORT}`, `-I${dirname(main)}`];
  await runProgram(gcc, ...options, ...sources, "-o", join(at, "main"), "-lm");
}

const MEMBERS = [
  ["frame_at", "frameAt"],
  ["frame_bytes", "frameBytes"],
  ["result_at", "resultAt"],
  ["obligations_at", "obligationsAt"],
  ["facts_at", "factsAt"],
  ["facts_bytes", "factsBytes"],
  ["pool_at", "poolAt"],
  ["shapes_at", "shapesAt"],
  ["pages", "pages"],
  ["memory_bytes", "memoryBytes"],
] as const satisfies readonly (readonly [string, keyof JobPolicy])[];

function jobHeader({ seed, policies }: Job): string {
  const lines = [
    ...policies.map((_, at) => `#include "e${at}.h"`),
    `#define EACH(X) ${policies.map((_, at) => `X(${at})`).join(" ")}`,
    `#define POLICY_COUNT ${policies.length}`,
    `#define SEED ${seed}u`,
    `struct policy { u32 ${MEMBERS.map(([name]) => name).join(", ")}; };`,
    "static const struct policy POLICIES[] = {",
    ...policies.map((policy) => `  {${MEMBERS.map(([, key]) => `${policy[key]}u`).join(", ")}},`),
    "};",
  ];
  return `${lines.join("\n")}\n`;
}
