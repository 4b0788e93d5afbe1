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
  /** Of all decisions that held it. */
  readonly heldBy: string[];
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
  /** By the execution that it ends with. */
  readonly ending: Map<string, Set<HeldLeft>>;
  /** Ids by the leaves of all decisions that held them. */
  readonly ids: Map<string, string>;
}

/** What the entry is called that keeps a held step over the end of its execution; its event is the id. */
export const KEPT_ENTRY = "approval.kept";
const BEHIND_MAX = 4_096;

export function newHeldReading(): HeldReading {
  return { behind: new Map(), held: new Map(), ending: new Map(), ids: new Map() };
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
    endsWith(reading, entry.execution ?? "");
  }
}

/** What is kept goes on, and ends with whichever execution asks for it again. */
function endsWith(reading: HeldReading, execution: string): void {
  const ending = reading.ending.get(execution);
  reading.ending.delete(execution);
  for (const one of ending ?? []) if (!one.isKept) forget(reading, one);
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
    moveTo(reading, held, execution);
    held.leaf = leaf;
    held.heldBy.push(leaf);
    held.isKept = false;
    return;
  }
  const fresh: HeldLeft = {
    ...{ id, requestId, execution, judgements, leaf, heldBy: [leaf] },
    ...{ given: [], leaves: new Map(), isKept: false },
  };
  reading.held.set(id, fresh);
  moveTo(reading, fresh, execution);
}

function moveTo({ ending }: HeldReading, one: HeldLeft, execution: string): void {
  ending.get(one.execution)?.delete(one);
  one.execution = execution;
  const together = ending.get(execution) ?? new Set();
  ending.set(execution, together.add(one));
}

function forget({ held, ids, ending }: HeldReading, one: HeldLeft): void {
  held.delete(one.id);
  ending.get(one.execution)?.delete(one);
  for (const leaf of one.heldBy) ids.delete(leaf);
}
