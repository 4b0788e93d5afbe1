/** Held steps as a log has them: what waited when a process ended, and who had answered. */
import type { DecisionEntry, Entry, Party } from "@polity/lineage/entry.ts";
import { VERDICT_NUMBERS, type Verdict } from "@polity/runtime/decision.ts";
import type { GivenApproval } from "./governor.ts";
import { keyOf } from "./standing.ts";
import { remember } from "./work.ts";

/** A decision about an agent, as it is in the log. */
interface Judgement {
  readonly index: number;
  readonly subject: Party;
  readonly verdict: Verdict;
}

export interface HeldLeft {
  /** The id of the decision that held it first. */
  readonly id: string;
  readonly requestId: string | null;
  /** Whose step it is, and in which execution. */
  execution: string;
  /** Of the decision about the agent itself, then of those behind it, nearest first. */
  readonly judgements: readonly Judgement[];
  /** Of the decision that held it last. */
  leaf: string;
  readonly given: GivenApproval[];
  /** Of the entries of the answers, by who answered. */
  readonly leaves: Map<string, string>;
  /** It outlives its execution, which ended with a process. */
  isKept: boolean;
}

export interface HeldReading {
  /** About those behind, by leaf: the decision that follows from them comes soon. */
  readonly behind: Map<string, Judgement>;
  readonly held: Map<string, HeldLeft>;
  /** Ids by the leaves of all decisions that held them. */
  readonly ids: Map<string, string>;
}

/** What the entry is called that keeps a held step over the end of its execution; its event is the id. */
export const KEPT_ENTRY = "approval.kept";
const BEHIND_MAX = 4_096;

export function newHeldReading(): HeldReading {
  return { behind: new Map(), held: new Map(), ids: new Map() };
}

/** `begun` is the execution of whose agent a decision is. */
export function readHeld(
  reading: HeldReading,
  entry: Entry,
  place: { readonly leaf: string; readonly index: number },
  begun: { readonly id: string; readonly agent: Party } | null,
): void {
  const isKept = entry.kind === "event" && entry.name === KEPT_ENTRY;
  const first = isKept ? entry.event : idOf(reading, entry);
  const held = first === null ? undefined : reading.held.get(first);
  if (entry.kind === "decision") {
    if (begun !== null) readDecision(reading, entry, place, begun, held);
  } else if (entry.kind === "approval") {
    if (held === undefined) return;
    const { approver, decision, givenAt } = entry;
    held.given.push({ approver, decision, givenAt });
    held.leaves.set(keyOf(approver), place.leaf);
  } else if (entry.kind === "event") {
    if (held === undefined) return;
    if (isKept) held.isKept = true;
    else if (entry.name === "approval.expired") forget(reading, held);
  } else if (entry.kind === "execution" && entry.phase === "end") {
    for (const one of reading.held.values())
      if (one.execution === entry.execution && !one.isKept) forget(reading, one);
  }
}

/** Of what held it, which is among the parents of everything about it. */
function idOf({ ids }: HeldReading, { parents }: Entry): string | null {
  if (ids.size === 0) return null;
  for (const { leaf, relation } of parents) {
    const id = relation === "caused" ? ids.get(leaf) : undefined;
    if (id !== undefined) return id;
  }
  return null;
}

function readDecision(
  reading: HeldReading,
  entry: DecisionEntry,
  { leaf, index }: { readonly leaf: string; readonly index: number },
  begun: { readonly id: string; readonly agent: Party },
  held: HeldLeft | undefined,
): void {
  const { execution, parents, verdict, id, requestId } = entry;
  if (execution === null) return;
  const own: Judgement = { index, subject: begun.agent, verdict };
  if (begun.id !== execution) {
    remember(reading.behind, leaf, own, BEHIND_MAX);
    return;
  }
  const judgements = [own, ...parents.flatMap((parent) => reading.behind.get(parent.leaf) ?? [])];
  const numbers = judgements.map((one) => VERDICT_NUMBERS[one.verdict]);
  const isHeld = Math.max(...numbers) === VERDICT_NUMBERS.hold;
  if (!isHeld) {
    // Whatever the answer was: it waits no longer.
    if (held !== undefined) forget(reading, held);
    return;
  }
  reading.ids.set(leaf, held?.id ?? id);
  if (held !== undefined) {
    held.leaf = leaf;
    held.execution = execution;
    held.isKept = false;
    return;
  }
  const fresh = { id, requestId, execution, judgements, leaf, given: [], leaves: new Map(), isKept: false };
  reading.held.set(id, fresh);
}

function forget({ held, ids }: HeldReading, { id }: HeldLeft): void {
  held.delete(id);
  for (const [leaf, of] of ids) if (of === id) ids.delete(leaf);
}
