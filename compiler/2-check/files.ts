/** Names across files: a file sees what it declares and what its own imports declare (spec 2.12). */
import type { Declaration, Name, Program } from "../ast.ts";
import type { Import } from "../ast-head.ts";
import { fileAt, type Source } from "../source.ts";
import { invisibleName, unusedImport } from "./messages-files.ts";
import type { Report } from "./world.ts";

/** Of each file, the files whose names it uses. */
export type Uses = ReadonlyMap<string, ReadonlySet<string>>;

/** Reports names that a file does not see; such a name is found all the same, and nothing follows from it. */
export function checkVisibility(source: Source, program: Program, report: Report): Uses {
  const uses = new Map<string, Set<string>>();
  if (source.imported === undefined) return uses;
  const homes = homesOf(source, program);
  const sees = new Map<string, Set<string>>();
  for (const { file, span } of program.imports) {
    if (file !== null) addTo(sees, fileAt(source, span.start).file, file);
  }
  for (const declaration of program.declarations) {
    const { file } = fileAt(source, declaration.span.start);
    const mention: Mention = (text, span, isReferring) => {
      const home = homes.get(text);
      if (home === undefined || home === file) return;
      addTo(uses, file, home);
      const isSeen = sees.get(file)?.has(home) === true;
      if (isReferring && !isSeen) report(invisibleName({ text, span }, home, pathTo(home, file)));
    };
    visitNames(declaration, false, mention);
  }
  return uses;
}

/** What declares what all actions have is used by being imported. */
export function warnUnusedImports(source: Source, program: Program, uses: Uses, report: Report): void {
  // Something was lost on the way here, and may have been the use.
  if (program.declarations.length === 0) return;
  const acting = new Set<string>();
  for (const { kind, span } of program.declarations) {
    if (ACTING.has(kind)) acting.add(fileAt(source, span.start).file);
  }
  for (const { file, span } of program.imports) {
    if (file === null || acting.has(file)) continue;
    if (uses.get(fileAt(source, span.start).file)?.has(file) !== true) report(unusedImport(span, file));
  }
}

const ACTING: ReadonlySet<Declaration["kind"]> = new Set(["action", "subject", "shared"] as const);

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key) ?? new Set();
  set.add(value);
  map.set(key, set);
}

/** The file that declares each name which others may use. */
function homesOf(source: Source, { declarations }: Program): ReadonlyMap<string, string> {
  const homes = new Map<string, string>();
  const repeated = new Set<string>();
  for (const declaration of declarations) {
    if (!("name" in declaration) || declaration.kind === "rule") continue;
    const { text, span } = declaration.name;
    if (homes.has(text)) repeated.add(text);
    homes.set(text, fileAt(source, span.start).file);
  }
  // Which of two is meant nobody can say, and that there are two is reported.
  for (const text of repeated) homes.delete(text);
  return homes;
}

/** `from` as the importing file would write it. */
function pathTo(file: string, importer: string): Import["path"] {
  if (!file.endsWith(".pol")) return file;
  const from = importer.split("/").slice(0, -1);
  const to = file.split("/");
  let same = 0;
  while (same < from.length && same < to.length - 1 && from[same] === to[same]) same += 1;
  const ups = from.length - same;
  return [...(ups === 0 ? ["."] : Array<string>(ups).fill("..")), ...to.slice(same)].join("/");
}

/** Parts of a tree that hold the name of something declared elsewhere. */
const REFERRING: ReadonlySet<string> = new Set(["type", "action", "actions", "groups", "table"]);

/** What is named by what it refers to: `Zone` as a type, `young(t)`. */
const NAMED_FOR: ReadonlySet<unknown> = new Set(["named", "apply"]);

/**
 * `isReferring`: it surely means what is declared elsewhere; else it may be a name of its own, such as a
 * field's.
 */
type Mention = (text: string, span: Name["span"], isReferring: boolean) => void;

/** Trees are plain data of bounded depth: every part is looked at, so that no construct is forgotten. */
function visitNames(part: object, isReferring: boolean, mention: Mention): void {
  if (Array.isArray(part)) {
    for (const one of part)
      if (typeof one === "object" && one !== null) visitNames(one, isReferring, mention);
    return;
  }
  const node = part as { readonly [key: string]: unknown };
  if (typeof node.text === "string" && node.kind === undefined) {
    mention(node.text, node.span as Name["span"], isReferring);
    return;
  }
  if (node.kind === "name") mention(String(node.name), node.span as Name["span"], true);
  // An `oblige` is the one part that has arguments and no kind.
  const isNamed = NAMED_FOR.has(node.kind) || (node.kind === undefined && Array.isArray(node.args));
  for (const key in node) {
    const value = node[key];
    if (typeof value !== "object" || value === null || key === "span") continue;
    visitNames(value, REFERRING.has(key) || (isNamed && key === "name"), mention);
  }
}
