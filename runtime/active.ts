/** An evaluator and facts that fit together, with an instance at work and one in reserve. */
import type { CryptoPort } from "./crypto-port.ts";
import type { HostObligation } from "./host-obligations.ts";
import type { Instance } from "./instance.ts";
import {
  type Evaluator,
  instantiate,
  keepEvaluator,
  type LoadedFacts,
  openEvaluator,
  openFacts,
} from "./load.ts";
import type { LoadRefusal } from "./load-refusal.ts";
import type { Admit, Given } from "./replacement.ts";

export interface Active {
  readonly evaluator: Evaluator;
  readonly facts: LoadedFacts;
  /** What `facts` was made from: a new evaluator lays it out anew. */
  readonly given: Uint8Array | string | undefined;
  live: Instance | null;
  spare: Instance | null;
  filling: Promise<void> | null;
}

/** What a host was opened with, and keeps to. */
export interface HostSettings {
  readonly crypto: CryptoPort;
  readonly sizeBytesMax: number;
  /** What the host discharges; null lets in whatever a policy imposes, for tools that execute nothing. */
  readonly obligations: readonly HostObligation[] | null;
  /** Whether an evaluator may come in: under a signature, or any. */
  readonly admit: Admit;
}

/** What is given in place of `before`, made ready to be asked; `before` is null where nothing was loaded. */
export async function prepare(
  before: Active | null,
  given: Given,
  settings: HostSettings,
): Promise<Active | LoadRefusal> {
  const { crypto } = settings;
  const isKept = given.wasm === undefined && before !== null;
  const evaluator = isKept
    ? keepEvaluator(before.evaluator, given, settings)
    : await openEvaluator(given, settings);
  if ("code" in evaluator) return evaluator;
  const source = given.facts === undefined ? before?.given : given.facts;
  const facts = openFacts(evaluator, source, crypto.sha256);
  return "code" in facts ? facts : makeActive(evaluator, facts, source, settings);
}

export async function makeActive(
  evaluator: Evaluator,
  facts: LoadedFacts,
  given: Active["given"],
  settings: HostSettings,
): Promise<Active | LoadRefusal> {
  const live = await instantiate(evaluator, facts, settings.crypto.sha256);
  if ("code" in live) return live;
  const active: Active = { evaluator, facts, given, live, spare: null, filling: null };
  await fill(active, settings);
  return active;
}

/** Makes instances until one is at work and one in reserve; gives up when none can be made. */
export function fill(active: Active, settings: HostSettings): Promise<void> {
  active.filling ??= makeInstances(active, settings).finally(() => {
    active.filling = null;
  });
  return active.filling;
}

async function makeInstances(active: Active, { crypto }: HostSettings): Promise<void> {
  while (active.live === null || active.spare === null) {
    const fresh = await instantiate(active.evaluator, active.facts, crypto.sha256);
    if ("code" in fresh) return;
    if (active.live === null) active.live = fresh;
    else active.spare = fresh;
  }
}
