/** Whether packages hold together: every import finds a file, and of a package that is depended upon. */
import { join } from "node:path";
import { build, type Metafile } from "esbuild";
import type { PublishedManifest } from "./manifest.ts";

export interface PackageFolder {
  readonly folder: string;
  readonly manifest: PublishedManifest;
  /** Relative to the folder, with `/`, sorted. */
  readonly files: readonly string[];
}

/** What is wrong, one line each. Relative imports that find nothing make esbuild reject. */
export async function unresolved(packages: readonly PackageFolder[]): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const { folder, manifest, files } of packages) {
    const { metafile } = await build({
      entryPoints: files.filter((file) => file.endsWith(".js")).map((file) => join(folder, file)),
      absWorkingDir: folder,
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      outdir: join(folder, "out"),
      metafile: true,
      write: false,
      logLevel: "silent",
    });
    for (const { from, specifier } of importsOf(metafile)) {
      const problem = problemOf(specifier, manifest, packages);
      if (problem !== null) problems.push(`${from}: ${problem}`);
    }
  }
  return problems;
}

function importsOf({ inputs }: Metafile): readonly { readonly from: string; readonly specifier: string }[] {
  return Object.entries(inputs).flatMap(([from, { imports }]) =>
    imports.filter(({ external }) => external).map(({ path }) => ({ from, specifier: path })),
  );
}

function problemOf(
  specifier: string,
  { name, dependencies = {} }: PublishedManifest,
  packages: readonly PackageFolder[],
): string | null {
  if (specifier.startsWith("node:")) return null;
  const library = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? "";
  if (!(library in dependencies)) return `${name} does not depend on ${specifier}`;
  if (!library.startsWith("@polity/")) return null;
  const target = packages.find(({ manifest }) => manifest.name === library);
  if (target === undefined) return `${specifier} is not built`;
  const path = fileOf(`.${specifier.slice(library.length)}`, target.manifest);
  return path !== null && target.files.includes(path) ? null : `${specifier} names no file`;
}

/** The file that `exports` gives for a name, relative to the package; null where it gives none. */
function fileOf(name: string, { exports }: PublishedManifest): string | null {
  const target = exports[name];
  if (target !== undefined) return (typeof target === "string" ? target : target.default).slice(2);
  return "./*.js" in exports && /^\.\/.+\.js$/.test(name) ? name.slice(2) : null;
}
