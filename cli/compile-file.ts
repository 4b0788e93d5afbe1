import type { Checked } from "@polity/compiler/checked.ts";
import { type Diagnostic, sortDiagnostics } from "@polity/compiler/diagnostic.ts";
import { type Compiled, compile, diagnose } from "@polity/compiler/pipeline.ts";
import { filesOf } from "@polity/compiler/source.ts";
import { indexLines } from "./line-index.ts";
import { openProject, type Project } from "./project.ts";
import { readText } from "./read-file.ts";
import type { Finding } from "./render-diagnostic.ts";

export interface CompiledFile {
  /** null where the policy has errors, and for a module. */
  readonly checked: Checked | null;
  /** One for each file, that of the policy first. */
  readonly findings: readonly Finding[];
  /** Every path that was looked at, also in vain. */
  readonly paths: readonly string[];
}

/** A file of any kind that was checked. */
export interface CheckedFile extends CompiledFile {
  /** The program's text in one, in which everything has its place. */
  readonly whole: Finding;
  /** The same, with what was found in it later. */
  readonly with: (more: readonly Diagnostic[]) => CheckedFile;
}

/** Reads and checks one policy with what it imports; fails only where the file cannot be read. */
export async function compileFile(path: string, root: string | null): Promise<CompiledFile> {
  return compileText(path, root, await readText(path));
}

export function compileText(path: string, root: string | null, text: string): CompiledFile {
  const project = openProject(path, root);
  const compiled = compile({ file: project.name, text }, project.find);
  const findings = findingsOf(path, project, compiled);
  return { checked: compiled.value, findings, paths: [path, ...project.looked] };
}

/** `ask` may find more in a program without errors. A module is right where `read` is `diagnose`. */
export async function checkFile(
  path: string,
  root: string | null,
  ask: (checked: Checked) => readonly Diagnostic[],
  read: typeof compile = diagnose,
): Promise<CheckedFile> {
  const project = openProject(path, root);
  const compiled = read({ file: project.name, text: await readText(path) }, project.find);
  const asked = compiled.value === null ? [] : ask(compiled.value);
  return placed(path, project, compiled, asked);
}

function placed(
  path: string,
  project: Project,
  compiled: Compiled<Checked | null>,
  more: readonly Diagnostic[],
): CheckedFile {
  const diagnostics = sortDiagnostics([...compiled.diagnostics, ...more]);
  const whole = { path, lines: indexLines(compiled.source.text), diagnostics };
  const found = { ...compiled, diagnostics };
  return {
    checked: compiled.value,
    findings: findingsOf(path, project, found),
    whole,
    paths: [path, ...project.looked],
    with: (later) => placed(path, project, found, later),
  };
}

/** A program's diagnostics, each with the file in which it stands, and placed there. */
function findingsOf(path: string, project: Project, compiled: Compiled<unknown>): readonly Finding[] {
  const { source, diagnostics } = compiled;
  let from = 0;
  return filesOf(source).map(({ file, text, start }, index) => {
    // Diagnostics come in the order of the files.
    const end = start + text.length;
    const own: Diagnostic[] = [];
    for (let one = diagnostics[from]; one !== undefined && one.span.start <= end; one = diagnostics[from]) {
      own.push({ ...one, span: { start: one.span.start - start, end: one.span.end - start } });
      from += 1;
    }
    const isOfLibrary = index > 0 && !file.endsWith(".pol");
    const shown = index === 0 ? path : isOfLibrary ? file : project.pathOf(file);
    return { path: shown, lines: indexLines(text), diagnostics: own };
  });
}
