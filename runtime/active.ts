/** An evaluator and facts that fit together, with an instance at work and one in reserve. */
import type { CryptoPort } from "./crypto-port.ts";
import type { GeneratedWriter } from "./generated-writers.ts";
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
import type { Admit, FactsSource, Given } from "./replacement.ts";

export interface Active {
  readonly evaluator: Evaluator;
  readonly facts: LoadedFacts;
  /** What `facts` was made from: a new evaluator lays it out anew. */
  readonly given: FactsSource | undefined;
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
  /** Whether a second instance is kept ready; null: where the facts take little room. */
  readonly spare: boolean | null;
  readonly writers: readonly GeneratedWriter[];
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
  const facts = await openFacts(evaluator, source, crypto.sha256);
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

/**
 * Facts this large lie in memory twice: once in the instance at work, once as they came. A second instance
 * would be a third copy, to save some 0.1 s for each million entities after a trap, which never should be.
 */
const SPARE_FACTS_BYTES_MAX = 16 * 1024 * 1024;

function keepsSpare({ facts }: Active, { spare }: HostSettings): boolean {
  return spare ?? facts.block.length <= SPARE_FACTS_BYTES_MAX;
}

/** Makes instances until one is at work and, if wanted, one in reserve; gives up when none can be made. */
export function fill(active: Active, settings: HostSettings): Promise<void> {
  active.filling ??= makeInstances(active, settings).finally(() => {
    active.filling = null;
  });
  return active.filling;
}

async function makeInstances(active: Active, settings: HostSettings): Promise<void> {
  while (active.live === null || (active.spare === null && keepsSpare(active, settings))) {
    const fresh = await instantiate(active.evaluator, active.facts, settings.crypto.sha256);
    if ("code" in fresh) return;
    if (active.live === null) active.live = fresh;
    else active.spare = fresh;
  }
}
