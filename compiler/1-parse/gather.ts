/** All files of a program: the one that is given and, from import to import, the modules that it needs. */
import type { Program } from "../ast.ts";
import type { Import } from "../ast-head.ts";
import { type Diagnostic, hasErrors, type Phase, sortDiagnostics } from "../diagnostic.ts";
import type { FindFile } from "../files.ts";
import { joinFiles, type Source } from "../source.ts";
import { findStd, STD_FILES } from "../std.ts";
import { cycleWay } from "./cycles.ts";
import { importTarget, isOfLibrary } from "./import-path.ts";
import {
  badImport,
  importCycle,
  importOutside,
  missingFile,
  notAModule,
  repeatedImport,
  tooManyFiles,
  unreadableFile,
} from "./messages-files.ts";
import { parse } from "./parse.ts";
import { shifted, shiftedDiagnostic } from "./shift.ts";

/** With the file that is given. */
const FILES_MAX = 64;
/** UTF-16 units of all files together. */
const UNITS_MAX = 16 * 1024 * 1024;

export interface Gathered {
  readonly source: Source;
  readonly program: Program;
}

interface File {
  readonly source: Source;
  readonly program: Program;
  readonly diagnostics: Diagnostic[];
}

/**
 * Reads a program. Never throws. Declarations come in an order that depends on nothing but names: those of
 * the library, of the project's modules by name, and of the given file. If one file lost something on which
 * the rest may depend, none has declarations.
 */
export function gather(source: Source, find: FindFile): Phase<Gathered> {
  const first = read(source);
  const files = new Map<string, File>([[source.file, first]]);
  const queue = [first];
  let units = source.text.length;
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const { diagnostics } = file;
    for (const one of wantedBy(file)) {
      const known = files.get(one.file);
      const found = known === undefined ? textOf(one, find) : known.source.text;
      if (typeof found !== "string") {
        diagnostics.push(found);
        continue;
      }
      const next = known ?? read({ file: one.file, text: found });
      const kind = next.program.policy?.kind ?? "module";
      if (kind !== "module") diagnostics.push(notAModule(one.span, one.file, kind));
      if (kind !== "module" || known !== undefined) continue;
      units += found.length;
      if (files.size === FILES_MAX) diagnostics.push(tooManyFiles(one.span, `${FILES_MAX} files`));
      if (units > UNITS_MAX) diagnostics.push(tooManyFiles(one.span, "16 MiB of text"));
      if (files.size === FILES_MAX || units > UNITS_MAX) return joined(first, files);
      files.set(one.file, next);
      queue.push(next);
    }
  }
  return joined(first, files);
}

function read(source: Source): File {
  const { value, diagnostics } = parse(source);
  const own = [...diagnostics];
  const imports = value.imports.map((one) => resolved(one, source.file, own));
  return { source, program: { ...value, imports }, diagnostics: own };
}

function resolved(one: Import, importer: string, diagnostics: Diagnostic[]): Import {
  const target = importTarget(one.path, importer);
  if (target.kind === "file") return { ...one, file: target.file };
  diagnostics.push((target.kind === "wrong" ? badImport : importOutside)(one.span, one.path));
  return one;
}

interface Wanted {
  readonly file: string;
  readonly span: Import["span"];
}

function wantedBy({ program, diagnostics }: File): readonly Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const { file, span } of program.imports) {
    if (file === null) continue;
    if (wanted.has(file)) diagnostics.push(repeatedImport(span, file));
    else wanted.set(file, { file, span });
  }
  return [...wanted.values()];
}

function textOf({ file, span }: Wanted, find: FindFile): string | Diagnostic {
  const isStd = isOfLibrary(file);
  const found = isStd ? findStd(file) : find(file);
  if (found.kind === "text") return found.text;
  if (found.kind === "refused") return unreadableFile(span, file, found.why);
  return missingFile(span, file, isStd ? STD_FILES : []);
}

function joined(first: File, files: ReadonlyMap<string, File>): Phase<Gathered> {
  reportCycles(files);
  const others = [...files.values()]
    .filter((file) => file !== first)
    .sort((a, b) => (a.source.file < b.source.file ? -1 : 1));
  const source = joinFiles(
    first.source,
    others.map((file) => file.source),
  );
  const starts = (source.imported ?? []).map(({ start }) => start);
  const modules = others.map((file, index) => ({
    isOfLibrary: isOfLibrary(file.source.file),
    program: shifted(file.program, starts[index] ?? 0),
    diagnostics: file.diagnostics.map((one) => shiftedDiagnostic(one, starts[index] ?? 0)),
  }));
  const programs = [
    ...modules.filter((one) => one.isOfLibrary).map(({ program }) => program),
    ...modules.filter((one) => !one.isOfLibrary).map(({ program }) => program),
    first.program,
  ];
  const isWhole = [...files.values()].every((file) => isWholeFile(file, files));
  const program: Program = {
    ...first.program,
    imports: programs.flatMap(({ imports }) => imports),
    declarations: isWhole ? programs.flatMap(({ declarations }) => declarations) : [],
  };
  const diagnostics = [first, ...modules].flatMap((file) => file.diagnostics);
  return { value: { source, program }, diagnostics: sortDiagnostics(diagnostics) };
}

/** The parser leaves no declarations where it lost one; an import that was not followed is a loss too. */
function isWholeFile({ program, diagnostics }: File, files: ReadonlyMap<string, File>): boolean {
  if (program.declarations.length === 0 && hasErrors(diagnostics)) return false;
  return program.imports.every(({ file }) => file !== null && files.has(file));
}

/** Once for each circle, where the first of its files by name goes on to the next. */
function reportCycles(files: ReadonlyMap<string, File>): void {
  const edges = new Map([...files].map(([name, { program }]) => [name, targetsOf(program, files)]));
  const reported = new Set<string>();
  for (const name of [...files.keys()].sort()) {
    if (reported.has(name)) continue;
    const way = cycleWay(name, edges);
    if (way === null) continue;
    const file = files.get(name);
    const one = file?.program.imports.find((each) => each.file === (way[1] ?? name));
    if (one !== undefined) file?.diagnostics.push(importCycle(one.span, way));
    for (const each of way) reported.add(each);
  }
}

function targetsOf(program: Program, files: ReadonlyMap<string, File>): readonly string[] {
  const names = program.imports.flatMap(({ file }) => (file !== null && files.has(file) ? [file] : []));
  return names.sort();
}
