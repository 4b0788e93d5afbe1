import { spawnSync } from "node:child_process";
import { type Engine, missingOf } from "./engines.ts";

/** Installs the Debian packages of the engines that are not there; what fails shows as not run afterwards. */
export function install(engines: readonly Engine[], say: (text: string) => void): void {
  const lacking = engines.filter((engine) => missingOf(engine).length > 0);
  const packages = [...new Set(lacking.flatMap((engine) => engine.packages))];
  if (packages.length === 0) return;
  say(`installing ${packages.join(", ")} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // What they print is for nobody, unless it goes wrong.
  const aptGet = (...args: readonly string[]) => {
    const { status, error, stderr } = spawnSync("apt-get", args, { env, encoding: "utf8" });
    if (status !== 0) say(`apt-get ${args[0]}: ${error?.message ?? stderr.trim()}`);
    return status === 0;
  };
  if (aptGet("update", "-qq")) aptGet("install", "-y", "-qq", "--no-install-recommends", ...packages);
}
