import { basename } from "node:path";
import type { Checked } from "@polity/compiler/checked.ts";
import { hasErrors } from "@polity/compiler/diagnostic.ts";
import { compile } from "@polity/compiler/pipeline.ts";
import { indexLines } from "./line-index.ts";
import { readText } from "./read-file.ts";
import { type Finding, renderFindings } from "./render-diagnostic.ts";
import { paintFor, write } from "./terminal.ts";

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
    checked: hasErrors(diagnostics) ? null : value,
    finding: { path, lines: indexLines(text), diagnostics },
  };
}

/** For commands that need a sound policy: its diagnostics go to standard error; null if there are errors. */
export async function compileOrTell(path: string): Promise<Checked | null> {
  const { checked, finding } = await compileFile(path);
  const text = renderFindings([finding], paintFor("error"));
  if (text !== "") await write(`${text}\n`, "error");
  return checked;
}
