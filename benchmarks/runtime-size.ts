/** How much does a service that embeds the runtime ship? Bundled with its dependencies, for a browser. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

export interface RuntimeSize {
  readonly what: string;
  readonly minifiedBytes: number;
  readonly gzippedBytes: number;
  /** Of the minified bytes, what comes from libraries. */
  readonly libraryBytes: number;
}

/** What the runtime is meant to stay under, gzipped. */
export const RUNTIME_AIM_BYTES = 25 * 1024;

/** What each kind of user imports; what is not imported is left out by the bundler. */
const USES: readonly (readonly [what: string, program: string])[] = [
  [
    "load and decide",
    'import { load, readPublicKey } from "@polity/runtime";\nself.polity = { load, readPublicKey };\n',
  ],
  ["everything", 'import * as polity from "@polity/runtime";\nself.polity = polity;\n'],
];

/** One row for each use. Sizes are the same on every machine. */
export async function runtimeSize(): Promise<readonly RuntimeSize[]> {
  return Promise.all(USES.map(([what, program]) => sizeOf(what, program)));
}

async function sizeOf(what: string, program: string): Promise<RuntimeSize> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname },
    bundle: true,
    format: "esm",
    target: "es2023",
    platform: "browser",
    minify: true,
    metafile: true,
    write: false,
    legalComments: "none",
  });
  const script = outputFiles[0]?.contents ?? new Uint8Array(0);
  const [output] = Object.values(metafile.outputs);
  const inputs = Object.entries(output?.inputs ?? {});
  const libraries = inputs.filter(([path]) => path.includes("node_modules/@noble/"));
  return {
    what,
    minifiedBytes: script.length,
    gzippedBytes: gzipSync(script, { level: 9 }).length,
    libraryBytes: libraries.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0),
  };
}

if (import.meta.main) {
  console.log(JSON.stringify({ aimBytes: RUNTIME_AIM_BYTES, rows: await runtimeSize() }, null, 2));
}
