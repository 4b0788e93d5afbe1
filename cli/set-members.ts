/** The members of a set that authors write, from its file on, and what they say differently. */
import { dirname, join } from "node:path";
import { declaredPlaces } from "@polity/compiler/1-parse/declared-places.ts";
import type { Checked } from "@polity/compiler/checked.ts";
import type { Diagnostic } from "@polity/compiler/diagnostic.ts";
import { compile } from "@polity/compiler/pipeline.ts";
import { filesOf, type Span } from "@polity/compiler/source.ts";
import { openUnsigned } from "@polity/runtime/authoring.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import {
  crowdedAction,
  type Declared,
  type Disagreement,
  disagreement,
  type Imposing,
  OBLIGATIONS_MAX,
} from "@polity/runtime/set-agreement.ts";
import { type CheckedFile, checkFile } from "./compile-file.ts";
import { readBytes } from "./read-file.ts";
import type { Finding } from "./render-diagnostic.ts";
import { type ListedMember, readSetFile } from "./set-file.ts";
import { quoted } from "./words.ts";

export interface SetFolder {
  readonly members: readonly ListedMember[];
  /** What is wrong with the set's file: then there are no members. */
  readonly problem: SetProblem | null;
  /** Where the members' files lie. */
  readonly folder: string;
}

export interface SetProblem {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  /** Both declarations, where two members differ. */
  readonly places: readonly Place[];
}

export interface Place {
  readonly member: string;
  readonly path: string;
  /** Null where nothing of the member's text can be shown. */
  readonly at: { readonly finding: Finding; readonly span: Span } | null;
}

/** A member whose file is read. */
export interface OpenedMember extends ListedMember {
  readonly path: string;
  /** Null of an evaluator. */
  readonly program: CheckedFile | null;
  readonly module: { readonly wasm: Uint8Array; readonly manifest: Manifest } | null;
  /** Why it cannot be a member, beyond errors of its program. */
  readonly problem: SetProblem | null;
}

/** Fails where the set's file cannot be read. */
export async function readSetFolder(path: string): Promise<SetFolder> {
  const read = readSetFile(await readBytes(path));
  const folder = path === "-" ? "." : dirname(path);
  if (read.ok) return { members: read.members, problem: null, folder };
  const { code, message, hint } = read;
  return { members: [], problem: { code, message, hint, places: [] }, folder };
}

/** Fails where the member's file cannot be read. `root`: null for the folder of the set. */
export async function openMember(
  listed: ListedMember,
  { folder, root }: { readonly folder: string; readonly root: string | null },
  ask: (checked: Checked) => readonly Diagnostic[] = () => [],
): Promise<OpenedMember> {
  const path = join(folder, listed.file);
  const opened = { ...listed, path, program: null, module: null, problem: null };
  if (listed.file.endsWith(".wasm")) {
    const wasm = await readBytes(path);
    const evaluator = await openUnsigned(wasm);
    if (!("code" in evaluator)) return { ...opened, module: { wasm, manifest: evaluator.manifest } };
    const { code, message } = evaluator;
    return { ...opened, problem: aboutMember(opened, code, `${quoted(listed.name)}: ${message}`, null) };
  }
  return { ...opened, program: await checkFile(path, root ?? folder, ask, compile) };
}

function aboutMember(
  { name, path }: Pick<OpenedMember, "name" | "path">,
  code: string,
  message: string,
  hint: string | null,
): SetProblem {
  return { code, message, hint, places: [{ member: name, path, at: null }] };
}

/** What a member says about itself; null where its program has errors. */
export interface Speaking {
  readonly kind: "policy" | "guard";
  readonly policy: string;
  readonly readsTrust: boolean;
  readonly declared: Declared;
  readonly imposing: Imposing;
}

export function speakingOf({ program, module }: OpenedMember): Speaking | null {
  if (module !== null) {
    const { manifest } = module;
    const { policy, readsTrust } = manifest;
    return {
      kind: kindOf(manifest),
      policy: policy.name,
      readsTrust,
      declared: manifest,
      imposing: manifest,
    };
  }
  const checked = program?.checked ?? null;
  if (checked === null) return null;
  const { kind, policy, readsTrust, types, subject, actions, others } = checked;
  const declared = { types, subject, actions, ...(others !== null && { others: others.action }) };
  return { kind, policy: policy.name, readsTrust, declared, imposing: imposingOf(checked) };
}

export function kindOf({ guard }: Pick<Manifest, "guard">): "policy" | "guard" {
  return guard === true ? "guard" : "policy";
}

/** As a manifest has it. */
function imposingOf({ actions, rules, others }: Checked): Imposing {
  return {
    actions,
    rules: rules.map(({ name, cases, shadow }) => {
      const one = cases[0] ?? others?.cases.get(name);
      const obliges = shadow ? [] : (one?.obliges ?? []).map(({ obligation }) => obligation);
      return { actions: cases.map(({ action }) => action), obliges };
    }),
  };
}

/** What is wrong between members: the first thing that each two of them say differently. */
export function problemsBetween(members: readonly OpenedMember[]): readonly SetProblem[] {
  const problems: SetProblem[] = [];
  const speaking = members.flatMap((member) => {
    const says = speakingOf(member);
    return says === null ? [] : [{ member, says }];
  });
  for (const [at, b] of speaking.entries()) {
    for (const a of speaking.slice(0, at)) {
      const differ = disagreement(a.says.declared, b.says.declared);
      if (differ !== null) problems.push(disagreeing(differ, a.member, b.member));
    }
  }
  const crowded = crowdedAction(speaking.map(({ says }) => says.imposing));
  if (crowded === null) return problems;
  const imposed = `more than ${OBLIGATIONS_MAX} obligations`;
  const message = `the members impose ${imposed} on ${quoted(crowded)} together`;
  return [...problems, { code: "set.obligations", message, hint: null, places: [] }];
}

function disagreeing({ code, about }: Disagreement, a: OpenedMember, b: OpenedMember): SetProblem {
  const { kind, name, field } = about;
  const what =
    kind === "subject"
      ? "the subject"
      : `the ${field === undefined ? kind : "field"} ${quoted(pathOf(about))}`;
  const keys =
    kind === "action"
      ? [`action ${name}.${field}`, `shared ${field}`, `action ${name}`]
      : [kind === "subject" ? "subject" : `${kind} ${name}`];
  return {
    code,
    message: `${quoted(a.name)} and ${quoted(b.name)} differ in ${what}`,
    hint: "declare it in one module that both import",
    places: [placeOf(a, keys), placeOf(b, keys)],
  };
}

function pathOf({ name, field }: Disagreement["about"]): string {
  return field === undefined ? name : `${name}.${field}`;
}

function placeOf({ name, path, program }: OpenedMember, keys: readonly string[]): Place {
  if (program === null || program.checked === null) return { member: name, path, at: null };
  const { source } = program.checked;
  const places = declaredPlaces(source);
  const span = keys.map((key) => places.get(key)).find((found) => found !== undefined);
  if (span === undefined) return { member: name, path, at: null };
  const files = filesOf(source);
  const at = files.findLastIndex(({ start }) => start <= span.start);
  const [finding, start] = [program.findings[at], files[at]?.start ?? 0];
  if (finding === undefined) return { member: name, path, at: null };
  return { member: name, path, at: { finding, span: { start: span.start - start, end: span.end - start } } };
}
