/** What is known of agents, workloads and zones, and what it comes to for those who act for others. */
import type { Party } from "@polity/lineage/entry.ts";
import { CONTAINMENT_NUMBERS, type Containment } from "@polity/runtime/decision.ts";
import type { ExecutionState, GovernorState, StandingNow, StandingState } from "./state.ts";

export const WORKLOAD = "workload";
export const ZONE = "zone";

/** No id can make one subject's key another one's: the type ends before the first line feed. */
export function keyOf({ type, id }: Party): string {
  return `${type}\n${id}`;
}

export function standingOf(state: GovernorState, subject: Party): StandingState {
  const key = keyOf(subject);
  let standing = state.standings.get(key);
  if (standing === undefined) {
    standing = { subject, held: null, trust: null, executions: new Set() };
    state.standings.set(key, standing);
  }
  return standing;
}

/** What says nothing and is about nobody who is live need not be kept. */
export function dropIdle(state: GovernorState, { subject, held, trust, executions }: StandingState): void {
  if (held === null && trust === null && executions.size === 0) state.standings.delete(keyOf(subject));
}

export function containmentOf(standing: StandingState | undefined): Containment {
  return standing?.held?.state ?? "free";
}

export function stricter(a: Containment, b: Containment): Containment {
  return CONTAINMENT_NUMBERS[b] > CONTAINMENT_NUMBERS[a] ? b : a;
}

/** Workloads and zones that nobody said anything about lower nobody's trust. */
export function trustOf(state: GovernorState, subject: Party, standing: StandingState | undefined): number {
  if (standing?.trust != null) return standing.trust;
  return subject.type === WORKLOAD || subject.type === ZONE ? 1000 : state.settings.trust;
}

/** Whom an execution's standing rests on, those behind it not among them. */
export function subjectsOf({ agent, zone, attested }: ExecutionState): readonly Party[] {
  const subjects: Party[] = [agent];
  if (attested !== null) subjects.push({ type: WORKLOAD, id: attested.image });
  if (zone !== null) subjects.push({ type: ZONE, id: zone });
  return subjects;
}

/** The execution and those that it acts for, nearest first. */
export function chainOf(state: GovernorState, execution: ExecutionState): readonly ExecutionState[] {
  const chain = [execution];
  let { parent } = execution;
  while (parent !== null) {
    const next = state.executions.get(parent);
    if (next === undefined) break;
    chain.push(next);
    ({ parent } = next);
  }
  return chain;
}

/** The strictest containment and the lowest trust of an execution and all behind it. */
export function standingNow(state: GovernorState, chain: readonly ExecutionState[]): StandingNow {
  let containment: Containment = "free";
  let trust = 1000;
  for (const execution of chain) {
    for (const subject of subjectsOf(execution)) {
      const standing = state.standings.get(keyOf(subject));
      containment = stricter(containment, containmentOf(standing));
      trust = Math.min(trust, trustOf(state, subject, standing));
    }
  }
  return { containment, trust };
}
