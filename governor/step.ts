/**
 * The governor without the world: what happens goes in, what is to be done comes out. Deterministic: the same
 * state and the same event make the same answer.
 */
import { unreachable } from "@polity/runtime/unreachable.ts";
import type { Effect } from "./effect.ts";
import type { Event, EventOf } from "./event.ts";
import type { GovernorState } from "./state.ts";
import { attested, withdrawn } from "./steps/attested.ts";
import { authorize } from "./steps/authorize.ts";
import { begin, begun, end } from "./steps/begin.ts";
import { askCanaries, beginCanaries } from "./steps/canary.ts";
import { decisionWritten, ran, unmet } from "./steps/decisions.ts";
import { discharged, enforce } from "./steps/enforce.ts";
import { approve, approved, releaseHeld } from "./steps/held.ts";
import { judged } from "./steps/judged.ts";
import { changed, tick } from "./steps/keep.ts";
import { noted } from "./steps/noted.ts";
import { applied, order, ordered, ordersTold } from "./steps/order.ts";
import { keepOrphan } from "./steps/orphans.ts";
import { judgeOutcome } from "./steps/outcome.ts";
import { outside } from "./steps/outside.ts";
import { refused } from "./steps/refused.ts";
import { isWrittenAgain } from "./steps/restricting.ts";
import { stop } from "./steps/stop.ts";
import { setTimer, type Work } from "./work.ts";

export interface Stepped {
  readonly state: GovernorState;
  readonly effects: readonly Effect[];
}

/** Uses up `state`: who needs it afterwards makes a copy before. */
export function step(state: GovernorState, event: Event): Stepped {
  const work: Work = { state, effects: [] };
  tellTime(state, event.now);
  happen(work, event);
  setTimer(work);
  return work;
}

/** A little back is jitter, and time stands still; more is a clock that nobody can rely on. */
function tellTime(state: GovernorState, now: number): void {
  state.isBack = now < state.now - state.settings.backMsMax;
  if (now <= state.now) return;
  state.now = now;
  state.nowBy = null;
}

function happen(work: Work, event: Event): void {
  switch (event.kind) {
    case "begin":
      begin(work, event);
      return;
    case "authorize":
      authorize(work, event);
      return;
    case "judged":
      judged(work, event);
      return;
    case "enforce":
      enforce(work, event);
      return;
    case "discharged":
      discharged(work, event);
      return;
    case "ran":
      ran(work, event);
      return;
    case "restore":
      for (const pending of event.held) keepOrphan(work, pending);
      return;
    case "unmet":
      unmet(work, event);
      return;
    case "end":
      end(work, event);
      return;
    case "written":
      written(work, event);
      return;
    case "changed":
      changed(work, event);
      return;
    case "tick":
      if (tick(work, event)) askCanaries(work);
      return;
    case "refused":
      refused(work, event);
      return;
    case "order":
      order(work, event);
      return;
    case "orders-read":
    case "orders-failed":
      ordersTold(work, event);
      return;
    case "attested":
    case "withdrawn":
      if (event.kind === "attested") attested(work, event);
      else withdrawn(work, event);
      return;
    case "approve":
      approve(work, event);
      return;
    case "release":
      releaseHeld(work, event);
      return;
    case "contain":
    case "contained":
      outside(work, event);
      return;
    case "canaries":
      beginCanaries(work, event.afterMs);
      return;
    case "stop":
      stop(work, event.refusal);
      return;
    default:
      unreachable(event);
  }
}

function written(work: Work, event: EventOf<"written">): void {
  const { tickets } = work.state;
  const about = tickets.get(event.ticket);
  if (about === undefined || isWrittenAgain(work, event)) return;
  tickets.delete(event.ticket);
  const { problem } = event;
  if (problem?.isLasting) {
    const message = `the log takes nothing more: ${problem.message}`;
    stop(work, { ok: false, code: "governor.log_failed", message });
  }
  switch (about.kind) {
    case "begun":
      begun(work, about.execution, about.call, event);
      return;
    case "decision":
      decisionWritten(work, about.step, about.place, event);
      return;
    case "ended":
      work.effects.push({ kind: "ended", calls: about.calls });
      return;
    case "ordered":
      ordered(work, about, event);
      return;
    case "approved":
      approved(work, about, event);
      return;
    case "applied":
      applied(work, about, event);
      return;
    case "outcome":
      judgeOutcome(work, about.step, event.receipt?.leafHash ?? null);
      return;
    case "held":
    case "noted":
      noted(work, about, event);
      return;
    default:
      unreachable(about);
  }
}
