/**
 * Runs a writer under `strace`, which writes down each file call, or makes one of them fail. It counts calls
 * of each thread apart and knows paths only as a whole, so a fault is aimed by thread order, call and path:
 * the i-th `fsync` of this file, say. With `-P` the calls that Node makes for itself are neither counted nor
 * hit.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import type { Ledger } from "./ledger.ts";
import { homeOf, type Place } from "./place.ts";
import type { Plan } from "./plan.ts";
import { type Ended, type StartOptions, startWriter } from "./process.ts";

/** Those that change or make durable something, and reading. */
export const FILE_CALLS: readonly string[] = [
  ...["openat", "close", "read", "pread64", "write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync"],
  ...["rename", "renameat", "renameat2", "link", "linkat", "mkdir", "mkdirat", "ftruncate", "fallocate"],
  ...["unlink", "unlinkat"],
];

const STRACE = "strace";
/** A writer with nothing to wait for takes a second or two; one that hangs is a finding. */
const WRITER_MS_MAX = 90_000;

export interface Call {
  readonly thread: string;
  readonly name: string;
  /** Of files and folders of the log; the last one is where something goes. */
  readonly paths: readonly string[];
  /** What it returned; -1 for an error, null where it never did. */
  readonly result: number | null;
  /** Arguments as strace writes them. */
  readonly args: string;
}

/** Why there is no tracing here; null where there is. */
export function straceMissing(): string | null {
  const { error, status } = spawnSync(STRACE, ["-f", "--seccomp-bpf", "-qq", "-e", "trace=fsync", "true"]);
  if (error !== undefined) return `no ${STRACE}`;
  return status === 0 ? null : `${STRACE} may not trace here`;
}

export interface Traced extends Ended {
  readonly trace: string;
  readonly timedOut: boolean;
}

interface TraceOptions extends Pick<StartOptions, "script"> {
  readonly args: readonly string[];
  /** Where the trace goes. */
  readonly file: string;
}

/** Runs the plan with one thread for file calls, under strace with these further arguments. */
export async function runTraced<P = Plan>(
  plan: P,
  ledger: Ledger,
  { args, file, script }: TraceOptions,
): Promise<Traced> {
  // With the filter in the kernel nothing else is stopped at; but signals are not delivered there.
  const filter = args.some((arg) => arg.includes("signal=")) ? [] : ["--seccomp-bpf"];
  const tracer = [STRACE, "-f", ...filter, "-y", "-qq", "-o", file, ...args];
  const running = startWriter(plan, ledger, { tracer, threads: 1, ...(script && { script }) });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    running.child.kill("SIGTERM");
  }, WRITER_MS_MAX);
  const ended = await running.ended;
  clearTimeout(timer);
  const trace = readFileSync(file, "utf8");
  rmSync(file);
  return { ...ended, trace, timedOut };
}

/** The calls of a trace that touch the log, in the order in which they began. */
export function callsOf(trace: string, place: Place): readonly Call[] {
  const begun = new Map<string, { at: number; text: string }>();
  const calls: (Call | null)[] = [];
  for (const line of trace.split("\n")) {
    const [, thread = "", text = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const unfinished = /^(.*) <unfinished \.\.\.>$/.exec(text);
    if (unfinished) {
      begun.set(thread, { at: calls.length, text: unfinished[1]! });
      calls.push(null);
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text);
    const start = resumed === null ? undefined : begun.get(thread);
    const whole = start === undefined ? text : `${start.text}${resumed![1]}`;
    const call = callOf(thread, whole, homeOf(place));
    if (start === undefined) calls.push(call);
    else calls[start.at] = call;
    begun.delete(thread);
  }
  return calls.filter((call) => call !== null);
}

const CALL = /^(\w+)\((.*)\) += (-?\d+|\?)(.*)$/s;

function callOf(thread: string, text: string, home: string): Call | null {
  const match = CALL.exec(text);
  if (match === null) return null;
  const [, name = "", args = "", result = ""] = match;
  const named = [...args.matchAll(/<(\/[^>]*)>|"(\/[^"]*)"/g)].map((found) => found[1] ?? found[2] ?? "");
  const paths = named.filter((path) => path === home || path.startsWith(`${home}/`));
  if (paths.length === 0 || args.includes("(deleted)")) return null;
  return { thread, name, paths, result: result === "?" ? null : Number(result), args };
}

/** Where a fault goes: the `ordinal`-th call of this name that one thread makes with this path. */
export interface Aim {
  readonly name: string;
  readonly path: string;
  /** From 1. */
  readonly ordinal: number;
}

/** One aim for each call, in the order of the calls. */
export function aimsOf(calls: readonly Call[]): readonly Aim[] {
  const counts = new Map<string, number>();
  const aims: Aim[] = [];
  for (const { thread, name, paths } of calls) {
    for (const path of new Set(paths)) {
      const key = `${thread} ${name} ${path}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    // Of a rename, strace looks at the first path only.
    const path = name.startsWith("rename") ? paths[0]! : paths.at(-1)!;
    aims.push({ name, path, ordinal: counts.get(`${thread} ${name} ${path}`)! });
  }
  return aims;
}

/** `fault` is what strace calls it: `error=EIO`, `signal=KILL`, `retval=0`. */
export function injectArgs({ name, path, ordinal }: Aim, fault: string): readonly string[] {
  return ["-P", path, "-e", `trace=${name}`, "-e", `inject=${name}:${fault}:when=${ordinal}`];
}

/** How often the fault of `injectArgs` was seen to happen. */
export function firedIn(trace: string): number {
  const injected = trace.split("\n").filter((line) => line.includes("(INJECTED)")).length;
  return injected > 0 ? injected : trace.includes("+++ killed by SIGKILL +++") ? 1 : 0;
}
