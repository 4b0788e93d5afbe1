/** Who answers when a decision is made again: the very evaluators and facts, as a host loads them. */
import { loadSetUnsigned, loadUnsigned, openUnsigned } from "@polity/runtime/authoring.ts";
import type { Code } from "@polity/runtime/decision.ts";
import type { Sha256 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import type { RequestResult } from "@polity/runtime/request.ts";
import { denied } from "@polity/runtime/result.ts";
import { combine, type MemberAnswer } from "@polity/runtime/set-combine.ts";
import { ArtefactError, type Artefacts } from "./artefacts.ts";
import type { Decided, Judged } from "./decision-entry.ts";
import type { DecisionEntry } from "./entry.ts";
import { factsOf } from "./replay-facts.ts";
import { manifestProblem } from "./replay-manifest.ts";
import { unsignedSetDigest } from "./set-digest.ts";

/** What an evaluator outside any set is called among those that were lost. */
export const ALONE = "";

/** Everything that an entry says of who was asked. */
export type Cast = Pick<DecisionEntry, "set" | "members" | "facts" | "factsBuilt">;

export interface Panel {
  /** Without the members in `lost`, who deny for the reason that is given: they could not be asked. */
  readonly decide: (
    action: string,
    fields: unknown,
    header: Header,
    entities: unknown,
    lost?: ReadonlyMap<string, Code>,
  ) => PanelAnswer;
  readonly request: (action: string, fields: unknown, entities: unknown) => RequestResult;
  /** Whether a member that counts declares the action. */
  readonly knows: (action: string) => boolean;
  /** After a trap, until it can be asked again. */
  readonly ready: () => Promise<void>;
}

export type PanelAnswer = Pick<Decided, "decision" | "policy" | "set">;

/** Why nobody can be asked. */
export interface PanelProblem {
  readonly code: string;
  readonly message: string;
  /** What is missing or is not what it should be: `sha256:` and 64 hex digits; null where the set is. */
  readonly artefact: string | null;
}

export type OpenPanel = (cast: Cast) => Promise<Panel | PanelProblem>;

/** Panels of evaluators from artefacts; the last few stay open. */
export function wasmPanels(artefacts: Artefacts, sha256: Sha256): OpenPanel {
  return keeping(async (cast) => {
    try {
      return cast.members[0]?.name === null
        ? await openAlone(cast, artefacts, sha256)
        : await openSet(cast, artefacts, sha256);
    } catch (error) {
      if (error instanceof ArtefactError) return problem(error.code, error.message, null);
      throw error;
    }
  });
}

/** Histories come in stretches under one policy; a few may alternate. */
const KEPT_MAX = 8;

export function keeping(open: OpenPanel): OpenPanel {
  const kept = new Map<string, ReturnType<OpenPanel>>();
  return (cast) => {
    const key = keyOf(cast);
    const known = kept.get(key);
    // Who was asked last is last in the map, so that the first is the one to go.
    if (known !== undefined) kept.delete(key);
    const opened = known ?? open(cast);
    kept.set(key, opened);
    if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value!);
    return opened;
  };
}

function keyOf({ set, members, facts, factsBuilt }: Cast): string {
  const who = members.map(({ name, evaluator, mode, validity }) => [name, evaluator, mode, validity]);
  return JSON.stringify([set, who, facts, factsBuilt]);
}

function problem(code: string, message: string, artefact: string | null): PanelProblem {
  return { code, message, artefact };
}

function missing(what: string, digest: string): PanelProblem {
  return problem("replay.artefact_missing", `${what} ${digest} is not among the artefacts`, digest);
}

interface Loaded {
  readonly wasm: Uint8Array;
  readonly facts: Uint8Array | undefined;
}

/** Facts that are missing are missing for all; an evaluator comes first, as facts are read by it. */
async function factsFor(
  { facts: digest, factsBuilt }: Cast,
  manifest: Manifest | null,
  artefacts: Artefacts,
  sha256: Sha256,
): Promise<{ readonly facts: Uint8Array | undefined } | PanelProblem> {
  if (digest === null) return { facts: undefined };
  if (factsBuilt !== null) {
    const file = await artefacts.read(factsBuilt);
    return file === null ? missing("the file of built facts", factsBuilt) : { facts: file };
  }
  const bytes = await artefacts.read(digest);
  if (bytes === null) return missing("the snapshot of facts", digest);
  const read = factsOf(bytes, digest, manifest, sha256);
  return read.ok ? { facts: read.facts } : problem(read.code, read.message, digest);
}

async function loadAlone(cast: Cast, artefacts: Artefacts, sha256: Sha256): Promise<Loaded | PanelProblem> {
  const { evaluator, policy } = cast.members[0]!;
  const wasm = await artefacts.read(evaluator);
  if (wasm === null) return missing(`the evaluator of ${policy},`, evaluator);
  const opened = await openUnsigned(wasm);
  if ("code" in opened) return problem(opened.code, opened.message, evaluator);
  const facts = await factsFor(cast, opened.manifest, artefacts, sha256);
  return "code" in facts ? facts : { wasm, facts: facts.facts };
}

