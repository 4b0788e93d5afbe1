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

/** A decision that imposes something after. */
interface Imposing {
  readonly index: number;
  readonly leaf: string;
  readonly action: string;
  readonly obligations: readonly Obligation[];
}

interface Open {
  readonly execution: string;
  readonly decision: string;
  readonly digest: string;
  status: string | null;
  /** Null until its decision is read: relaxed evidence comes in another order. */
  known: { readonly imposing: Imposing; readonly obligation: Obligation } | null;
}

export interface OwedReading {
  /** By execution, then by the decision's id; the oldest goes first where there are too many. */
  readonly imposed: Map<string, Map<string, Imposing>>;
  readonly open: Map<string, Open>;
}

/** Steps of one execution that can be under way. */
const IMPOSED_MAX = 4_096;

export function newOwedReading(): OwedReading {
  return { imposed: new Map(), open: new Map() };
}

/** Entries of one node, one after another, in their order. */
export function readOwed(
  reading: OwedReading,
  entry: Entry,
  leaf: string,
  index: number,
  sha256: Sha256,
): void {
  const { imposed, open } = reading;
  const { execution } = entry;
  if (execution === null) return;
  if (entry.kind === "decision") {
    const obligations = dueAfter(entry);
    if (obligations.length === 0 && !imposed.has(execution)) return;
    const known = imposed.get(execution) ?? new Map<string, Imposing>();
    imposed.set(execution, known);
    remember(known, entry.id, { index, leaf, action: entry.action ?? "", obligations }, IMPOSED_MAX);
    for (const one of open.values()) if (one.execution === execution) find(reading, one, sha256);
  } else if (entry.kind === "event") {
    readEvent(reading, entry, execution, sha256);
  } else if (entry.kind === "outcome") {
    for (const one of open.values()) if (one.decision === entry.decision) one.status = entry.status;
  } else if (entry.kind === "execution" && entry.phase === "end") {
    imposed.delete(execution);
  }
}

function readEvent(reading: OwedReading, entry: EventEntry, execution: string, sha256: Sha256): void {
  const { name, phase, event: decision, digest } = entry;
  if (!name.startsWith(PREFIX) || digest === null) return;
  const key = `${decision} ${digest}`;
  if (phase !== "released") {
    reading.open.delete(key);
    return;
  }
  const one: Open = { execution, decision, digest, status: null, known: null };
  reading.open.set(key, one);
  find(reading, one, sha256);
}

/** A decision about somebody behind may impose what the execution's own releases. */
function find({ imposed }: OwedReading, one: Open, sha256: Sha256): void {
  if (one.known !== null) return;
  const decisions = imposed.get(one.execution);
  const own = decisions?.get(one.decision);
  if (decisions === undefined || own === undefined) return;
  for (const { obligations } of decisions.values()) {
    const obligation = obligations.find((each) => obligationDigest(each, sha256) === one.digest);
    if (obligation === undefined) continue;
    one.known = { imposing: own, obligation };
    return;
  }
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
