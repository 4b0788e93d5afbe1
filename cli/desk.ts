/** Everything that `pol decide` needs to answer: an engine with its facts, and the names of both. */
import type { Checked } from "@polity/compiler/checked.ts";
import type { AnyHost } from "@polity/lineage/judging.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { loadUnsigned, openUnsigned } from "@polity/runtime/authoring.ts";
import { isFactsFile } from "@polity/runtime/facts-file.ts";
import { NO_FACTS } from "@polity/runtime/facts-none.ts";
import { digestName, utf8 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { LoadRefusal } from "@polity/runtime/load-refusal.ts";
import type { Builder } from "./builder.ts";
import { builtFile, isLines, lineRefusalText } from "./built-facts.ts";
import type { BundleDeskFiles } from "./bundle-desk.ts";
import type { Judgement } from "./decision.ts";
import { artefactsOfDesk, type DeskArtefacts } from "./desk-artefacts.ts";
import { askWith, type EngineName, type EngineRequest, referenceEngine, refusedFacts } from "./engines.ts";
import { failure } from "./failure.ts";
import { isModule, soundPolicy } from "./policy-source.ts";
import { withProgress } from "./progress.ts";
import { nameOf, readBytes } from "./read-file.ts";
import { type RequestNamer, requestNamer } from "./request-digest.ts";

export interface Desk extends DeskArtefacts {
  readonly decide: (request: EngineRequest) => Judgement;
  /** The policy's name; empty of a set. */
  readonly policy: string;
  /** `sha256:` and 64 hex digits, as are those of requests; of a set the digest of who its members are. */
  readonly evaluator: string;
  /** Of a set that somebody signed; left out: nobody has. */
  readonly epoch?: number;
  /** Nobody says any more that this epoch is the latest, and the host goes on; left out: somebody does. */
  readonly continued?: Continued;
  /** What is really asked, where this is less than somebody says: left out, it is the same. */
  readonly headerOf?: (header: Header) => Header;
  /** Of a set, by name. */
  readonly members?: readonly DeskMember[];
  readonly facts: string;
  readonly readsTrust: boolean;
  readonly nameRequest: RequestNamer;
  /** What answers, for a governor; left out where the reference does. */
  readonly host?: AnyHost;
}

export interface Continued {
  /** Why the note does not count by itself: `freshness.expired`. */
  readonly code: string;
  /** Of the note's file: `sha256:` and 64 hex digits. */
  readonly note: string;
  readonly endedMs: number;
  /** The host denies from then on. */
  readonly untilMs: number;
}

export interface DeskMember {
  readonly name: string;
  readonly policy: string;
  readonly kind: "policy" | "guard";
  readonly evaluator: string;
  readonly shadow: boolean;
  /** As it was signed; left out: nobody has. */
  readonly validity?: { readonly fromMs: number; readonly untilMs: number } | null;
}

/** The files by the names that messages give them; `facts` is null where none is named. */
interface Files {
  readonly policy: string;
  /** The project's folder; none: that of the policy. */
  readonly root?: string | null;
  readonly facts: string | null;
}

/** As `openDesk`, for the members that a set's file lists. */
export async function openDeskOfSet(
  { set, root = null, facts }: Omit<Files, "policy"> & { readonly set: string },
  engine: EngineName,
  builder: Builder,
): Promise<Desk | null> {
  if (facts !== null && isLines(facts)) throw failure("--set takes facts as JSON, not as JSON Lines");
  const bytes = facts === null ? utf8(NO_FACTS) : await readBytes(facts);
  // One evaluator needs nothing of what sets need.
  const { openSetDesk } = await import("./set-desk.ts");
  return openSetDesk({ set, root, factsPath: facts, facts: bytes }, engine, builder);
}

/** Fails where a file cannot be used, or the bundle is refused. */
export async function openDeskOfBundle(files: BundleDeskFiles): Promise<Desk> {
  const { openBundleDesk } = await import("./bundle-desk.ts");
  return openBundleDesk(files);
}

/** Null where the policy has errors, which are told; fails where a file cannot be used. */
export async function openDesk(files: Files, engine: EngineName, builder: Builder): Promise<Desk | null> {
  const bytes = await readBytes(files.policy);
  if (files.facts !== null && isLines(files.facts))
    return openWithLines(files, files.facts, engine, bytes, builder);
  const facts = files.facts === null ? utf8(NO_FACTS) : await readBytes(files.facts);
  if (isModule(bytes)) {
    if (engine === "wasm") return moduleDesk(files, bytes, facts, facts);
    throw failure(`--engine reference needs a policy, and ${nameOf(files.policy)} is an evaluator`);
  }
  const checked = await soundPolicy(files.policy, files.root ?? null, bytes);
  if (checked === null) return null;
  if (engine === "reference" && isFactsFile(facts)) throw onlyJson(files.facts ?? "");
  const wasm = await assembled(files, checked, builder);
  if (engine === "wasm") return moduleDesk(files, wasm, facts, facts);
  return referenceDesk(files, checked, facts, wasm);
}

function onlyJson(facts: string): Error {
  return failure(`--engine reference takes facts as one JSON text, which ${nameOf(facts)} is not`);
}

/** A million entities as one text would fill the memory: they are built on the way in. */
async function openWithLines(
  files: Files,
  lines: string,
  engine: EngineName,
  bytes: Uint8Array,
  builder: Builder,
): Promise<Desk | null> {
  if (engine === "reference") throw onlyJson(lines);
  const checked = isModule(bytes) ? null : await soundPolicy(files.policy, files.root ?? null, bytes);
  if (checked === null && !isModule(bytes)) return null;
  const wasm = checked === null ? bytes : await assembled(files, checked, builder);
  const evaluator = await openUnsigned(wasm);
  if ("code" in evaluator) throw refusedEvaluator(files, evaluator);
  const built = await builtFile(evaluator.manifest, lines);
  if ("refusal" in built) throw failure(`${nameOf(lines)} is refused: ${lineRefusalText(built.refusal)}`);
  return moduleDesk(files, wasm, built, null);
}

async function assembled({ policy }: Files, checked: Checked, builder: Builder): Promise<Uint8Array> {
  return (await withProgress(`building ${nameOf(policy)}`, () => builder.build(checked))).wasm;
}

/** Facts that may take more than a second. */
const LONG_BYTES = 1 << 22;

/** `given`: the bytes of the facts' own file; null where they are too many. */
async function moduleDesk(
  files: Files,
  wasm: Uint8Array,
  facts: Uint8Array,
  given: Uint8Array | null,
): Promise<Desk> {
  const { sha256 } = nodeCrypto;
  const loading = () => loadUnsigned(wasm, { facts, obligations: "any", sha256, spare: false });
  const isLong = facts.length > LONG_BYTES;
  const loaded = await (isLong ? withProgress(`loading ${nameOf(files.facts ?? "")}`, loading) : loading());
  if (!loaded.ok) {
    if (loaded.code.startsWith("facts.")) throw refusedFacts(files.facts, loaded);
    throw refusedEvaluator(files, loaded);
  }
  const { host } = loaded;
  return {
    decide: askWith(host.decide),
    policy: host.manifest.policy.name,
    evaluator: host.evaluator,
    facts: host.facts,
    ...artefactsOfDesk([wasm], files.facts, given, host.facts),
    readsTrust: host.manifest.readsTrust,
    nameRequest: host.request,
    host,
  };
}

function refusedEvaluator({ policy }: Files, { code, message }: LoadRefusal): Error {
  return failure(`${nameOf(policy)} is refused: ${code}: ${message}`);
}

async function referenceDesk(
  files: Files,
  checked: Checked,
  facts: Uint8Array,
  wasm: Uint8Array,
): Promise<Desk> {
  const { load: loadFacts } = referenceEngine(checked);
  const loaded = await loadFacts(facts);
  if ("refusal" in loaded) throw refusedFacts(files.facts, loaded.refusal);
  const name = digestName(nodeCrypto.sha256(facts));
  return {
    decide: loaded.decide,
    policy: checked.policy.name,
    // Whoever computed an answer, the evaluator is what the policy is called by.
    evaluator: digestName(nodeCrypto.sha256(wasm)),
    facts: name,
    ...artefactsOfDesk([wasm], files.facts, facts, name),
    readsTrust: checked.readsTrust,
    nameRequest: requestNamer(checked.types, checked.actions),
  };
}
