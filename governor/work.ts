/** What the parts of `step` share: effects that gather, tickets for what comes back, deadlines. */
import type { EntryBody, Links } from "@polity/lineage/recorder.ts";
import type { GovernorCode } from "./codes.ts";
import type { Effect } from "./effect.ts";
import type { Refusal } from "./governor.ts";
import type { Awaited, Deadline, ExecutionState, GovernorState } from "./state.ts";

export interface Work {
  readonly state: GovernorState;
  readonly effects: Effect[];
}

export function refusal(code: GovernorCode, message: string): Refusal {
  return { ok: false, code, message };
}

export function refuse({ effects }: Work, call: number, code: GovernorCode, message: string): void {
  effects.push({ kind: "refuse", call, refusal: refusal(code, message) });
}

export function ticketFor({ state }: Work, awaited: Awaited): number {
  const ticket = state.nextTicket;
  state.nextTicket += 1;
  state.tickets.set(ticket, awaited);
  return ticket;
}

export function write(work: Work, body: EntryBody, links: Links, awaited: Awaited): void {
  const ticket = ticketFor(work, awaited);
  // What holds has to be known after a restart, too: these are written again where there is no room.
  if (body.kind === "containment" || body.kind === "trust")
    work.state.restricting.set(ticket, { body, links, attempts: 1 });
  work.effects.push({ kind: "write", ticket, body, links });
}

/** Another id: the last four digits count on. */
export function nthId(id: string, n: number): string {
  const last = (Number.parseInt(id.slice(-4), 16) + n) % 65_536;
  return n === 0 ? id : id.slice(0, -4) + last.toString(16).padStart(4, "0");
}

/**
 * What was put in first goes first where there are more than `max`, a sixteenth of them at once: to find the
 * first key the engine passes the places of all that were taken out before.
 */
export function remember<K, V>(map: Map<K, V>, key: K, value: V, max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max + (max >> 4)) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    if (map.size <= max) return;
  }
}

// ---- deadlines: a binary heap; what is out of date is seen when it is due

export function putDeadline({ state }: Work, deadline: Deadline): void {
  const heap = state.deadlines;
  heap.push(deadline);
  let at = heap.length - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (heap[above]!.at <= heap[at]!.at) break;
    [heap[above], heap[at]] = [heap[at]!, heap[above]!];
    at = above;
  }
}

/** The soonest one that is due before `now` ends, taken out; null where there is none. */
export function takeDue({ deadlines: heap }: GovernorState, now: number): Deadline | null {
  const first = heap[0];
  if (first === undefined || first.at > now) return null;
  const last = heap.pop()!;
  if (heap.length > 0) {
    heap[0] = last;
    sink(heap);
  }
  return first;
}

function sink(heap: Deadline[]): void {
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    let least = at;
    if (left < heap.length && heap[left]!.at < heap[least]!.at) least = left;
    if (left + 1 < heap.length && heap[left + 1]!.at < heap[least]!.at) least = left + 1;
    if (least === at) return;
    [heap[least], heap[at]] = [heap[at]!, heap[least]!];
    at = least;
  }
}

/** An execution is looked at then, if not before. */
export function lookAt(work: Work, execution: ExecutionState, at: number): void {
  if (at >= execution.deadlineAt) return;
  execution.deadlineAt = at;
  putDeadline(work, { at, of: "execution", who: execution.id });
}

const OUTDATED_MAX = 1_024;

/** After whatever a step did: the timer stands at the soonest deadline. */
export function setTimer({ state, effects }: Work): void {
  const { deadlines, executions, pending } = state;
  if (deadlines.length > OUTDATED_MAX + 2 * (executions.size + pending.size)) dropOutdated(state);
  const soonest = state.deadlines[0]?.at ?? null;
  if (soonest === state.timerAt) return;
  state.timerAt = soonest;
  effects.push({ kind: "timer", at: soonest });
}

function dropOutdated({ deadlines, executions, pending }: GovernorState): void {
  const kept = deadlines.filter(({ at, of, who }) => {
    if (of === "execution") return executions.get(who)?.deadlineAt === at;
    return of !== "pending" || pending.has(who);
  });
  // A list in order is a heap.
  kept.sort((a, b) => a.at - b.at);
  deadlines.length = 0;
  deadlines.push(...kept);
}
