/** What a step needs on its way, wherever it stands: questions, refusals, answers. */

import type { Parent } from "@polity/lineage/entry.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { GovernorCode } from "../codes.ts";
import type { Answer, Ask } from "../effect.ts";
import { chainOf, standingNow } from "../standing.ts";
import type { Asked, ExecutionState, GovernorState, StepState } from "../state.ts";
import { lookAt, refusal, type Work, write } from "../work.ts";
import { clockBack, containmentProblem } from "./begin.ts";

export function caused(leaf: string): Parent {
  return { leaf, relation: "caused", log: null };
}

/** Why no step of this execution could be released now, whatever it is; null where one could. */
export function stepProblem(
  state: GovernorState,
  execution: ExecutionState | undefined,
): { readonly code: GovernorCode; readonly message: string } | null {
  if (state.stopped !== null) return state.stopped;
  if (execution === undefined) return refusal("execution.ended", "the execution has ended");
  if (execution.phase === "ending") return refusal("execution.ended", "the execution has ended");
  if (execution.phase !== "live") {
    const because = execution.abort?.message ?? "it never began";
    return refusal("execution.aborted", `the execution was stopped: ${because}`);
  }
  if (state.isBack) return clockBack(state);
  const { attested } = execution;
  if (attested !== null && attested.expiresAt <= state.now)
    return refusal("attestation.expired", "the statement about what runs has expired: attest anew");
  return containmentProblem(state, chainOf(state, execution));
}

/** Nothing was judged; that somebody tried is in the log all the same. */
export function deny(
  work: Work,
  call: number | null,
  { execution, asked }: { readonly execution: string; readonly asked: Asked },
  code: GovernorCode,
  message: string,
): void {
  const { state, effects } = work;
  const { action } = asked;
  const known = state.executions.get(execution);
  if (state.stopped === null) {
    const body = {
      kind: "event",
      name: code,
      phase: "refused",
      event: eventName(asked),
      digest: null,
    } as const;
    const parents = known?.leaf == null ? [] : [{ leaf: known.leaf, relation: "caused", log: null } as const];
    if (known !== undefined) known.writing += 1;
    const about = known === undefined ? null : execution;
    write(work, body, { execution: about, parents }, { kind: "noted", execution: about, call: null });
  }
  if (call === null) return;
  const nothing = { step: null, id: null, judged: [], receipt: null, pending: null } as const;
  effects.push({
    kind: "answer",
    call,
    answer: { ...nothing, execution, action, verdict: "deny", code, message },
  });
}

/** An id of an entry has 1 to 256 bytes; actions come from outside. */
function eventName({ action }: Asked): string {
  return action === "" || action.length > 80 || !action.isWellFormed() ? "?" : action;
}

// ---- judging

/** Asks about the execution's own agent and everybody behind it. */
export function ask(work: Work, execution: ExecutionState, step: StepState, fields: unknown): void {
  const { state, effects } = work;
  const chain = chainOf(state, execution);
  if (step.goal === "answer" || step.goal === "release") step.phase = "judging";
  step.changes = state.changes;
  step.ownChanges = execution.changes;
  step.standing = standingNow(state, chain);
  step.subjects = chain.map(({ agent }) => agent);
  const asks = chain.map((one, at): Ask => {
    const standing = at === 0 ? step.standing : standingNow(state, chain.slice(at));
    const header = { ...headerNow(state, standing), approvals: step.approvals[at] ?? [] };
    // What was measured is measured of what runs, whoever is judged for it.
    return { subject: one.agent, zone: execution.zone, attested: execution.attested, header };
  });
  effects.push({ kind: "judge", step: step.number, asked: { ...step.asked, fields }, asks });
}

function headerNow(state: GovernorState, { containment, trust }: StepState["standing"]): Header {
  const { now, window, settings, ordersReadAt } = state;
  // Where there is no source of orders, this node knows all that there are.
  const readAt = settings.hasOrderSource ? ordersReadAt : now;
  return { now, ...window, containment: { state: containment, readAt }, trust, approvals: [] };
}

/** Nothing has changed that the answer could rest on, and it is not too late for it. */
export function isGood(state: GovernorState, execution: ExecutionState, step: StepState): boolean {
  if (step.changes !== state.changes || step.ownChanges !== execution.changes || state.now > step.holdsUntil)
    return false;
  const { containment, trust } = standingNow(state, chainOf(state, execution));
  return containment === step.standing.containment && trust === step.standing.trust;
}

/** While it runs, it is looked at no later than its answer is known to hold. */
export function watch(work: Work, execution: ExecutionState, step: StepState): void {
  if (Number.isFinite(step.holdsUntil)) lookAt(work, execution, step.holdsUntil + 1);
}

// ---- the answer

export function answerOf(step: StepState, state: GovernorState): Answer {
  const { number, id, execution, asked, verdict, code, judged, receipts, pending } = step;
  const waiting = pending === null ? null : (state.pending.get(pending)?.approval ?? null);
  const receipt = receipts[0] ?? null;
  const about = { id, execution, action: asked.action, verdict, code, judged, receipt };
  return { ...about, step: verdict === "allow" ? number : null, pending: waiting, message: null };
}

export function drop(state: GovernorState, step: StepState): void {
  state.steps.delete(step.number);
  state.executions.get(step.execution)?.steps.delete(step.number);
}
