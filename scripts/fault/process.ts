/** Starts writers, under a tracer or without, and hears what they say. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { hear, type Ledger, type Said, silent } from "./ledger.ts";
import type { Plan } from "./plan.ts";

/** Of programs in this folder. */
const SCRIPTS = { writer: pathOf("./writer.ts"), keeper: pathOf("./keeper-writer.ts") } as const;
/** Starting a process takes a third of the time where Node finds its work done. */
const COMPILED = pathOf("../../node_modules/.cache/polity-fault");
/** What a writer has to say on its way out is never longer. */
const ERROR_CHARACTERS_MAX = 4_000;

export interface Ended {
  readonly said: Said;
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** What came on standard error. */
  readonly errors: string;
}

export interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly said: Said;
  readonly ended: Promise<Ended>;
  /** Resolves once a line begins with this word, or the process has ended. */
  readonly heard: (word: string) => Promise<boolean>;
}

export interface StartOptions {
  /** A program and its arguments, before those of Node. */
  readonly tracer?: readonly string[];
  /** Of one thread, file calls come one after the other. */
  readonly threads?: number;
  readonly onLine?: (line: string) => void;
  readonly script?: keyof typeof SCRIPTS;
}

function pathOf(script: string): string {
  return fileURLToPath(new URL(script, import.meta.url));
}

/** `plan` is what the script is told, as JSON. */
export function startWriter<P = Plan>(plan: P, ledger: Ledger, options: StartOptions = {}): Running {
  const command = [process.execPath, SCRIPTS[options.script ?? "writer"], JSON.stringify(plan)];
  const [program = "", ...args] = [...(options.tracer ?? []), ...command];
  const threads = options.threads && { UV_THREADPOOL_SIZE: `${options.threads}` };
  const env = { NODE_COMPILE_CACHE: COMPILED, ...process.env, ...threads };
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], env });
  const said = silent();
  const waiting: { readonly word: string; readonly resolve: (heard: boolean) => void }[] = [];
  let errors = "";
  child.stdin.on("error", () => undefined);
  child.stderr.on("data", (chunk) => {
    errors = `${errors}${chunk}`.slice(-ERROR_CHARACTERS_MAX);
  });
  const lines = readLines(child.stdout, (line) => {
    hear(ledger, said, line);
    options.onLine?.(line);
    for (const each of waiting.filter(({ word }) => line === word || line.startsWith(`${word} `))) {
      waiting.splice(waiting.indexOf(each), 1);
      each.resolve(true);
    }
  });
  const closed = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  const ended = Promise.all([closed, lines]).then(([{ code, signal }]) => {
    for (const { resolve } of waiting.splice(0)) resolve(false);
    return { said, code, signal, errors };
  });
  const heard = (word: string) => new Promise<boolean>((resolve) => waiting.push({ word, resolve }));
  return { child, said, ended, heard };
}

/** Whole lines only: what a killed process had begun to say was never said. */
async function readLines(stream: Readable, take: (line: string) => void): Promise<void> {
  let rest = "";
  for await (const chunk of stream) {
    const parts = `${rest}${chunk}`.split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) take(line);
  }
}

export function runWriter(plan: Plan, ledger: Ledger, options: StartOptions = {}): Promise<Ended> {
  return startWriter(plan, ledger, options).ended;
}
