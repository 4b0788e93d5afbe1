/** The peers have a lock of their own and are installed only where somebody measures them. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const FOLDER = join(import.meta.dirname, "peers");

type Packages = Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>>;

/** What is not as the lock says, or null. */
export function whyInstall(): string | null {
  const installed = packagesIn("node_modules/.package-lock.json");
  if (installed === null) return "benchmarks/peers/node_modules is missing or incomplete";
  for (const [path, wanted] of Object.entries(packagesIn("package-lock.json") ?? {})) {
    const found = installed[path];
    // The lock names packages for other platforms, too.
    if (path === "" || (found === undefined && wanted.optional)) continue;
    if (found?.version !== wanted.version)
      return `${path} is not the one in benchmarks/peers/package-lock.json`;
  }
  return null;
}

function packagesIn(file: string): Packages | null {
  try {
    return (JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as { packages: Packages }).packages;
  } catch {
    return null;
  }
}

/** Runs `npm ci` below benchmarks/peers; false where that fails, e.g. without a network. */
export function install(): boolean {
  const options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=silent"];
  const fast = ["--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"];
  // An older Node further on in the path would bring an npm that reads locks differently.
  const path = [join(import.meta.dirname, "../node_modules/.bin"), process.env.PATH ?? ""].join(delimiter);
  const npm = process.env.npm_execpath;
  const [program, ...first] = npm?.endsWith(".js") ? [process.execPath, npm] : ["npm"];
  const { status } = spawnSync(program ?? "npm", [...first, ...options, ...fast], {
    cwd: FOLDER,
    env: { ...process.env, PATH: path },
    stdio: "ignore",
    shell: program === "npm" && process.platform === "win32",
  });
  return status === 0;
}
