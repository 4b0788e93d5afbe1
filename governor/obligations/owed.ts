/** What is owed after what was allowed, and how a log says so. */
import type { DecisionEntry, Entry, EventEntry } from "@polity/lineage/entry.ts";
import type { EntryBody } from "@polity/lineage/recorder.ts";
import type { Obligation } from "@polity/runtime/decision.ts";
import { digestName, type Sha256, utf8 } from "@polity/runtime/hash.ts";
import { canonicalJson, parseJson } from "@polity/runtime/json.ts";
import { remember } from "../work.ts";

export interface Owed {
  readonly execution: string;
  /** The id of the decision that released what it is owed for, and its leaf where that is known. */
  readonly decision: string;
  readonly leaf: string | null;
  readonly action: string;
  /** What was executed; null where nobody knows it any more. */
  readonly fields: unknown;
  readonly obligation: Obligation;
}

/** No policy can call an obligation so that its events are taken for others. */
const PREFIX = "obligation.";

/** Owed (`released`), done (`ok`), or given up (`failed`); the event is the decision's id. */
export function eventOf(
  { decision, obligation }: Pick<Owed, "decision" | "obligation">,
  phase: "released" | "ok" | "failed",
  sha256: Sha256,
): EntryBody {
  const digest = obligationDigest(obligation, sha256);
  return { kind: "event", name: `${PREFIX}${obligation.name}`, phase, event: decision, digest };
}

export function obligationDigest(
  { name, arguments: given }: Pick<Obligation, "name" | "arguments">,
  sha256: Sha256,
): string {
  return digestName(sha256(utf8(canonicalJson({ arguments: given, name }))));
}

// ---- read back

/** A decision of an execution that imposes something after, or stands for one that does. */
interface Imposing {
  readonly index: number;
  readonly leaf: string;
  readonly action: string;
}

interface Open {
  readonly execution: string;
  readonly decision: string;
  readonly digest: string;
  status: string | null;
  /** Null until its decision is read: relaxed evidence comes in another order. */
  known: { readonly imposing: Imposing; readonly obligation: Obligation } | null;
}

interface OfExecution {
  /** By id; the oldest go first where there are too many. */
  readonly decisions: Map<string, Imposing>;
  /** What they impose, by digest: a decision about somebody behind may impose what the own one releases. */
  readonly imposed: Map<string, Obligation>;
  /** What is open, by the id or the digest that it is not known without. */
  readonly waiting: Map<string, Open[]>;
}

export interface OwedReading {
  readonly executions: Map<string, OfExecution>;
  readonly open: Map<string, Open>;
  readonly byDecision: Map<string, Set<Open>>;
}

/** Steps of one execution that can be under way, and what they impose together. */
const DECISIONS_MAX = 4_096;
const IMPOSED_MAX = 16_384;

export function newOwedReading(): OwedReading {
  return { executions: new Map(), open: new Map(), byDecision: new Map() };
}

/** Entries of one node, one after another, in their order; none takes longer where many are open. */
export function readOwed(
  reading: OwedReading,
  entry: Entry,
  leaf: string,
  index: number,
  sha256: Sha256,
): void {
  const { execution } = entry;
  if (execution === null) return;
  if (entry.kind === "decision") {
    readImposing(reading, entry, execution, { index, leaf, action: entry.action ?? "" }, sha256);
  } else if (entry.kind === "event") {
    readEvent(reading, entry, execution);
  } else if (entry.kind === "outcome") {
    for (const one of reading.byDecision.get(entry.decision) ?? []) one.status = entry.status;
  } else if (entry.kind === "execution" && entry.phase === "end") {
    reading.executions.delete(execution);
  }
}

function readImposing(
  { executions }: OwedReading,
  entry: DecisionEntry,
  execution: string,
  imposing: Imposing,
  sha256: Sha256,
): void {
  const obligations = dueAfter(entry);
  if (obligations.length === 0 && !executions.has(execution)) return;
  const of = ofExecution(executions, execution);
  remember(of.decisions, entry.id, imposing, DECISIONS_MAX);
  const news = [entry.id];
  for (const obligation of obligations) {
    const digest = obligationDigest(obligation, sha256);
    remember(of.imposed, digest, obligation, IMPOSED_MAX);
    news.push(digest);
  }
  for (const key of news) {
    const woken = of.waiting.get(key);
    of.waiting.delete(key);
    for (const one of woken ?? []) find(of, one);
  }
}

function ofExecution(executions: OwedReading["executions"], execution: string): OfExecution {
  const known = executions.get(execution);
  if (known !== undefined) return known;
  const fresh: OfExecution = { decisions: new Map(), imposed: new Map(), waiting: new Map() };
  executions.set(execution, fresh);
  return fresh;
}

function readEvent(reading: OwedReading, entry: EventEntry, execution: string): void {
  const { executions, open, byDecision } = reading;
  const { name, phase, event: decision, digest } = entry;
  if (!name.startsWith(PREFIX) || digest === null) return;
  const key = `${decision} ${digest}`;
  const before = open.get(key);
  const together = byDecision.get(decision) ?? new Set();
  if (before !== undefined) together.delete(before);
  if (phase !== "released") {
    open.delete(key);
    if (together.size === 0) byDecision.delete(decision);
    return;
  }
  const one: Open = { execution, decision, digest, status: null, known: null };
  open.set(key, one);
  byDecision.set(decision, together.add(one));
  find(ofExecution(executions, execution), one);
}

function find({ decisions, imposed, waiting }: OfExecution, one: Open): void {
  const imposing = decisions.get(one.decision);
  const obligation = imposed.get(one.digest);
  if (imposing !== undefined && obligation !== undefined) {
    one.known = { imposing, obligation };
    return;
  }
  const missing = imposing === undefined ? one.decision : one.digest;
  const others = waiting.get(missing) ?? [];
  others.push(one);
  waiting.set(missing, others);
}

function dueAfter({ obligations }: DecisionEntry): readonly Obligation[] {
  return obligations.flatMap(({ name, phase: when, arguments: json }) => {
    const parsed = when === "after" ? parseJson(json) : null;
    return parsed?.ok === true ? [{ name, when, arguments: parsed.value as Obligation["arguments"] }] : [];
  });
}

export interface LeftObligation {
  readonly owed: Omit<Owed, "fields">;
  /** Of the decision, whose request lies beside the log. */
  readonly index: number;
  /** What came of it; null where nobody wrote that any more. */
  readonly status: string | null;
}

/** What was begun, and neither done nor given up. */
export function outstandingOf({ open }: OwedReading): readonly LeftObligation[] {
  return [...open.values()].flatMap(({ execution, decision, status, known }) => {
    if (known === null) return [];
    const { imposing, obligation } = known;
    const { index, leaf, action } = imposing;
    return [{ owed: { execution, decision, leaf, action, obligation }, index, status }];
  });
}
