/** AssemblyScript to WebAssembly. Alone knows the assembler. */
import asc from "assemblyscript/asc";
import { type Assembly, SIMD_OPTION } from "./assembly.ts";
import { brokenPromise } from "./properties.ts";

/** What we emit always assembles: a failure is a defect of the compiler and is thrown. */
export async function assemble({ assembler, options, files }: Assembly): Promise<Uint8Array<ArrayBuffer>> {
  const installed = `assemblyscript ${asc.version}`;
  if (installed !== assembler) throw new Error(`${installed} is installed where ${assembler} is needed`);
  let wasm: Uint8Array<ArrayBuffer> | null = null;
  let wat: string | null = null;
  const { error, stderr } = await asc.main([...options], {
    readFile: (name) => files.get(name) ?? null,
    writeFile: (name, contents) => {
      if (name === "out.wasm" && typeof contents !== "string") wasm = new Uint8Array(contents);
      if (name === "out.wat" && typeof contents === "string") wat = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || wasm === null || wat === null) {
    throw new Error(`the emitted program does not assemble\n${stderr.toString()}`);
  }
  const broken = brokenPromise(wat, options.includes(SIMD_OPTION));
  if (broken !== null) throw new Error(`the assembled module has ${broken}`);
  return wasm;
}
