/** Programs of the machine: whether they are there, which version, and what they print. */
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const TIMEOUT_MS = 1_200_000;
const ERROR_CHARACTERS = 2_000;

/** Null where no folder of PATH has it. */
export function findProgram(name: string): string | null {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    try {
      const path = join(folder, name);
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // It is in the next one, or nowhere.
    }
  }
  return null;
}

/** What it prints; rejects with its words where it fails. */
export function runProgram(program: string, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], timeout: TIMEOUT_MS });
    const out: Buffer[] = [];
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      errors = `${errors}${chunk}`.slice(-ERROR_CHARACTERS);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const output = Buffer.concat(out).toString();
      if (code === 0) resolve(output);
      else reject(new Error(`ended with ${signal ?? code}: ${errors.trim() || output.trim().slice(-500)}`));
    });
  });
}

/** Of a Debian package, without what Debian adds to it; `?` where it is not from one. */
export function packageVersion(name: string): string {
  const format = "-f=\u0024{Version}";
  const { status, stdout } = spawnSync("dpkg-query", ["-W", format, name], { encoding: "utf8" });
  if (status !== 0) return "?";
  return stdout.replace(/^\d+:/, "").replace(/[-+~].*$/, "");
}

/** The first match in what a command prints; `?` where there is none. */
export function versionIn(pattern: RegExp, program: string, ...args: readonly string[]): string {
  const { stdout } = spawnSync(program, args, { encoding: "utf8" });
  return pattern.exec(stdout ?? "")?.[1] ?? "?";
}
