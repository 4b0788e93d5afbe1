/** Folders with a lock of their own are installed only where somebody needs what is in them. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

type Packages = Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>>;

const ROOT = join(import.meta.dirname, "..");
const PEERS = "benchmarks/peers";

/** What is not as the lock of a folder says, or null. */
export function whyInstall(folder = PEERS): string | null {
  const installed = packagesIn(folder, "node_modules/.package-lock.json");
  if (installed === null) return `${folder}/node_modules is missing or incomplete`;
  for (const [path, wanted] of Object.entries(packagesIn(folder, "package-lock.json") ?? {})) {
    const found = installed[path];
    // The lock names packages for other platforms, too.
    if (path === "" || (found === undefined && wanted.optional)) continue;
    if (found?.version !== wanted.version) return `${path} is not the one in ${folder}/package-lock.json`;
  }
  return null;
}

function packagesIn(folder: string, file: string): Packages | null {
  try {
    return (JSON.parse(readFileSync(join(ROOT, folder, file), "utf8")) as { packages: Packages }).packages;
  } catch {
    return null;
  }
}

/** Runs `npm ci` in a folder; false where that fails, e.g. without a network. */
export function install(folder = PEERS): boolean {
  const options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=silent"];
  const fast = ["--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"];
  // An older Node further on in the path would bring an npm that reads locks differently.
  const path = [join(import.meta.dirname, "../node_modules/.bin"), process.env.PATH ?? ""].join(delimiter);
  const npm = process.env.npm_execpath;
  const [program, ...first] = npm?.endsWith(".js") ? [process.execPath, npm] : ["npm"];
  const { status } = spawnSync(program ?? "npm", [...first, ...options, ...fast], {
    cwd: join(ROOT, folder),
    env: { ...process.env, PATH: path },
    stdio: "ignore",
    shell: program === "npm" && process.platform === "win32",
  });
  return status === 0;
}
