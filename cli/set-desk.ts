/** What `pol decide --set` answers with: all members of a set together, on either engine. */
import type { Checked } from "@polity/compiler/checked.ts";
import { decideSet, type Judge } from "@polity/compiler/interpret/set.ts";
import { loadSetFacts } from "@polity/compiler/interpret/set-facts.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { unsignedSetDigest } from "@polity/lineage/set-digest.ts";
import { loadSetUnsigned } from "@polity/runtime/authoring.ts";
import { foreignTo } from "@polity/runtime/foreign.ts";
import { digestName, sha256 } from "@polity/runtime/hash.ts";
import type { SetHost } from "@polity/runtime/index.ts";
import type { Builder } from "./builder.ts";
import type { Judgement, MemberJudgement } from "./decision.ts";
import type { Desk, DeskMember } from "./desk.ts";
import { artefactsOfDesk } from "./desk-artefacts.ts";
import { type EngineName, type EngineRequest, factsJson, refusedFacts } from "./engines.ts";
import { EXIT, failure } from "./failure.ts";
import { withProgress } from "./progress.ts";
import { nameOf } from "./read-file.ts";
import { type RequestNamer, requestNamer } from "./request-digest.ts";
import { askSet } from "./set-judgement.ts";
import { kindOf } from "./set-members.ts";
import { soundMembers } from "./sound-set.ts";

interface SetFiles {
  readonly set: string;
  /** The project's folder; null: that of the set. */
  readonly root: string | null;
  /** The name of the facts file; null where none is named. */
  readonly factsPath: string | null;
  readonly facts: Uint8Array;
}

/** Null where the set or a member has errors, which are told; fails where a file cannot be used. */
export async function openSetDesk(
  files: SetFiles,
  engine: EngineName,
  builder: Builder,
): Promise<Desk | null> {
  const members = await soundMembers(files);
  if (members === null) return null;
  const modules: Module[] = [];
  for (const { name, shadow, program, module, path } of members) {
    const checked = program?.checked ?? null;
    if (engine === "reference" && checked === null) {
      throw failure(`--engine reference needs policies, and ${nameOf(path)} is an evaluator`);
    }
    const wasm = module?.wasm ?? (checked && (await assembled(path, checked, builder)));
    if (wasm !== null) modules.push({ name, shadow, checked, wasm });
  }
  const opened = await loadSetUnsigned(modules, {
    facts: files.facts,
    obligations: "any",
    sha256: nodeCrypto.sha256,
    spare: false,
  });
  if (!opened.ok && !opened.code.startsWith("facts.")) {
    throw failure(`${nameOf(files.set)} is refused: ${opened.code}: ${opened.message}`, null, EXIT.no);
  }
  if (engine === "reference") return referenceDesk(files, modules);
  if (!opened.ok) throw refusedFacts(files.factsPath, opened);
  return hostDesk(files, opened.set, modules);
}

interface Module {
  readonly name: string;
  readonly shadow: boolean;
  readonly checked: Checked | null;
  readonly wasm: Uint8Array;
}

async function assembled(path: string, checked: Checked, builder: Builder): Promise<Uint8Array> {
  return (await withProgress(`building ${nameOf(path)}`, () => builder.build(checked))).wasm;
}

// ---- compiled evaluators

function hostDesk(files: SetFiles, set: SetHost, modules: readonly Module[]): Desk {
  const members = set.members.map(({ name, shadow, evaluator, manifest }): DeskMember => {
    return { name, shadow, evaluator, policy: manifest.policy.name, kind: kindOf(manifest) };
  });
  return {
    decide: askSet(set),
    ...commonOf(files, members, modules, set.facts),
    readsTrust: set.members.some(({ manifest }) => manifest.readsTrust),
    nameRequest: set.request,
    host: set,
  };
}

function commonOf(
  { factsPath, facts: given }: SetFiles,
  members: readonly DeskMember[],
  modules: readonly Module[],
  facts: string,
): Omit<Desk, "decide" | "readsTrust" | "nameRequest"> {
  const wasms = modules.map(({ wasm }) => wasm);
  return {
    policy: "",
    evaluator: unsignedSetDigest(members),
    facts,
    members,
    ...artefactsOfDesk(wasms, factsPath, given, facts),
  };
}

// ---- the reference

function referenceDesk(files: SetFiles, modules: readonly Module[]): Desk {
  const programs = modules.flatMap(({ name, shadow, checked, wasm }) => {
    return checked === null ? [] : [{ name, shadow, checked, evaluator: digestName(sha256(wasm)) }];
  });
  const { factsPath } = files;
  const read = factsJson(files.facts);
  if ("refusal" in read) throw refusedFacts(factsPath, read.refusal);
  const loaded = loadSetFacts(programs, read.json);
  if (!loaded.ok) {
    const { refusal, member } = loaded;
    const message = member === null ? refusal.message : `${member}: ${refusal.message}`;
    throw refusedFacts(factsPath, { ...refusal, message });
  }
  const judges = programs.flatMap(({ name, shadow, checked }): Judge[] => {
    const own = loaded.facts.get(name);
    return own === undefined ? [] : [{ name, shadow, checked, facts: own }];
  });
  const nameRequest = namerOf(judges);
  const members = programs.map(({ name, shadow, checked, evaluator }): DeskMember => {
    return { name, shadow, evaluator, policy: checked.policy.name, kind: checked.kind };
  });
  const evaluators = new Map(programs.map(({ name, evaluator }) => [name, evaluator]));
  return {
    decide: (request) => referenceJudgement(judges, evaluators, nameRequest, request),
    ...commonOf(files, members, modules, digestName(sha256(files.facts))),
    readsTrust: judges.some(({ checked }) => checked.readsTrust),
    nameRequest,
  };
}

function referenceJudgement(
  judges: readonly Judge[],
  evaluators: ReadonlyMap<string, string>,
  nameRequest: RequestNamer,
  request: EngineRequest,
): Judgement {
  const named = nameRequest(request.action, request.fields, request.entities);
  const answer = decideSet(judges, { ...request, digest: named.ok ? named.digest : null });
  const { rulesTotal, errorsTotal } = answer;
  const members = answer.members.map((one): MemberJudgement => {
    const { name, kind, shadow, outcome } = one;
    const totals = { rulesTotal: one.rulesTotal, errorsTotal: one.errorsTotal };
    return { ...outcome, name, kind, isShadow: shadow, evaluator: evaluators.get(name) ?? "", totals };
  });
  return { ...answer.outcome, rulesTotal, errorsTotal, members };
}

/** As the member that leads names it: the first policy that counts and declares the action, or the first. */
export function namerOf(judges: readonly Judge[]): RequestNamer {
  const counted = judges.filter(({ shadow }) => !shadow).map(({ checked }) => checked.types);
  const rank = ({ shadow, checked }: Judge) => (shadow ? 2 : checked.kind === "guard" ? 1 : 0);
  const leads = new Map<string, RequestNamer>();
  for (const { checked } of [...judges].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))) {
    const { types, actions } = checked;
    const namer = requestNamer(types, actions, foreignTo(types, counted).carried);
    for (const { name } of actions) if (!leads.has(name)) leads.set(name, namer);
  }
  return (action, fields, entities) =>
    leads.get(action)?.(action, fields, entities) ?? { ok: false, code: "input.unknown_action", path: "" };
}
