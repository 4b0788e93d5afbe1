/** Steps that wait for somebody's approval: nothing is released by it but by a new decision. */
import type { EventOf } from "../event.ts";
import { keyOf } from "../standing.ts";
import type { GovernorState, PendingState, StepState } from "../state.ts";
import { putDeadline, refusal, type Work, write } from "../work.ts";
import { answerPending, approvalBody, endOf, pendingOf, waitingFor } from "./approvals.ts";
import { caused, deny, drop, stepProblem } from "./asking.ts";
import { askWithApprovals, orphanTimedOut } from "./orphans.ts";

/** A held step waits where somebody could release it; one that is held again goes on waiting. */
export function wait(work: Work, step: StepState): void {
  const { state } = work;
  const request = step.judged[0]?.answered.request ?? null;
  if (step.pending !== null || step.held === null || request === null) return;
  const { id, execution, asked } = step;
  const { rules, named, askedAt } = step.held;
  const approval = pendingOf({ id, execution, action: asked.action, request, rules, askedAt });
  const leaf = step.receipts[0]?.leafHash ?? null;
  const known = {
    ...{ approval, step: step.number, named: [...named, ...step.subjects], leaf },
    ...{ leaves: new Map(), orphan: null },
  };
  state.pending.set(id, known);
  step.pending = id;
  putDeadline(work, { at: approval.expiresAt, of: "pending", who: id });
}

/** Whatever the answer is: it waits no longer. */
export function settled(state: GovernorState, step: StepState): void {
  if (step.pending === null) return;
  state.pending.delete(step.pending);
  step.pending = null;
}

export function approve(work: Work, { call, approval, now }: EventOf<"approve">): void {
  const { state, effects } = work;
  const pending = state.pending.get(approval.pending);
  const answer = pending && answerPending(pending.approval, approval, pending.named, now);
  if (state.stopped !== null || pending === undefined || !answer?.ok) {
    const applied = state.stopped ?? answer ?? unknown(approval.pending);
    effects.push({ kind: "applied", call, applied: applied.ok ? unknown(approval.pending) : applied });
    return;
  }
  pending.approval = answer.pending;
  const approver = keyOf(approval.approver);
  const about = { kind: "approved", pending: approval.pending, approver, call } as const;
  const parents = pending.leaf === null ? [] : [caused(pending.leaf)];
  write(work, approvalBody(approval), { execution: pending.approval.execution, parents }, about);
}

function unknown(id: string) {
  return refusal("approval.unknown", `nothing waits for approval under \`${id}\``);
}

/** An answer counts once it is in the log. */
export function approved(
  work: Work,
  { pending: id, approver, call }: { pending: string; approver: string; call: number },
  { receipt, problem }: EventOf<"written">,
): void {
  const { state, effects } = work;
  const pending = state.pending.get(id);
  if (problem !== null && state.settings.mode === "strict") {
    if (pending !== undefined) {
      const given = pending.approval.given.filter((one) => keyOf(one.approver) !== approver);
      pending.approval = { ...pending.approval, given };
    }
    const applied = refusal("governor.log_failed", `it is not in the log: ${problem.message}`);
    effects.push({ kind: "applied", call, applied });
    return;
  }
  if (receipt !== null) pending?.leaves.set(approver, receipt.leafHash);
  effects.push({ kind: "applied", call, applied: { ok: true, entry: receipt?.leafHash ?? null } });
}

/** The held step, decided anew with the approvals that were given. */
export function releaseHeld(work: Work, { call, pending: id, now }: EventOf<"release">): void {
  const { state } = work;
  const pending = state.pending.get(id);
  const step = stepOf(state, pending);
  const execution = step && state.executions.get(step.execution);
  if (pending === undefined || step === undefined || execution === undefined) {
    const { code, message } = pending === undefined ? unknown(id) : ENDED;
    const action = pending?.approval.action ?? "?";
    const asked = { action, fields: null, entities: undefined, requestId: null, retries: null };
    deny(work, call, { execution: "", asked }, code, message);
    return;
  }
  const { approval, leaves } = pending;
  const isWritten = leaves.size === approval.given.length || state.settings.mode === "relaxed";
  const isIdle = step.phase === "answered" && step.unwritten === 0 && isWritten;
  const inUse = refusal("step.in_use", "it is being judged, or answers are on their way: ask again");
  const problem = stepProblem(state, execution) ?? (isIdle ? waitingFor(approval, now) : inUse);
  if (problem !== null) {
    if (isIdle && endOf(approval, now) !== null) giveUp(state, step);
    deny(work, call, step, problem.code, problem.message);
    return;
  }
  step.call = call;
  askWithApprovals(work, step, pending);
}

/** It outlived its process. */
const ENDED = {
  code: "execution.ended",
  message: "its execution ended with a process: ask for the same step again in another one of this agent",
} as const;

function stepOf({ steps }: GovernorState, pending: PendingState | undefined): StepState | undefined {
  return pending?.step == null ? undefined : steps.get(pending.step);
}

/** Nobody answered in time. */
export function timedOut(work: Work, id: string): void {
  const { state } = work;
  const pending = state.pending.get(id);
  if (pending !== undefined && pending.orphan !== null) orphanTimedOut(work, pending);
  const step = stepOf(state, pending);
  if (step === undefined) return;
  // One that is being judged at this moment is decided by the evaluator, which knows the time too.
  if (step.phase !== "answered" || step.verdict !== "hold") return;
  giveUp(state, step);
  deny(work, null, step, "approval.expired", `nobody approved ${id} in time`);
}

function giveUp(state: GovernorState, step: StepState): void {
  settled(state, step);
  if (step.unwritten === 0) drop(state, step);
}
