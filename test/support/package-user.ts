/** Packages as a user meets them: built, packed, and installed into an empty folder with its own Node. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { ROOT } from "./repository.ts";

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const NEVER_REACHED = /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ENETUNREACH|ENOTCACHED/;

/** Nothing of the npm that runs the tests gets into the npm that the tests run, but for its registry. */
function environment(node: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_(?:package|lifecycle)_|npm_config_local_prefix$|NODE_OPTIONS$|VITEST)/.test(name),
  );
  const path = [dirname(node), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter);
  return { ...Object.fromEntries(inherited), PATH: path };
}

export function run(node: string, folder: string, ...args: readonly string[]): Ran {
  const options = { cwd: folder, env: environment(node), encoding: "utf8", maxBuffer: 1 << 26 } as const;
  return spawnSync(node, args, options);
}

/** Throws with what was printed where it fails. */
export function runWell(node: string, folder: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = run(node, folder, ...args);
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

function npm(folder: string, ...args: readonly string[]): Ran {
  return spawnSync("npm", args, { cwd: folder, env: environment(process.execPath), encoding: "utf8" });
}

export function build(out: string): string {
  return runWell(process.execPath, ROOT, join(ROOT, "scripts", "build.ts"), "--out", out);
}

export interface Packed {
  readonly tarball: string;
  readonly files: readonly string[];
}

export function pack(folder: string, destination: string): Packed {
  mkdirSync(destination, { recursive: true });
  const { status, stdout, stderr } = npm(folder, "pack", "--json", "--pack-destination", destination);
  if (status !== 0) throw new Error(`npm pack ended with ${status}\n${stderr}`);
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: readonly { path: string }[] }];
  return { tarball: join(destination, packed.filename), files: packed.files.map(({ path }) => path) };
}

/** Null where it is done; the reason where the registry cannot be reached. */
export function install(folder: string, ...packages: readonly string[]): string | null {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  const { status, stderr } = npm(folder, "install", ...quiet, ...packages);
  if (status === 0) return null;
  if (NEVER_REACHED.test(stderr)) return "no package registry in reach";
  throw new Error(`npm install ended with ${status}\n${stderr}`);
}

/** Node 20: the one of the machine, or one that is installed into `folder`; null where there is none. */
export function node20(folder: string): string | null {
  const { status, stdout } = spawnSync("/usr/bin/node", ["--version"], { encoding: "utf8" });
  if (status === 0 && stdout.startsWith("v20.")) return "/usr/bin/node";
  const name = `node-${process.platform}-${process.arch}`;
  const missing = install(folder, `${name}@20`);
  return missing === null ? join(folder, "node_modules", name, "bin", "node") : null;
}

export interface Strictness {
  readonly lib: readonly string[];
  readonly types: readonly string[];
  readonly skipLibCheck: boolean;
}

/** Compiles the TypeScript of a user's subfolders where it lies; answers what `tsc` objects to. */
export function compileUser(folder: string, { lib, types, skipLibCheck }: Strictness): string {
  const compilerOptions = {
    ...{
      target: "ES2023",
      module: "NodeNext",
      lib,
      types,
      typeRoots: [join(ROOT, "node_modules", "@types")],
    },
    ...{ strict: true, exactOptionalPropertyTypes: true, verbatimModuleSyntax: true, skipLibCheck },
    rewriteRelativeImportExtensions: true,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*/*.ts"] }));
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  return run(process.execPath, folder, tsc, "-p", ".", "--pretty", "false").stdout;
}

export function read(...path: readonly string[]): string {
  return readFileSync(join(...path), "utf8");
}
