/** The host: one evaluator with its facts, asked one request at a time, and replaced whole or not at all. */
import { withPaths } from "./execute.ts";
import { sha256 as nobleSha256, type Sha256 } from "./hash.ts";
import type { Header } from "./header.ts";
import { ask, type Instance } from "./instance.ts";
import {
  type Evaluator,
  instantiate,
  type LoadedFacts,
  type LoadRefusal,
  MODULE_BYTES_MAX,
  openEvaluator,
  openFacts,
  refuseThrown,
} from "./load.ts";
import type { Manifest } from "./manifest.ts";
import { canonicalRequest, type RequestResult } from "./request.ts";
import { type Decision, denied } from "./result.ts";

export interface LoadOptions {
  /** `{"entities":[…]}`, as the bytes or the text of its file; left out: a policy without facts. */
  readonly facts?: Uint8Array | string;
  /** The evaluator's name, `sha256:` and 64 hex digits: another one is refused. */
  readonly expect?: string;
  /** SHA-256 of bytes, where the platform has a faster one. */
  readonly sha256?: Sha256;
  /** Of the evaluator; 64 MiB where it is left out. */
  readonly sizeBytesMax?: number;
}

export interface Replacement {
  /** Left out: the evaluator stays. */
  readonly wasm?: Uint8Array;
  /** Left out: the facts stay. */
  readonly facts?: Uint8Array | string;
  readonly expect?: string;
}

export type LoadResult = { readonly ok: true; readonly host: Host } | LoadRefusal;

export interface Host {
  /**
   * Never throws; whatever goes wrong is a deny with a code. Permitted is `verdict === "allow"` and nothing
   * else.
   */
  readonly decide: (action: string, fields: unknown, header: Header) => Decision;
  /** The canonical JSON of a request and its digest, which approvals bind. */
  readonly request: (action: string, fields: unknown) => RequestResult;
  /**
   * What to execute after `decision` allowed it: a copy of the very fields that were judged, unchanged since,
   * with every path in the form that rules saw. Null where the decision does not allow or has other paths.
   */
  readonly fieldsToExecute: (
    action: string,
    fields: unknown,
    decision: Decision,
  ) => Readonly<Record<string, unknown>> | null;
  /**
   * Prepares another evaluator, other facts or both beside the present ones, then swaps at once. Refused:
   * nothing has changed. Several replacements take their turns.
   */
  readonly replace: (replacement: Replacement) => Promise<{ readonly ok: true } | LoadRefusal>;
  /** Until an instance and its spare are there, or cannot be made. */
  readonly ready: () => Promise<void>;
  readonly manifest: Manifest;
  /** `sha256:` and 64 hex digits. */
  readonly evaluator: string;
  readonly facts: string;
}

/** An evaluator and facts that fit together, with an instance at work and one in reserve. */
interface Active {
  readonly evaluator: Evaluator;
  readonly facts: LoadedFacts;
  /** What `facts` was made from: a new evaluator lays it out anew. */
  readonly given: Uint8Array | string | undefined;
  live: Instance | null;
  spare: Instance | null;
  filling: Promise<void> | null;
}

/**
 * Loads an evaluator and its facts. The first failed check is the answer. Never throws. A host keeps two
 * instances, so facts lie twice in memory.
 */
export async function load(wasm: Uint8Array, options: LoadOptions = {}): Promise<LoadResult> {
  // From JavaScript anything may arrive; and nobody may change the bytes while we wait.
  const { facts, expect, sha256 = nobleSha256, sizeBytesMax = MODULE_BYTES_MAX } = options ?? {};
  const given = copyOf(facts);
  try {
    const evaluator = await openEvaluator(bytesOf(wasm), sha256, sizeBytesMax, expect);
    if ("code" in evaluator) return evaluator;
    const active = await activate(evaluator, given, sha256);
    return "code" in active ? active : { ok: true, host: makeHost(active, sha256, sizeBytesMax) };
  } catch (error) {
    return refuseThrown(error);
  }
}

/** Bytes of our own; what is no Uint8Array becomes none, and is then no WebAssembly. */
function bytesOf(wasm: unknown): Uint8Array<ArrayBuffer> {
  if (wasm instanceof ArrayBuffer) return new Uint8Array(wasm.slice(0));
  return wasm instanceof Uint8Array ? new Uint8Array(wasm) : new Uint8Array(0);
}

