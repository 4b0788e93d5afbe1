/**
 * Entries that say who is contained and trusted. What they say holds at once, so where the disk is behind
 * they are written again: a restart would not know of it otherwise. A node that cannot write them stops.
 */
import type { EventOf } from "../event.ts";
import { keyOf } from "../standing.ts";
import type { GovernorState, RestrictingState } from "../state.ts";
import { putDeadline, refusal, type Work } from "../work.ts";
import { stop } from "./stop.ts";

const ATTEMPTS_MAX = 8;
const PAUSE_MS = 100;
const PAUSE_MS_MAX = 5_000;

/** True where it was let go for now: whoever waits for it goes on waiting. */
export function isWrittenAgain(work: Work, { ticket, receipt, problem }: EventOf<"written">): boolean {
  const { state } = work;
  const entry = state.restricting.get(ticket);
  if (entry === undefined) return false;
  // A relaxed log lets go without a word.
  const isBusy = receipt === null && (problem === null || problem.code === "log.busy");
  if (isBusy && entry.attempts < ATTEMPTS_MAX && isCurrent(state, entry)) {
    const pause = Math.min(PAUSE_MS * 2 ** (entry.attempts - 1), PAUSE_MS_MAX);
    entry.attempts += 1;
    putDeadline(work, { at: state.now + pause, of: "entry", who: String(ticket) });
    return true;
  }
  state.restricting.delete(ticket);
  if (isBusy && isCurrent(state, entry)) {
    const message = `who is contained cannot be written: ${ATTEMPTS_MAX} attempts were let go`;
    stop(work, refusal("governor.log_failed", message));
  }
  return false;
}

export function writeAgain({ state, effects }: Work, ticket: number): void {
  const entry = state.restricting.get(ticket);
  if (entry === undefined) return;
  effects.push({ kind: "write", ticket, body: entry.body, links: entry.links });
}

/** Written later than what took its place, it would say the contrary. */
function isCurrent(state: GovernorState, { body, links }: RestrictingState): boolean {
  if (body.kind !== "containment" && body.kind !== "trust") return false;
  const standing = state.standings.get(keyOf(body.subject));
  if (body.kind === "trust") return standing?.trust === body.after;
  return body.state === "free" ? standing?.held == null : standing?.held?.id === links.id;
}
