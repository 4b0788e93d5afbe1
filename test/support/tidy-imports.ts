import { posix } from "node:path";
import { codeOnly, lineAt } from "./code-only.ts";
import type { Finding, ProjectFile, Rule } from "./tidy.ts";

/** Which of our workspaces each one may import. */
const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map([
  ["grammar", []],
  ["runtime", []],
  ["compiler", ["grammar", "runtime"]],
  ["lineage", ["runtime"]],
  ["governor", ["runtime", "lineage"]],
  ["gateway", ["runtime", "lineage", "governor"]],
  ["cli", ["grammar", "compiler", "runtime", "lineage", "governor", "gateway"]],
]);

/** The nouns that compiler and runtime share: how bytes lie, what manifest and decision say. */
const LAYOUT_NOUNS: ReadonlySet<string> = new Set([
  "codes.ts",
  "decision.ts",
  "header.ts",
  "layout.ts",
  "manifest.ts",
  "manifest-codec.ts",
  "shaped-text.ts",
  "type-text.ts",
  "unreachable.ts",
]);

/** The only files of compiler/ that see several phases. */
const PHASE_JOINTS = new Set(["compiler/pipeline.ts", "compiler/evaluator.ts", "compiler/wasm.ts"]);

/** Libraries with one owner: replacing such a library touches these files and no others. */
const OWNERS: ReadonlyMap<string, (path: string) => boolean> = new Map([
  ["chevrotain", (path: string) => path.startsWith("grammar/")],
  ["assemblyscript", (path: string) => path === "compiler/4-emit/assemble.ts"],
  ["@noble/ed25519", (path: string) => path === "runtime/ed25519.ts" || isTool(path)],
  ["node:crypto", (path: string) => path === "lineage/node/crypto.ts" || isTool(path)],
]);

/** What is neither shipped nor embedded may compare with any implementation. */
function isTool(path: string): boolean {
  return /^(?:test|scripts|benchmarks|examples)\//.test(path);
}

export const importRules: readonly (readonly [string, Rule])[] = [
  ["layers", (file) => (isCode(file) ? checkEach(file, layerProblem) : [])],
  ["shared nouns", (file) => (isCode(file) ? checkEach(file, nounProblem) : [])],
  ["phases", (file) => (isCode(file) ? checkEach(file, phaseProblem) : [])],
  ["library owners", (file) => (isCode(file) ? checkEach(file, ownerProblem) : [])],
  ["pure lineage", (file) => (isCode(file) ? checkEach(file, lineageProblem) : [])],
  ["runtime dependencies", (file) => (isCode(file) ? checkEach(file, runtimeProblem) : [])],
  ["manifest layers", manifestLayers],
];

/** An import as written, and the file of ours that it means (relative to the root), if it is one of ours. */
type Import = { readonly specifier: string; readonly target: string | undefined; readonly line: number };
type Problem = (path: string, imported: Import) => string | undefined;

function layerProblem(path: string, { specifier, target }: Import): string | undefined {
  const from = workspaceOf(path);
  const allowed = MAY_IMPORT.get(from);
  if (allowed === undefined || target === undefined) return undefined;
  const to = workspaceOf(target);
  if (to === from) return undefined;
  if (!allowed.includes(to)) return `${from} may not import ${to} (${specifier})`;
  if (specifier.startsWith(".")) return `write ${specifier} as @polity/${target}`;
  return undefined;
}

function nounProblem(path: string, { target }: Import): string | undefined {
  if (workspaceOf(path) !== "compiler" || target === undefined || workspaceOf(target) !== "runtime") return;
  const name = target.slice("runtime/".length);
  return LAYOUT_NOUNS.has(name)
    ? undefined
    : `of runtime, compiler may import only the layout nouns, not ${name}`;
}

function phaseProblem(path: string, { target }: Import): string | undefined {
  if (workspaceOf(path) !== "compiler" || PHASE_JOINTS.has(path) || target === undefined) return undefined;
  const from = phaseOf(path);
  const to = phaseOf(target);
  if (PHASE_JOINTS.has(target)) return from === undefined ? undefined : `a phase may not import ${target}`;
  if (to === undefined || to === from) return undefined;
  return `${from ?? "a noun"} may not import the phase ${to}; they meet in the nouns`;
}

function ownerProblem(path: string, { specifier }: Import): string | undefined {
  const library = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? "";
  const owns = OWNERS.get(library);
  return owns === undefined || owns(path) ? undefined : `${library} is known elsewhere, not here`;
}

/** What verifies must run in a browser: the files beside the folders know no platform. */
function lineageProblem(path: string, { target }: Import): string | undefined {
  if (!/^lineage\/[^/]+$/.test(path) || target === undefined || !/^lineage\/.+\//.test(target))
    return undefined;
  return `the pure part of lineage may not import ${target}`;
}

function runtimeProblem(path: string, { specifier, target }: Import): string | undefined {
  if (workspaceOf(path) !== "runtime" || target !== undefined || specifier.startsWith("@noble/"))
    return undefined;
  return `runtime depends on @noble/* only, not ${specifier}`;
}

/** A manifest may not even declare what its sources may not import. */
function manifestLayers({ path, text }: ProjectFile): Finding[] {
  const match = /^([a-z]+)\/package\.json$/.exec(path);
  const from = match?.[1] ?? "";
  const allowed = MAY_IMPORT.get(from);
  if (allowed === undefined) return [];
  const declared: unknown = JSON.parse(text);
  const findings: Finding[] = [];
  for (const name of dependencyNames(declared)) {
    const ours = /^@polity\/(.+)$/.exec(name)?.[1];
    const isForbidden = ours === undefined ? isForbiddenLibrary(from, name) : !allowed.includes(ours);
    if (isForbidden) findings.push({ line: 0, message: `${from} may not depend on ${name}` });
  }
  return findings;
}

function isForbiddenLibrary(workspace: string, name: string): boolean {
  return workspace === "runtime" && !name.startsWith("@noble/");
}

function dependencyNames(manifest: unknown): string[] {
  const fields = manifest as Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;
  const groups = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
  return groups.flatMap((group) => Object.keys(fields[group] ?? {}));
}

function checkEach(file: ProjectFile, problem: Problem): Finding[] {
  const findings: Finding[] = [];
  for (const imported of importsOf(file)) {
    const message = problem(file.path, imported);
    if (message !== undefined) findings.push({ line: imported.line, message });
  }
  return findings;
}

/** Static and dynamic imports and re-exports whose specifier is a plain string. */
function importsOf({ path, text }: ProjectFile): Import[] {
  const imports: Import[] = [];
  for (const match of codeOnly(text).matchAll(/\b(?:from|import)\s*\(?\s*(["'`])( *)\1/g)) {
    const end = match.index + match[0].length - 1;
    const specifier = text.slice(end - (match[2] ?? "").length, end);
    imports.push({ specifier, target: targetOf(path, specifier), line: lineAt(text, match.index) });
  }
  return imports;
}

function targetOf(path: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(path), specifier);
  return specifier.startsWith("@polity/") ? specifier.slice("@polity/".length) : undefined;
}

function workspaceOf(path: string): string {
  return path.split("/")[0] ?? "";
}

/** The folder of compiler/ in which a file lies, or undefined for the nouns beside them. */
function phaseOf(path: string): string | undefined {
  const [workspace, folder, ...rest] = path.split("/");
  return workspace === "compiler" && rest.length > 0 ? folder : undefined;
}

function isCode({ path }: ProjectFile): boolean {
  return /\.[jt]s$/.test(path);
}
