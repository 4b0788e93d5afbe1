/**
 * Assembles for the process that started it, in a process of its own, whose engine then is full of the
 * assembler and has no time for anything else. Ends when the other one does.
 */
import * as module from "node:module";
import type { Assembly } from "@polity/compiler/4-emit/assembly.ts";

const [cache] = process.argv.slice(2);
// Node has it from 22 on. Only what is loaded afterwards is in it.
if (cache !== undefined) module.enableCompileCache?.(cache);
const loading = import("@polity/compiler/4-emit/assemble.ts");

process.on("disconnect", () => process.exit());
process.on("message", async ({ assembly }: { readonly assembly: Assembly }) => {
  let assembled: { readonly wasm: Uint8Array } | { readonly error: string };
  try {
    const { assemble } = await loading;
    assembled = { wasm: await assemble(assembly) };
  } catch (error) {
    assembled = { error: error instanceof Error ? error.message : String(error) };
  }
  process.send?.(assembled);
  // Who waited may end us now, and nothing is kept of a process that is ended.
  module.flushCompileCache?.();
});