/** A copy of its own even of a Node Buffer, whose `slice` shares its bytes. */
function copyOf(facts: Uint8Array | string | undefined): Uint8Array | string | undefined {
  return facts instanceof Uint8Array ? new Uint8Array(facts) : facts;
}

async function activate(
  evaluator: Evaluator,
  given: Uint8Array | string | undefined,
  sha256: Sha256,
): Promise<Active | LoadRefusal> {
  const facts = openFacts(evaluator, given, sha256);
  if ("code" in facts) return facts;
  const live = await instantiate(evaluator, facts, sha256);
  if ("code" in live) return live;
  const active: Active = { evaluator, facts, given, live, spare: null, filling: null };
  await fill(active, sha256);
  return active;
}

/** Makes instances until one is at work and one in reserve; gives up when none can be made. */
function fill(active: Active, sha256: Sha256): Promise<void> {
  active.filling ??= makeInstances(active, sha256).finally(() => {
    active.filling = null;
  });
  return active.filling;
}

async function makeInstances(active: Active, sha256: Sha256): Promise<void> {
  while (active.live === null || active.spare === null) {
    const fresh = await instantiate(active.evaluator, active.facts, sha256);
    if ("code" in fresh) return;
    if (active.live === null) active.live = fresh;
    else active.spare = fresh;
  }
}

function makeHost(first: Active, sha256: Sha256, sizeBytesMax: number): Host {
  let active = first;
  let isBusy = false;
  let lastReplacement: Promise<unknown> = Promise.resolve();

  function decide(action: string, fields: unknown, header: Header): Decision {
    const { live } = active;
    // A getter in a request could ask again while its own request is being written.
    if (live === null || isBusy) return denied("host.not_ready");
    isBusy = true;
    let decision: Decision | null = null;
    try {
      decision = ask(live, action, fields, header);
    } catch {
      // Whatever it was, the instance may be in the middle of something.
    }
    isBusy = false;
    return decision ?? dropInstance(active);
  }

  function dropInstance(broken: Active): Decision {
    broken.live = broken.spare;
    broken.spare = null;
    fill(broken, sha256);
    return denied("host.trap");
  }

  async function prepare({ wasm, facts, expect }: Replacement): Promise<Active | LoadRefusal> {
    const before = active;
    const evaluator =
      wasm === undefined
        ? before.evaluator
        : await openEvaluator(bytesOf(wasm), sha256, sizeBytesMax, expect);
    if ("code" in evaluator) return evaluator;
    return activate(evaluator, facts === undefined ? before.given : facts, sha256);
  }

  async function replaceNow(replacement: Replacement): Promise<{ readonly ok: true } | LoadRefusal> {
    const next = await prepare(replacement);
    if ("code" in next) return next;
    active = next;
    return { ok: true };
  }

  function replace(replacement: Replacement): Promise<{ readonly ok: true } | LoadRefusal> {
    const { wasm, facts, ...rest } = replacement ?? {};
    const copy = {
      ...rest,
      ...(wasm === undefined ? {} : { wasm: bytesOf(wasm) }),
      ...(facts === undefined ? {} : { facts: copyOf(facts)! }),
    };
    const result = lastReplacement.then(() => replaceNow(copy)).catch(refuseThrown);
    lastReplacement = result;
    return result;
  }

  const methods = {
    decide,
    request(action: string, fields: unknown): RequestResult {
      const plan = active.evaluator.program.actions.get(action);
      if (plan === undefined) return { ok: false, code: "input.unknown_action", path: "" };
      return canonicalRequest(plan, fields, sha256);
    },
    fieldsToExecute(action: string, fields: unknown, decision: Decision) {
      const plan = active.evaluator.program.actions.get(action);
      const isPermitted = plan !== undefined && decision.verdict === "allow";
      return isPermitted ? withPaths(plan, fields, decision.paths) : null;
    },
    replace,
    ready: () => fill(active, sha256),
  };
  // Getters written into the object itself would make the engine keep it as a dictionary, in which each call
  // of `decide` is looked up.
  const getters = {
    manifest: { enumerable: true, get: () => active.evaluator.manifest },
    evaluator: { enumerable: true, get: () => active.evaluator.name },
    facts: { enumerable: true, get: () => active.facts.name },
  };
  return Object.freeze(Object.defineProperties(methods, getters)) as Host;
}
