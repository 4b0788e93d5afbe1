/** Verdicts that contain, and whose containment no entry says yet: a process may end between the two. */
import type { ContainmentEntry, DecisionEntry, Party } from "@polity/lineage/entry.ts";
import { CONTAINMENT_NUMBERS } from "@polity/runtime/decision.ts";
import { keyOf } from "./standing.ts";
import type { HoldState } from "./state.ts";

export interface LeftContainment {
  readonly subject: Party;
  readonly state: HoldState["state"];
  readonly execution: string | null;
  /** Of the decision. */
  readonly leaf: string;
  readonly rule: string;
}

/** By `keyOf`, oldest first. */
export type LeftVerdicts = Map<string, readonly LeftContainment[]>;

export function contains({ verdict }: DecisionEntry): boolean {
  return verdict === "quarantine" || verdict === "terminate";
}

export function readVerdict(left: LeftVerdicts, entry: DecisionEntry, leaf: string, subject: Party): void {
  if (!contains(entry)) return;
  const state = entry.verdict === "quarantine" ? "quarantined" : "terminated";
  const [rule = "?"] = entry.members.flatMap(({ rules }) => rules);
  const key = keyOf(subject);
  const { execution } = entry;
  left.set(key, [...(left.get(key) ?? []), { subject, state, execution, leaf, rule }]);
}

/**
 * Says what holds its subject from there on. It names the verdict that it follows from; where something else
 * contained or released the subject since a verdict, that has taken its place, unless it is weaker.
 */
export function readContainment(left: LeftVerdicts, { subject, state, parents }: ContainmentEntry): void {
  const key = keyOf(subject);
  const open = left.get(key);
  if (open === undefined) return;
  const kept = open.filter((one) => {
    if (state === "free" || parents.some(({ leaf }) => leaf === one.leaf)) return false;
    return CONTAINMENT_NUMBERS[one.state] > CONTAINMENT_NUMBERS[state];
  });
  if (kept.length === 0) left.delete(key);
  else left.set(key, kept);
}
