/** AssemblyScript to WebAssembly. Alone knows the assembler. */
import asc from "assemblyscript/asc";
import prelude from "./prelude.json" with { type: "json" };
import { brokenPromise } from "./properties.ts";

/** 65,536 pages are 4 GiB; facts and their index take at most half of the half that is addressed here. */
const MAXIMUM_PAGES = 32_768;

/** The assembler's version shapes the bytes: it is in the manifest. */
export const ASSEMBLER = `assemblyscript ${asc.version}`;

/**
 * Evaluators are built at 2: 3 takes half as long again and gives larger modules, but no faster ones. 0 is
 * for modules of many programs, which are used once.
 */
export type OptimizeLevel = 0 | 2;

/**
 * Assembles `entry.ts` out of the given files (by path, without the support library, which is added under
 * `prelude/`). `dataAt`: where its own data begin, if something else stands before them. What we emit
 * always assembles: a failure is a defect of the compiler and is thrown.
 */
export async function assemble(
  files: ReadonlyMap<string, string>,
  entry: string,
  level: OptimizeLevel = 2,
  dataAt: number | null = null,
): Promise<Uint8Array<ArrayBuffer>> {
  const library = new Map<string, string>(Object.entries(prelude));
  let wasm: Uint8Array<ArrayBuffer> | null = null;
  let wat: string | null = null;
  const { error, stderr } = await asc.main(options(entry, level, dataAt), {
    readFile: (name) => files.get(name) ?? library.get(name) ?? null,
    writeFile: (name, contents) => {
      if (name === "out.wasm" && typeof contents !== "string") wasm = new Uint8Array(contents);
      if (name === "out.wat" && typeof contents === "string") wat = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || wasm === null || wat === null) {
    throw new Error(`the emitted program does not assemble\n${stderr.toString()}`);
  }
  const broken = brokenPromise(wat);
  if (broken !== null) throw new Error(`the assembled module has ${broken}`);
  return wasm;
}

function options(entry: string, level: OptimizeLevel, dataAt: number | null): string[] {
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
    "--maximumMemory",
    String(MAXIMUM_PAGES),
    ...(dataAt === null ? [] : ["--memoryBase", String(dataAt)]),
  ];
}
