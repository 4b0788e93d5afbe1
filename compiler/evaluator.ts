/**
 * The back half of the compiler without the assembler, which is slow to load and to run: whoever builds says
 * where it runs.
 */
import type { Manifest } from "@polity/runtime/manifest.ts";
import { encodeManifest } from "@polity/runtime/manifest-codec.ts";
import { lower } from "./3-lower/lower.ts";
import { type Assembly, assemblyOf } from "./4-emit/assembly.ts";
import { withData } from "./4-emit/data-segment.ts";
import { emit, emitConfig } from "./4-emit/emit.ts";
import { endOf, layTables, type Tables } from "./4-emit/family-data.ts";
import { finishModule } from "./4-emit/module.ts";
import { withMemory } from "./4-emit/static-memory.ts";
import type { Checked } from "./checked.ts";
import type { Ir } from "./ir.ts";
import { ASSEMBLER, COMPILER } from "./version.ts";
import { weigh } from "./weigh/weigh.ts";

export interface Evaluator {
  /** One file: the code, its manifest and its sum. */
  readonly wasm: Uint8Array;
  readonly manifest: Manifest;
  /** The program that was assembled, without the support library. */
  readonly assemblyscript: string;
}

/** The same bytes for the same assembly, wherever and whenever. */
export type Assemble = (assembly: Assembly) => Promise<Uint8Array<ArrayBuffer>>;

const VERSIONS = { compiler: COMPILER, assembler: ASSEMBLER };

export interface BuildOptions {
  /** With vector instructions, for engines that have them. */
  readonly simd?: boolean;
}

export async function buildWith(
  checked: Checked,
  assemble: Assemble,
  { simd = false }: BuildOptions = {},
): Promise<Evaluator> {
  const { ir, tables } = laidOut(checked, simd);
  const { limits } = ir.manifest;
  const assemblyscript = emit(ir, tables);
  const files = new Map([
    ["config.ts", emitConfig([ir])],
    ["policy.ts", assemblyscript],
  ]);
  const own = tables.bytes.length === 0 ? null : endOf(tables);
  const code = await assemble(assemblyOf(files, "policy.ts", { dataAt: own, simd, limits }));
  const assembled = withData(code, tables.at, tables.bytes);
  return {
    wasm: finishModule(assembled, encodeManifest(ir.manifest)),
    manifest: ir.manifest,
    assemblyscript,
  };
}

/** The program's AssemblyScript without assembling it. */
export function emitAssemblyScript(checked: Checked, { simd = false }: BuildOptions = {}): string {
  return emit(lower(checked, { ...VERSIONS, simd }, weigh(checked)));
}

/** The manifest that the evaluator will have. */
export function manifestOf(checked: Checked, { simd = false }: BuildOptions = {}): Manifest {
  return laidOut(checked, simd).ir.manifest;
}

function laidOut(checked: Checked, simd: boolean): { readonly ir: Ir; readonly tables: Tables } {
  const ir = lower(checked, { ...VERSIONS, simd }, weigh(checked));
  const tables = layTables(ir);
  return { ir: withMemory(ir, tables), tables };
}
