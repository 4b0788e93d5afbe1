import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT, readRepository } from "./repository.ts";

/** A copy of the project's configuration and manifests, without sources, in which a test may plant files. */
export type Scratch = {
  readonly plant: (path: string, text: string) => void;
  /** Runs one of the installed tools; its output is what it wrote to stdout, decoded as UTF-8. */
  readonly run: (tool: string, ...args: string[]) => { readonly status: number; readonly output: string };
  readonly remove: () => void;
};

export function makeScratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), "polity-scratch-"));
  for (const path of readRepository().keys()) {
    if (/^(?:[a-z]+\/)?[a-z.-]+\.json$|^\.gitignore$|^types\//.test(path)) copy(path);
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return { plant, run, remove: () => rmSync(folder, { recursive: true }) };

  function copy(path: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(ROOT, path), join(folder, path));
  }

  function plant(path: string, text: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }

  function run(tool: string, ...args: string[]): { status: number; output: string } {
    const program = join(ROOT, "node_modules", ".bin", tool);
    const { status, stdout } = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
    return { status: status ?? -1, output: stdout };
  }
}
