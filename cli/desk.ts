/** Everything that `pol decide` needs to answer: an engine with its facts, and the names of both. */
import type { Checked } from "@polity/compiler/checked.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { NO_FACTS } from "@polity/runtime/facts.ts";
import { digestName, sha256, utf8 } from "@polity/runtime/hash.ts";
import type { Judgement } from "./decision.ts";
import {
  askWith,
  type EngineName,
  type EngineRequest,
  evaluatorOf,
  type FactsRefusal,
  openEngine,
  refusalText,
} from "./engines.ts";
import { failure } from "./failure.ts";
import { withProgress } from "./progress.ts";
import { nameOf, readBytes, utf8Text } from "./read-file.ts";
import { type RequestNamer, requestNamer } from "./request-digest.ts";
import { tellFindings } from "./tell.ts";

export interface Desk {
  readonly decide: (request: EngineRequest) => Judgement;
  /** The policy's name. */
  readonly policy: string;
  /** `sha256:` and 64 hex digits, as are those of requests. */
  readonly evaluator: string;
  readonly facts: string;
  readonly readsTrust: boolean;
  readonly nameRequest: RequestNamer;
}

/** The files by the names that messages give them; `facts` is null where none is named. */
interface Files {
  readonly policy: string;
  /** The project's folder; none: that of the policy. */
  readonly root?: string | null;
  readonly facts: string | null;
}

/** Null where the policy has errors, which are told; fails where a file cannot be used. */
export async function openDesk(files: Files, engine: EngineName): Promise<Desk | null> {
  const bytes = await readBytes(files.policy);
  const facts = files.facts === null ? utf8(NO_FACTS) : await readBytes(files.facts);
  if (isModule(bytes)) {
    if (engine === "wasm") return moduleDesk(files, bytes, facts);
    throw failure(`--engine reference needs a policy, and ${nameOf(files.policy)} is an evaluator`);
  }
  const checked = await soundPolicy(files, bytes);
  if (checked === null) return null;
  if (engine === "reference") return referenceDesk(files, checked, facts);
  return moduleDesk(files, await assembled(files, checked), facts);
}

async function assembled({ policy }: Files, checked: Checked): Promise<Uint8Array> {
  return (await withProgress(`building ${nameOf(policy)}`, () => evaluatorOf(checked))).wasm;
}

const MODULE_START = [0x00, 0x61, 0x73, 0x6d];

function isModule(bytes: Uint8Array): boolean {
  return MODULE_START.every((byte, at) => bytes[at] === byte);
}

async function soundPolicy({ policy, root = null }: Files, bytes: Uint8Array): Promise<Checked | null> {
  const text = utf8Text(bytes);
  if (text === null) throw failure(`${nameOf(policy)} is neither a policy nor an evaluator`);
  // An evaluator needs no compiler, so it does not wait until one is loaded.
  const { compileText } = await import("./compile-file.ts");
  const { checked, findings } = compileText(policy, root, text);
  await tellFindings(findings);
  return checked;
}

async function moduleDesk(files: Files, wasm: Uint8Array, facts: Uint8Array): Promise<Desk> {
  const loaded = await loadUnsigned(wasm, { facts, obligations: "any" });
  if (!loaded.ok) {
    if (loaded.code.startsWith("facts.")) throw refusedFacts(files, loaded);
    throw failure(`${nameOf(files.policy)} is refused: ${loaded.code}: ${loaded.message}`);
  }
  const { host } = loaded;
  return {
    decide: askWith(host.decide),
    policy: host.manifest.policy.name,
    evaluator: host.evaluator,
    facts: host.facts,
    readsTrust: host.manifest.readsTrust,
    nameRequest: host.request,
  };
}

async function referenceDesk(files: Files, checked: Checked, facts: Uint8Array): Promise<Desk> {
  const { load: loadFacts } = await openEngine("reference", checked);
  const loaded = await loadFacts(facts);
  if ("refusal" in loaded) throw refusedFacts(files, loaded.refusal);
  return {
    decide: loaded.decide,
    policy: checked.policy.name,
    // Whoever computed an answer, the evaluator is what the policy is called by.
    evaluator: digestName(sha256(await assembled(files, checked))),
    facts: digestName(sha256(facts)),
    readsTrust: checked.readsTrust,
    nameRequest: requestNamer(checked.types, checked.actions),
  };
}

function refusedFacts({ facts }: Files, refusal: FactsRefusal): Error {
  const name = facts === null ? "a snapshot without entities" : nameOf(facts);
  const hint = facts === null ? "name one with --facts" : null;
  return failure(`${name} is refused: ${refusalText(refusal)}`, hint);
}
