/**
 * Held steps that outlived their process, or their execution. That has ended, so nothing of them can be
 * released as it is: whoever asks for the same step again, in an execution of the same agent, goes on.
 */
import type { Parent } from "@polity/lineage/entry.ts";
import { chainOf, keyOf } from "../standing.ts";
import type { ExecutionState, PendingState, StepState } from "../state.ts";
import { putDeadline, type Work } from "../work.ts";
import { approvalsFor, endOf, waitingFor } from "./approvals.ts";
import { ask, caused } from "./asking.ts";
import { keep, note } from "./outlive.ts";

/** Before their executions are ended in the log. Answers whether it is over instead. */
export function keepOrphan(work: Work, pending: PendingState): void {
  const { id, expiresAt } = pending.approval;
  work.state.pending.set(id, pending);
  if (work.state.now >= expiresAt) {
    orphanTimedOut(work, pending);
    return;
  }
  keep(work, pending);
  putDeadline(work, { at: expiresAt, of: "pending", who: id });
}

export function orphanTimedOut(work: Work, pending: PendingState): void {
  const { id, action } = pending.approval;
  work.state.pending.delete(id);
  const event = action === "" || action.length > 80 ? "?" : action;
  note(work, pending, { name: "approval.expired", phase: "refused", event });
}

/** The same request, of the same agents, under the same id: null where nothing waits for it. */
export function orphanOf(work: Work, execution: ExecutionState, step: StepState): PendingState | null {
  const digest = step.judged[0]?.answered.request?.digest;
  if (step.verdict !== "hold" || step.pending !== null) return null;
  const subjects = chainOf(work.state, execution).map(({ agent }) => keyOf(agent));
  for (const pending of work.state.pending.values()) {
    const { orphan, approval } = pending;
    if (orphan === null || approval.requestDigest !== digest) continue;
    const isSame =
      orphan.requestId === step.asked.requestId &&
      orphan.subjects.length === subjects.length &&
      orphan.subjects.every((one, at) => keyOf(one) === subjects[at]);
    if (isSame) return pending;
  }
  return null;
}

/**
 * `asked`: enough have answered, and the step is being judged with that. `waits`: it goes on waiting.
 * `over`: somebody has rejected it, or it is too late, and what was asked now is another step.
 */
export function adopt(work: Work, step: StepState, pending: PendingState): "asked" | "waits" | "over" {
  const { state } = work;
  const { approval } = pending;
  if (endOf(approval, state.now) !== null) {
    state.pending.delete(approval.id);
    return "over";
  }
  pending.step = step.number;
  pending.orphan = null;
  pending.approval = { ...approval, execution: step.execution };
  step.pending = approval.id;
  if (pending.leaf !== null) step.causes = [caused(pending.leaf), ...step.causes];
  if (waitingFor(approval, state.now) !== null) return "waits";
  askWithApprovals(work, step, pending);
  return "asked";
}

/** The held step, decided anew with the approvals that were given. */
export function askWithApprovals(
  work: Work,
  step: StepState,
  { approval, leaf, leaves }: PendingState,
): void {
  const approvals = approvalsFor(approval);
  // Who approves what the execution asks approves it for those behind it, whose requests say another agent.
  step.approvals = step.judged.map(({ answered }) =>
    approvals.map((one) => ({ ...one, request: answered.request?.digest ?? one.request })),
  );
  const given = [...leaves.values()].map((one): Parent => ({ leaf: one, relation: "approved", log: null }));
  step.causes = leaf === null ? given : [caused(leaf), ...given];
  step.goal = "answer";
  ask(work, work.state.executions.get(step.execution)!, step, step.asked.fields);
}
