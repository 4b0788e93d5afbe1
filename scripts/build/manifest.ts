/** The package.json of a published package, made from the one of its workspace. */

/** As a workspace has it: exports name sources. */
export interface WorkspaceManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Exports name what was emitted, with its types. */
export interface PublishedManifest extends Omit<WorkspaceManifest, "exports"> {
  readonly exports: Readonly<Record<string, string | Target>>;
}

interface Target {
  readonly types: string;
  readonly default: string;
}

const EXACT = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

/** `others` are files that are no modules. Throws where a user would get other versions of a dependency. */
export function publishedManifest(
  manifest: WorkspaceManifest,
  version: string,
  others: readonly string[],
): PublishedManifest {
  const { name, description, license, engines, bin, dependencies = {} } = manifest;
  if (manifest.version !== version) throw new Error(`${name} is ${manifest.version}, the project ${version}`);
  for (const [library, wanted] of Object.entries(dependencies)) {
    if (!EXACT.test(wanted)) throw new Error(`${name}: ${library} ${wanted} is no exact version`);
    if (library.startsWith("@polity/") && wanted !== version) {
      throw new Error(`${name}: ${library} ${wanted} is not the one that is built, ${version}`);
    }
  }
  const main = manifest.exports["."];
  return {
    name,
    version,
    description,
    license,
    type: "module",
    ...(bin === undefined && { sideEffects: false }),
    engines,
    exports: publishedExports(manifest.exports),
    ...(main !== undefined && { types: targetOf(main).types }),
    ...(bin !== undefined && { bin }),
    files: ["**/*.js", "**/*.d.ts", ...others.filter((file) => !file.endsWith(".js"))],
    dependencies,
    publishConfig: { access: "public" },
  } as PublishedManifest;
}

/** Sources are named with `.ts` and published as `.js`, so the pattern for every file is `./*.js`. */
function publishedExports(sources: Readonly<Record<string, string>>): PublishedManifest["exports"] {
  const published: [string, string | Target][] = Object.entries(sources).map(([name, source]) =>
    name === "./*" ? ["./*.js", { types: "./*.d.ts", default: "./*.js" }] : [name, targetOf(source)],
  );
  return Object.fromEntries([...published, ["./package.json", "./package.json"]]);
}

function targetOf(source: string): Target {
  if (!/^\.\/.+\.ts$/.test(source)) throw new Error(`${source} is no source that can be published`);
  const stem = source.slice(0, -".ts".length);
  return { types: `${stem}.d.ts`, default: `${stem}.js` };
}
