/** The engines, where they come from, and how each of them is driven. */
import { CHROMIUM, FIREFOX, type Launch, visit } from "./browsers.ts";
import { readScriptOutput, writeScript } from "./interpreter.ts";
import type { Ask, Job, Told } from "./job.ts";
import { runNative } from "./native.ts";
import { findProgram, packageVersion, runProgram, versionIn } from "./run-command.ts";
import { runGjs, runJsc, runNode } from "./shells.ts";

export interface Engine {
  readonly id: string;
  readonly name: string;
  /** All must be on PATH. */
  readonly programs: readonly string[];
  /** Debian packages that have them. */
  readonly packages: readonly string[];
  readonly version: () => string;
  /** It is slow: more than these it is not asked for. */
  readonly framesMax: number;
  readonly run: (folder: string, job: Job, ask: Ask) => Promise<Told>;
}

const ALL = Number.MAX_SAFE_INTEGER;

export const ENGINES: readonly Engine[] = [
  node("baseline"),
  node("optimising"),
  browser("chromium", "Chromium", "chromium", "chromium", CHROMIUM),
  browser("firefox", "Firefox (SpiderMonkey)", "firefox-esr", "firefox-esr", FIREFOX),
  {
    id: "gjs",
    name: "gjs (SpiderMonkey)",
    programs: ["gjs"],
    packages: ["gjs"],
    version: () => `${packageVersion("gjs")}, mozjs ${versionIn(/libmozjs-(\d+)/, "ldd", program("gjs"))}`,
    framesMax: ALL,
    run: (folder, _, ask) => runGjs(folder, ask, program("gjs")),
  },
  {
    id: "jsc",
    name: "JavaScriptCore",
    programs: ["jsc"],
    packages: ["libjavascriptcoregtk-4.0-bin"],
    version: () => packageVersion("libjavascriptcoregtk-4.0-bin"),
    framesMax: ALL,
    run: (folder, _, ask) => runJsc(folder, ask, program("jsc")),
  },
  {
    id: "wasm2c",
    name: "machine code by wasm2c",
    programs: ["wasm2c", "gcc"],
    packages: ["wabt", "gcc", "libc6-dev"],
    version: () => `${packageVersion("wabt")}, gcc ${versionIn(/^(\S+)/, "gcc", "-dumpfullversion")}`,
    framesMax: ALL,
    run: (folder, job, ask) =>
      runNative(folder, job, ask, { wasm2c: program("wasm2c"), gcc: program("gcc") }),
  },
  {
    id: "wabt",
    name: "wabt's interpreter",
    programs: ["spectest-interp"],
    packages: ["wabt"],
    version: () => packageVersion("wabt"),
    framesMax: 10_000,
    run: async (folder, job, ask) => {
      const output = await runProgram(program("spectest-interp"), writeScript(folder, job, ask));
      return readScriptOutput(output, job, ask);
    },
  },
];

function node(tier: "baseline" | "optimising"): Engine {
  return {
    id: `v8-${tier}`,
    name: `V8, ${tier} compiler`,
    programs: [],
    packages: [],
    version: () => `${process.versions.v8.replace(/-.*/, "")}, Node ${process.versions.node}`,
    framesMax: ALL,
    run: (folder, _, ask) => runNode(folder, ask, tier),
  };
}

function browser(id: string, name: string, command: string, debian: string, launch: Launch): Engine {
  return {
    id,
    name,
    programs: [command],
    packages: [debian],
    version: () => packageVersion(debian),
    framesMax: ALL,
    run: (folder, job, ask) => visit(folder, job, ask, program(command), launch),
  };
}

function program(name: string): string {
  const found = findProgram(name);
  if (found === null) throw new Error(`no ${name}`);
  return found;
}

/** Those of its programs that the machine lacks. */
export function missingOf({ programs }: Engine): readonly string[] {
  return programs.filter((name) => findProgram(name) === null);
}
