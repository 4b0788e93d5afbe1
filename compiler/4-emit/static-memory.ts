/**
 * What an evaluator takes of memory by itself, counted before it is assembled: everything that the support
 * library and emit.ts ask for as `memory.data`, each begun at a multiple of 16. The assembler refuses a
 * program that needs more pages than this says.
 */
import { RESULT_TAIL_BYTES, RULES_LISTED_MAX } from "@polity/runtime/layout.ts";
import { memoryBytes } from "@polity/runtime/manifest.ts";
import type { Ir } from "../ir.ts";
import { endOf, type Tables } from "./family-data.ts";

/** Behind the facts, so that reading a few bytes too many stays in the memory. */
const MARGIN_BYTES = 64;
/** Rooms whose sizes no policy changes: of documents, maps, addresses, images, rows, and carried entities. */
const LIBRARY_BYTES = 32 + 128 + 16 + 16 + 16 + 16 + 16 + 64 * 24;

/** The manifest with the bound on memory, which is known once the tables lie. */
export function withMemory(ir: Ir, tables: Tables): Ir {
  const staticBytes = staticBytesOf(ir, tables);
  const { limits } = ir.manifest;
  const memoryBytesMax = memoryBytes(staticBytes, limits.factsBytesMax);
  return { ...ir, manifest: { ...ir.manifest, limits: { ...limits, staticBytes, memoryBytesMax } } };
}

function staticBytesOf(ir: Ir, tables: Tables): number {
  const frameBytes = ir.manifest.limits.frameBytesMax;
  const shadowBytes = ir.hasShadow ? 8 + RULES_LISTED_MAX * 4 : 0;
  const rooms = [
    // The frame as it arrives, and decoded.
    frameBytes,
    frameBytes,
    64 + RULES_LISTED_MAX * 12 + shadowBytes + (ir.imposedMax > 0 ? RESULT_TAIL_BYTES : 0),
    ir.holesMax * 24 + 8,
    ir.hasApprovals ? frameBytes / 4 : 8,
    ir.hasPaths ? frameBytes / 2 : 8,
    ir.entities.length * 20 + 4,
    ir.tables.length * 8 + 8,
    ir.cellsBytes + 8,
    ir.imposedMax * 16 + 8,
    ...ir.parts,
    ...ir.cells,
    ...ir.literals.map(({ words }) => words.length * 8),
  ];
  let bytes = endOf(tables) + LIBRARY_BYTES + MARGIN_BYTES;
  for (const room of rooms) bytes += Math.ceil(room / 16) * 16;
  return bytes;
}
