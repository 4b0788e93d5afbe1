/** Folders with a lock of their own are installed only where somebody needs what is in them. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
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

/** Runs `npm ci` in a folder, one process at a time; false where that fails, e.g. without a network. */
export function install(folder = PEERS): boolean {
  const lock = takeLock(folder);
  try {
    return whyInstall(folder) === null || runNpm(folder);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

const LOCK_MS_MAX = 180_000;
const LOOK_MS = 200;

/** Tests that need the same packages run side by side. What is older than an installation was left behind. */
function takeLock(folder: string): string {
  const locks = join(ROOT, "node_modules", ".cache", "installing");
  const lock = join(locks, folder.replaceAll("/", "-"));
  mkdirSync(locks, { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      return lock;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const taken = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - taken > LOCK_MS_MAX) rmSync(lock, { recursive: true, force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS);
  }
}

function runNpm(folder: string): boolean {
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
