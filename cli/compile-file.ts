import { basename } from "node:path";
import type { Checked } from "@polity/compiler/checked.ts";
import { compile } from "@polity/compiler/pipeline.ts";
import { indexLines } from "./line-index.ts";
import { readText } from "./read-file.ts";
import type { Finding } from "./render-diagnostic.ts";

export interface CompiledFile {
  /** null where the policy has errors. */
  readonly checked: Checked | null;
  readonly finding: Finding;
}

/** Reads and checks one policy; fails only where the file cannot be read. */
export async function compileFile(path: string): Promise<CompiledFile> {
  return compileText(path, await readText(path));
}

export function compileText(path: string, text: string): CompiledFile {
  const { value, diagnostics } = compile({ file: basename(path), text });
  return {
    checked: value,
    finding: { path, lines: indexLines(text), diagnostics },
  };
}
