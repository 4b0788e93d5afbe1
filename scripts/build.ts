/**
 * `npm run build`: every workspace as a folder that can be packed and published, under dist/. The same
 * sources give the same bytes. `--out FOLDER` builds into an absent or empty folder instead.
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type PackageFolder, unresolved } from "./build/closed.ts";
import { type PublishedManifest, publishedManifest, type WorkspaceManifest } from "./build/manifest.ts";
import { packagePage } from "./build/readme.ts";
import { jsonModule, publishedDeclarations, publishedJs } from "./build/specifiers.ts";
import { viewerPage } from "./build/viewer.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const project = JSON.parse(read("package.json")) as {
  readonly version: string;
  readonly workspaces: readonly string[];
};

/** What a package has beside its modules. The launcher is JavaScript as it is; the rest is for tools. */
const AS_THEY_ARE: ReadonlyMap<string, readonly string[]> = new Map([
  ["cli", ["bin/pol.js"]],
  ["grammar", ["pol.ebnf", "pol.tmLanguage.json"]],
]);

try {
  const out = outFolder(process.argv.slice(2));
  emit(out);
  writeFileSync(join(out, "proof-viewer.html"), await viewerPage());
  const packages = project.workspaces.map((workspace) => finish(workspace, join(out, workspace)));
  const problems = await unresolved(packages);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  for (const made of packages) console.log(line(made));
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/** Emptied where it is ours; of another folder nothing is ever removed. */
function outFolder(args: readonly string[]): string {
  const [option, folder, ...rest] = args;
  if (option === undefined) {
    rmSync(join(root, "dist"), { recursive: true, force: true });
    return join(root, "dist");
  }
  if (option !== "--out" || folder === undefined || rest.length > 0) {
    throw new Error(`unknown arguments ${args.join(" ")}; npm run build -- --out FOLDER`);
  }
  const out = resolve(folder);
  if (existsSync(out) && readdirSync(out).length > 0) throw new Error(`${out} is not empty`);
  return out;
}

function emit(out: string): void {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  // How many threads check the types shows in declarations: members of inferred types come in another order.
  const args = [tsc, "-p", "tsconfig.build.json", "--outDir", out, "--pretty", "false", "--singleThreaded"];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`tsc refuses the sources\n${stdout}`);
}

/** Makes a package of what was emitted for a workspace. */
function finish(workspace: string, folder: string): PackageFolder {
  if (!existsSync(folder)) throw new Error(`tsconfig.build.json includes nothing of ${workspace}`);
  for (const file of filesIn(folder)) {
    const path = join(folder, file);
    const publish = file.endsWith(".d.ts")
      ? publishedDeclarations
      : file.endsWith(".js")
        ? publishedJs
        : null;
    if (publish !== null) writeFileSync(path, publish(readFileSync(path, "utf8")));
  }
  for (const file of AS_THEY_ARE.get(workspace) ?? []) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(join(root, workspace, file), join(folder, file));
  }
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  writeFileSync(join(folder, "README.md"), packagePage(read(`${workspace}/README.md`), read("README.md")));
  const manifest = writeManifest(workspace, folder);
  return { folder, manifest, files: filesIn(folder) };
}

/** And what modules import of it or of other JSON. */
function writeManifest(workspace: string, folder: string): PublishedManifest {
  const source = JSON.parse(read(`${workspace}/package.json`)) as WorkspaceManifest;
  const imported = filesIn(folder).filter((file) => file.endsWith(".json") && !isAsItIs(workspace, file));
  const manifest = publishedManifest(source, project.version, AS_THEY_ARE.get(workspace) ?? []);
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  for (const file of imported) {
    const json = file === "package.json" ? text : readFileSync(join(folder, file), "utf8");
    writeFileSync(join(folder, `${file}.js`), jsonModule(json));
    rmSync(join(folder, file));
  }
  writeFileSync(join(folder, "package.json"), text);
  return manifest;
}

function isAsItIs(workspace: string, file: string): boolean {
  return (AS_THEY_ARE.get(workspace) ?? []).includes(file);
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => name.split(sep).join("/"))
    .sort();
}

function line({ folder, manifest, files }: PackageFolder): string {
  const bytes = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  const size = `${(bytes / 1024).toFixed(1)} KiB`;
  const name = `${manifest.name}@${manifest.version}`;
  return `${name.padEnd(24)} ${String(files.length).padStart(4)} files ${size.padStart(12)}  ${folder}`;
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}
