/** The back half of the compiler: from a checked program to an evaluator, assembled in this very thread. */
import type { Manifest } from "@polity/runtime/manifest.ts";
import { type Kinship, USUAL_KINSHIP } from "./3-lower/families.ts";
import { lower } from "./3-lower/lower.ts";
import { assemble } from "./4-emit/assemble.ts";
import { assemblyOf } from "./4-emit/assembly.ts";
import { withData } from "./4-emit/data-segment.ts";
import { emit, emitConfig } from "./4-emit/emit.ts";
import { endOf, layTables, TABLES_AT, type Tables } from "./4-emit/family-data.ts";
import type { Checked } from "./checked.ts";
import { type BuildOptions, buildWith, type Evaluator } from "./evaluator.ts";
import { ASSEMBLER, COMPILER } from "./version.ts";
import { weigh } from "./weigh/weigh.ts";

/** For who does nothing else: a thread that has assembled answers requests slowly for a while. */
export function buildEvaluator(checked: Checked, options?: BuildOptions): Promise<Evaluator> {
  return buildWith(checked, assemble, options);
}

/**
 * Several programs in one module, for tests that try thousands: assembling costs far less for each. The
 * exports of program `k` are `pol_decide_k` and so on; an instance may be used for one program only.
 */
export async function assembleBatch(
  programs: readonly Checked[],
  kinship: Kinship = USUAL_KINSHIP,
  { simd = false }: BuildOptions = {},
): Promise<{ readonly wasm: Uint8Array; readonly manifests: readonly Manifest[] }> {
  const versions = { compiler: COMPILER, assembler: ASSEMBLER, simd };
  const irs = programs.map((checked) => lower(checked, versions, weigh(checked), kinship));
  const files = new Map([["config.ts", emitConfig(irs)]]);
  const names = ["pol_abi", "pol_region", "pol_reserve", "pol_load", "pol_decide", "pol_record"];
  const entry: string[] = [];
  const laid: Tables[] = [];
  let at = TABLES_AT;
  for (const [k, ir] of irs.entries()) {
    const tables = layTables(ir, at);
    laid.push(tables);
    at = endOf(tables);
    files.set(`program${k}.ts`, emit(ir, tables));
    entry.push(
      `export { ${names.map((name) => `${name} as ${name}_${k}`).join(", ")} } from "./program${k}";`,
    );
  }
  files.set("batch.ts", entry.join("\n"));
  let wasm = await assemble(
    assemblyOf(files, "batch.ts", { level: 0, dataAt: at === TABLES_AT ? null : at, simd }),
  );
  for (const tables of laid) wasm = withData(wasm, tables.at, tables.bytes);
  return { wasm, manifests: irs.map((ir) => ir.manifest) };
}
