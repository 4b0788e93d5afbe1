/** From a checked program to an evaluator, with a process that assembles and a cache of what it made. */
import type { Checked } from "@polity/compiler/checked.ts";
import { type Assemble, buildWith, type Evaluator } from "@polity/compiler/evaluator.ts";
import { openAssembler } from "./assembler.ts";
import { assemblyKey, type BuildCache, openBuildCache } from "./build-cache.ts";

export interface Builder {
  /** Once for each program. */
  readonly build: (checked: Checked) => Promise<Evaluator>;
  readonly close: () => void;
}

export interface BuilderOptions {
  /** False: nothing is taken from the build cache, and nothing is put there. */
  readonly cache: boolean;
  /** For engines with vector instructions. */
  readonly simd?: boolean;
  /** An assembler without work is given up after so long; a warm one is several times faster. */
  readonly idleMs?: number;
}

const IDLE_MS = 1_000;

export function openBuilder({ cache: isCaching, simd, idleMs = IDLE_MS }: BuilderOptions): Builder {
  const assembler = openAssembler(idleMs);
  // Looked for when it is needed: `undefined` is not looked yet.
  let cache: BuildCache | null | undefined = isCaching ? undefined : null;
  const built = new WeakMap<Checked, Promise<Evaluator>>();
  const assemble: Assemble = async (assembly) => {
    if (cache === undefined) cache = openBuildCache();
    if (cache === null) return assembler.assemble(assembly);
    const key = assemblyKey(assembly);
    const known = cache.get(key);
    if (known !== null) return known;
    const assembled = await assembler.assemble(assembly);
    cache.put(key, assembled);
    return assembled;
  };
  const build = (checked: Checked) => {
    const known = built.get(checked);
    if (known !== undefined) return known;
    const evaluator = buildWith(checked, assemble, { simd: simd === true });
    built.set(checked, evaluator);
    return evaluator;
  };
  return { build, close: assembler.close };
}
