/** How much does a service that embeds the runtime ship? Bundled with its dependencies, for a browser. */
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";

export interface RuntimeSize {
  /** What the program cannot start without. */
  readonly always: Loaded;
  /** What it fetches only when it calls for it, by a dynamic `import`. */
  readonly onDemand: Loaded;
}

export interface Loaded {
  readonly files: number;
  readonly minifiedBytes: number;
  /** Each file by itself, as it is sent. */
  readonly gzippedBytes: number;
  /** Minified, the largest first; what comes from libraries is one part. */
  readonly parts: readonly { readonly file: string; readonly bytes: number }[];
}

/** Of a program that imports `@polity/runtime`. */
export async function runtimeSize(program: string): Promise<RuntimeSize> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname },
    bundle: true,
    splitting: true,
    outdir: "out",
    format: "esm",
    target: "es2023",
    platform: "browser",
    minify: true,
    metafile: true,
    write: false,
    legalComments: "none",
  });
  const scripts = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
  const { outputs } = metafile;
  const always = startedWith(outputs);
  const rest = Object.keys(outputs).filter((path) => !always.has(path));
  return { always: loaded([...always], outputs, scripts), onDemand: loaded(rest, outputs, scripts) };
}

type Outputs = Metafile["outputs"];

/** The entry, and whatever it imports before it runs. */
function startedWith(outputs: Outputs): ReadonlySet<string> {
  const found = new Set(Object.keys(outputs).filter((path) => outputs[path]!.entryPoint === "<stdin>"));
  for (const path of found) {
    for (const { path: imported, kind } of outputs[path]!.imports) {
      if (kind === "import-statement") found.add(imported);
    }
  }
  return found;
}

function loaded(
  paths: readonly string[],
  outputs: Outputs,
  scripts: ReadonlyMap<string, Uint8Array>,
): Loaded {
  const parts = new Map<string, number>();
  for (const path of paths) {
    for (const [input, { bytesInOutput }] of Object.entries(outputs[path]!.inputs)) {
      const file = input.includes("node_modules/@noble/") ? "@noble/*" : basename(input);
      parts.set(file, (parts.get(file) ?? 0) + bytesInOutput);
    }
  }
  const contents = paths.map((path) => scripts.get(basename(path))!);
  return {
    files: paths.length,
    minifiedBytes: total(contents.map(({ length }) => length)),
    gzippedBytes: total(contents.map((script) => gzipSync(script, { level: 9 }).length)),
    parts: [...parts].map(([file, bytes]) => ({ file, bytes })).sort((a, b) => b.bytes - a.bytes),
  };
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
