/**
 * wabt's interpreter knows only scripts of the WebAssembly test suite: modules and calls. Whatever has to be
 * in memory therefore comes in a module of its own that is nothing but data.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ask, Job, JobPolicy, Told, ToldPolicy } from "./job.ts";

type Command = Readonly<Record<string, unknown>>;

const TALLIES = 46;

/** Writes the script and its modules beside the job's files, and answers with its path. */
export function writeScript(folder: string, job: Job, ask: Ask): string {
  const commands: Command[] = [];
  writeFileSync(join(folder, "grow.wasm"), growModule());
  for (const [at, policy] of job.policies.entries()) {
    const data = (name: string, address: number) => {
      const bytes = readFileSync(join(folder, `${at}.${name}`));
      writeFileSync(join(folder, `${at}.${name}.wasm`), dataModule(address, bytes));
    };
    data("facts", policy.factsAt);
    data("pool", policy.poolAt);
    commands.push(...commandsOf(at, policy, ask, job.seed));
  }
  const path = join(folder, "script.json");
  // It reads members in this order only.
  const numbered = commands.map(({ type, ...rest }, at) => ({ type, line: at + 1, ...rest }));
  writeFileSync(path, JSON.stringify({ source_filename: "script.wast", commands: numbered }));
  return path;
}

function commandsOf(at: number, policy: JobPolicy, ask: Ask, seed: number): readonly Command[] {
  const [evaluator, grow, driver] = [`$e${at}`, `$g${at}`, `$d${at}`];
  const load = (filename: string, name?: string) => ({ type: "module", ...(name && { name }), filename });
  const register = (as: string) => ({ type: "register", name: evaluator, as });
  const call = (module: string, field: string, ...args: readonly number[]) => ({
    type: "action",
    action: { type: "invoke", module, field, args: args.map(constant) },
    expected: [],
  });
  const { factsBytes, frameAt, frameBytes, resultAt, obligationsAt, poolAt, shapesAt } = policy;
  let from = 0;
  return [
    load(`${at}.wasm`, evaluator),
    register("ev"),
    register("env"),
    call(evaluator, "pol_reserve", 2, factsBytes),
    load("grow.wasm", grow),
    call(grow, "grow", policy.pages - policy.memoryBytes / 65_536),
    load(`${at}.facts.wasm`),
    call(evaluator, "pol_load", 2, factsBytes),
    load("driver.wasm", driver),
    load(`${at}.pool.wasm`),
    call(driver, "setup", frameAt, frameBytes, resultAt, obligationsAt, poolAt, shapesAt, seed),
    ...(ask.marks[at] ?? []).flatMap((mark) => {
      const run = call(driver, "run", from, mark);
      from = mark;
      const sum = ask.sums ? [call(driver, "sumMemory", policy.memoryBytes)] : [];
      return [run, ...sum, ...range(16).map((index) => call(driver, "word", index))];
    }),
    ...range(TALLIES).map((index) => call(driver, "tally", index)),
  ];
}

function constant(value: number): Command {
  return { type: "i32", value: String(value >>> 0) };
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => at);
}

/** What the interpreter printed: one line for each call, `word(i32:0) => i32:4711` where it has a result. */
export function readScriptOutput(output: string, job: Job, ask: Ask): Told {
  const results = (name: string) =>
    [...output.matchAll(new RegExp(`^${name}\\(.*\\) => i32:(\\d+)$`, "gm"))].map((match) =>
      Number(match[1]),
    );
  const words = results("word");
  const tallies = results("tally");
  if (tallies.length !== job.policies.length * TALLIES) throw new Error(output.trim().split("\n").at(-1));
  let next = 0;
  const policies = job.policies.map((_, at): ToldPolicy => {
    const marks = (ask.marks[at] ?? []).map(() => {
      const [chain, sum] = [hex(words.slice(next, next + 8)), hex(words.slice(next + 8, next + 16))];
      next += 16;
      return { chain, sum: ask.sums ? sum : "" };
    });
    const tally = tallies.slice(at * TALLIES, (at + 1) * TALLIES);
    return { marks, tally, frame: "", result: "" };
  });
  return { policies };
}

function hex(words: readonly number[]): string {
  const bytes = Buffer.alloc(words.length * 4);
  for (const [at, word] of words.entries()) bytes.writeUInt32LE(word, at * 4);
  return bytes.toString("hex");
}

// ---- modules by hand (WebAssembly core specification, 5.5)

const HEAD = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const IMPORT_MEMORY = section(2, [1, ...text("env"), ...text("memory"), 0x02, 0x00, 1]);

/** Imports the memory and exports `grow`, which nobody else here could do. */
function growModule(): Uint8Array {
  const type = section(1, [1, 0x60, 1, 0x7f, 1, 0x7f]);
  const func = section(3, [1, 0]);
  const exported = section(7, [1, ...text("grow"), 0x00, 0]);
  const body = [0, 0x20, 0, 0x40, 0x00, 0x0b];
  const code = section(10, [1, body.length, ...body]);
  return Uint8Array.from([...HEAD, ...type, ...IMPORT_MEMORY, ...func, ...exported, ...code]);
}

/** Writes the bytes to that address of the imported memory when it is instantiated. */
function dataModule(address: number, bytes: Uint8Array): Uint8Array {
  const before = [1, 0x00, 0x41, ...signed(address), 0x0b, ...unsigned(bytes.length)];
  const size = unsigned(before.length + bytes.length);
  return Buffer.concat([Uint8Array.from([...HEAD, ...IMPORT_MEMORY, 11, ...size, ...before]), bytes]);
}

function section(id: number, content: readonly number[]): readonly number[] {
  return [id, ...unsigned(content.length), ...content];
}

function text(name: string): readonly number[] {
  return [name.length, ...Buffer.from(name)];
}

/** LEB128. */
function unsigned(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function signed(value: number): readonly number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >>> 7)];
}
