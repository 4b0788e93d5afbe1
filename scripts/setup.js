/**
 * Brings node_modules to what package-lock.json says, and does nothing when it already is.
 * Plain JavaScript without dependencies: it must run on any Node from 20 on, before anything is installed.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const reason = whyInstall();
if (reason !== undefined) {
  console.log(`setup: ${reason}; running npm ci (about 20 s)`);
  install();
}

/** The reason why an installation is needed, or undefined if none is. */
function whyInstall() {
  // npm writes this file last, so a torn installation lacks it.
  const installed = packagesIn(join(root, "node_modules", ".package-lock.json"));
  if (installed === undefined) return "node_modules is missing or incomplete";
  const locked = packagesIn(join(root, "package-lock.json")) ?? {};
  for (const [path, wanted] of Object.entries(locked)) {
    if (path === "") continue;
    const found = installed[path];
    if (found === undefined && wanted.optional) continue; // made for another platform
    if (found?.version !== wanted.version || found?.integrity !== wanted.integrity) {
      return `${path} is not the one in package-lock.json`;
    }
  }
  const surplus = Object.keys(installed).find((path) => !(path in locked));
  return surplus === undefined ? undefined : `${surplus} is not in package-lock.json`;
}

function packagesIn(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages;
  } catch {
    return undefined;
  }
}

function install() {
  const options = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath;
  const { status, error } = npm?.endsWith(".js")
    ? spawnSync(process.execPath, [npm, ...options], { cwd: root, stdio: "inherit" })
    : spawnSync("npm", options, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  if (error) console.error(`setup: npm could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
  if (!existsSync(join(root, "node_modules", ".bin", "node"))) {
    console.error("setup: npm did not install Node 24; allow its install script (npm config ignore-scripts)");
    process.exit(1);
  }
}