function windowOf(validity: Cast["members"][number]["validity"]) {
  return validity === null ? {} : { validity: { fromMs: validity.from, untilMs: validity.until } };
}

async function openAlone(cast: Cast, artefacts: Artefacts, sha256: Sha256): Promise<Panel | PanelProblem> {
  const loaded = await loadAlone(cast, artefacts, sha256);
  if ("code" in loaded) return loaded;
  const { evaluator, validity } = cast.members[0]!;
  const { wasm, facts } = loaded;
  const opened = await loadUnsigned(wasm, {
    ...(facts !== undefined && { facts }),
    obligations: "any",
    sha256,
    spare: false,
    ...windowOf(validity),
  });
  if (!opened.ok) return problem(opened.code, opened.message, evaluator);
  const { host } = opened;
  const wrong = factsProblem(cast, host.facts);
  if (wrong !== null) return wrong;
  const policy = { name: host.manifest.policy.name, evaluator: host.evaluator, validity: host.validity };
  const known = new Set(host.manifest.actions.map(({ name }) => name));
  return {
    decide(action, fields, header, entities, lost) {
      const code = lost?.get(ALONE);
      const decision = code === undefined ? host.decide(action, fields, header, entities) : denied(code);
      return { decision, policy };
    },
    request: host.request,
    knows: (action) => known.has(action),
    ready: host.ready,
  };
}

function without(answer: MemberAnswer, lost: ReadonlyMap<string, Code>): MemberAnswer {
  const code = lost.get(answer.name);
  return code === undefined ? answer : { ...answer, decision: denied(code) };
}

/** A built file says itself of which facts it was made; nobody else can know. */
function factsProblem({ facts }: Cast, found: string): PanelProblem | null {
  if (facts === null || facts === found) return null;
  return problem("replay.facts", `the built facts are of ${found}, and the entry says ${facts}`, facts);
}

/** What somebody signed says who its members are; nobody need believe the entry. */
export async function setProblem(
  { set, members, facts }: Cast,
  artefacts: Artefacts,
): Promise<PanelProblem | null> {
  if (set === null || set.epoch === 0) return null;
  const { digest } = set;
  const statement = await artefacts.read(digest);
  if (statement === null) return missing("the manifest of the set,", digest);
  const wrong = manifestProblem(statement, { set, members, facts });
  return wrong === null ? null : problem("replay.set", wrong, digest);
}

async function openSet(cast: Cast, artefacts: Artefacts, sha256: Sha256): Promise<Panel | PanelProblem> {
  const wrong = await setProblem(cast, artefacts);
  if (wrong !== null) return wrong;
  const facts = await factsFor(cast, null, artefacts, sha256);
  if ("code" in facts) return facts;
  const modules: Parameters<typeof loadSetUnsigned>[0][number][] = [];
  for (const { name, evaluator, mode, policy, validity } of cast.members) {
    const wasm = await artefacts.read(evaluator);
    if (wasm === null) return missing(`the evaluator of ${name ?? policy},`, evaluator);
    modules.push({ name: name ?? "", wasm, shadow: mode === "shadow", ...windowOf(validity) });
  }
  const opened = await loadSetUnsigned(modules, {
    ...(facts.facts !== undefined && { facts: facts.facts }),
    obligations: "any",
    sha256,
    spare: false,
  });
  if (!opened.ok) return problem(opened.code, opened.message, null);
  const { set } = opened;
  const seats = new Map(set.members.map((member) => [member.name, member]));
  const counted = set.members.filter(({ shadow }) => !shadow);
  const known = new Set(counted.flatMap(({ manifest }) => manifest.actions.map(({ name }) => name)));
  // Who signed a set gave it a digest of his own; of any other it is who its members are.
  const epoch = cast.set?.epoch ?? 0;
  const digest = epoch === 0 ? unsignedSetDigest(set.members) : cast.set!.digest;
  return {
    decide(action, fields, header, entities, lost) {
      const answered = set.decide(action, fields, header, entities);
      const decision =
        lost === undefined ? answered : combine(answered.members.map((one) => without(one, lost)));
      const members = decision.members.map(({ name, shadow, decision: own }) => {
        const { evaluator = "", manifest, validity = null } = seats.get(name) ?? {};
        const policy = manifest?.policy.name ?? "";
        return { name, policy, evaluator, validity, isShadow: shadow, decision: own as Judged };
      });
      return { decision, policy: null, set: { digest, epoch, members } };
    },
    request: set.request,
    knows: (action) => known.has(action),
    ready: set.ready,
  };
}
