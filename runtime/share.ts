/**
 * One evaluator for many threads: compiled once, its facts laid out once. What `shareHost` answers is sent to
 * a thread by `postMessage`, and `openShared` makes a host of it there, which decides without asking anybody.
 */
import { type HostSettings, makeActive } from "./active.ts";
import { portableCrypto } from "./crypto-port.ts";
import type { Sha256 } from "./hash.ts";
import { type Host, insideOf, type LoadResult, makeHost, type OpenHost } from "./host.ts";
import type { Evaluator, LoadedFacts } from "./load.ts";
import { type LoadRefusal, refuse, refuseThrown } from "./load-refusal.ts";
import { decodeManifest } from "./manifest-codec.ts";
import { makeProgram } from "./program.ts";
import type { SignedValidity } from "./replacement.ts";
import { MODULE_BYTES_MAX } from "./signed.ts";
import type { EvaluatorStatement } from "./statement.ts";

/**
 * An evaluator and its facts as a host has loaded them, which has checked whatever there is to check. A
 * module is no data: it comes from a thread of the same program or from nowhere. So this is as trustworthy
 * as the thread that sent it, and no file or network can bring one.
 */
export interface SharedEvaluator {
  readonly module: WebAssembly.Module;
  /** `sha256:` and 64 hex digits. */
  readonly evaluator: string;
  readonly statement: EvaluatorStatement | null;
  readonly validity?: SignedValidity;
  /** `sha256:` and 64 hex digits. */
  readonly facts: string;
  readonly tag: Uint8Array;
  /** Memory that threads share, where the platform has such; each instance copies it, and judges its copy. */
  readonly block: Uint8Array;
}

/** What a host has loaded now, to be sent to threads; null while it has nothing. */
export function shareHost(host: OpenHost): SharedEvaluator | null {
  const active = insideOf(host);
  if (active === null) return null;
  const { evaluator, facts } = active;
  return {
    module: evaluator.module,
    evaluator: evaluator.name,
    statement: evaluator.statement,
    ...(evaluator.validity && { validity: evaluator.validity }),
    facts: facts.name,
    tag: facts.tag,
    block: sharedCopy(facts.block),
  };
}

/** Pages that are not isolated from other origins have no memory to share: there, each message is a copy. */
function sharedCopy(block: Uint8Array): Uint8Array {
  const hasShared = typeof SharedArrayBuffer === "function";
  const copy = new Uint8Array(
    hasShared ? new SharedArrayBuffer(block.length) : new ArrayBuffer(block.length),
  );
  copy.set(block);
  return copy;
}

export interface SharedOptions {
  /** SHA-256 of bytes, where the platform has a faster one. */
  readonly sha256?: Sha256;
  /** As of `load`. */
  readonly spare?: boolean;
}

/** A host of what another thread has loaded. It takes other facts, but no other evaluator. Never rejects. */
export async function openShared(shared: SharedEvaluator, options: SharedOptions = {}): Promise<LoadResult> {
  try {
    const { sha256, spare } = options ?? {};
    const settings: HostSettings = {
      crypto: { ...portableCrypto, ...(sha256 && { sha256 }) },
      sizeBytesMax: MODULE_BYTES_MAX,
      obligations: null,
      spare: spare ?? null,
      // Functions do not reach other threads.
      writers: [],
      admit: () => ({ ok: false, code: "trust.invalid", message: "this host was opened without a trust" }),
    };
    const evaluator = evaluatorOf(shared);
    if ("code" in evaluator) return evaluator;
    const facts: LoadedFacts = { block: shared.block, tag: shared.tag, name: shared.facts };
    const active = await makeActive(evaluator, facts, undefined, settings);
    return "code" in active ? active : { ok: true, host: makeHost(active, settings) as Host };
  } catch (error) {
    return refuseThrown(error);
  }
}

/** The manifest is the one in the module: they cannot be of two minds. */
function evaluatorOf(shared: SharedEvaluator): Evaluator | LoadRefusal {
  const { module, evaluator, statement, validity } = shared;
  if (WebAssembly.Module.imports(module).length > 0) return refuse("load.imports", "there may be none");
  const [section] = WebAssembly.Module.customSections(module, "polity");
  if (section === undefined) return refuse("load.manifest", "no section `polity`");
  const decoded = decodeManifest(new TextDecoder("utf-8", { fatal: true }).decode(section));
  if (!decoded.ok) return refuse("load.manifest", decoded.message);
  const { manifest } = decoded;
  return {
    module,
    program: makeProgram(manifest),
    manifest,
    name: evaluator,
    statement,
    ...(validity && { validity }),
  };
}
