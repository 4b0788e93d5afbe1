/** How much does a service that embeds the runtime ship? Bundled with its dependencies, for a browser. */
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

export interface RuntimeSize {
  readonly minifiedBytes: number;
  readonly gzippedBytes: number;
  /** Minified, the largest first; what comes from libraries is one part. */
  readonly parts: readonly { readonly file: string; readonly bytes: number }[];
}

/** Of a program that imports `@polity/runtime`. */
export async function runtimeSize(program: string): Promise<RuntimeSize> {
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
  const parts = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
    const file = path.includes("node_modules/@noble/") ? "@noble/*" : basename(path);
    parts.set(file, (parts.get(file) ?? 0) + bytesInOutput);
  }
  return {
    minifiedBytes: script.length,
    gzippedBytes: gzipSync(script, { level: 9 }).length,
    parts: [...parts].map(([file, bytes]) => ({ file, bytes })).sort((a, b) => b.bytes - a.bytes),
  };
}
