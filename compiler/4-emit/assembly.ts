/** All that the assembler is given: what it makes depends on this and on its version, and on nothing else. */
import { type Limits, memoryBytes, PAGE_BYTES } from "@polity/runtime/manifest.ts";
import { ASSEMBLER } from "../version.ts";
import prelude from "./prelude.json" with { type: "json" };

/** Of modules of many programs, which state no bound: half of what can be addressed. */
const MAXIMUM_PAGES = 32_768;

/**
 * Evaluators are built at 2: 3 takes half as long again and gives larger modules, but no faster ones. 0 is
 * for modules of many programs, which are used once.
 */
export type OptimizeLevel = 0 | 2;

export interface Assembly {
  readonly assembler: string;
  readonly options: readonly string[];
  /** By path, sorted; the support library is among them, under `prelude/`. */
  readonly files: ReadonlyMap<string, string>;
}

/** The assembler's option for vector instructions. */
export const SIMD_OPTION = "simd";

export interface AssemblyOptions {
  readonly level?: OptimizeLevel;
  /** Where its own data begin, if something else stands before them. */
  readonly dataAt?: number | null;
  readonly simd?: boolean;
  /** What the manifest says of memory: with so much it begins, and it never has more. */
  readonly limits?: Limits;
}

/** `entry` is one of the files. */
export function assemblyOf(
  files: ReadonlyMap<string, string>,
  entry: string,
  given: AssemblyOptions = {},
): Assembly {
  const all = [...files, ...Object.entries(prelude)].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return { assembler: ASSEMBLER, options: optionsFor(entry, given), files: new Map(all) };
}

function optionsFor(
  entry: string,
  { level = 2, dataAt = null, simd = false, limits }: AssemblyOptions,
): readonly string[] {
  return [
    entry,
    "--outFile",
    "out.wasm",
    "--textFile",
    "out.wat",
    "--runtime",
    "stub",
    "--optimizeLevel",
    String(level),
    "--shrinkLevel",
    "0",
    "--noAssert",
    "--use",
    "abort=",
    ...(limits === undefined ? [] : ["--initialMemory", pages(memoryBytes(limits.staticBytes, 0))]),
    "--maximumMemory",
    limits === undefined ? String(MAXIMUM_PAGES) : pages(limits.memoryBytesMax),
    ...(simd ? ["--enable", SIMD_OPTION] : []),
    ...(dataAt === null ? [] : ["--memoryBase", String(dataAt)]),
  ];
}

function pages(bytes: number): string {
  return String(bytes / PAGE_BYTES);
}
