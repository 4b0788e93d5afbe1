/** What waits for approval outlives its execution, and its process: the log says so before the end. */
import { KEPT_ENTRY } from "../held-reading.ts";
import { chainOf } from "../standing.ts";
import type { ExecutionState, PendingState } from "../state.ts";
import { type Work, write } from "../work.ts";

/** Nothing of the execution is on its way any more, and its end comes next. */
export function outlive(work: Work, execution: ExecutionState): void {
  const { state } = work;
  const subjects = chainOf(state, execution).map(({ agent }) => agent);
  for (const number of execution.steps) {
    const step = state.steps.get(number);
    const pending = state.pending.get(step?.pending ?? "");
    if (step === undefined || pending === undefined) continue;
    // A node that has stopped has said so of everything.
    if (state.stopped === null) keep(work, pending);
    pending.orphan = { subjects, requestId: step.asked.requestId };
    pending.step = null;
    step.pending = null;
  }
}

/** The end of its execution, which follows, is not the end of it. */
export function keep(work: Work, pending: PendingState): void {
  note(work, pending, { name: KEPT_ENTRY, phase: "ok", event: pending.approval.id });
}

/** About what waits, or did. */
export function note(
  work: Work,
  { approval, leaf }: PendingState,
  event: { readonly name: string; readonly phase: "ok" | "refused"; readonly event: string },
): void {
  const parents = leaf === null ? [] : [{ leaf, relation: "caused", log: null } as const];
  const body = { kind: "event", ...event, digest: null } as const;
  write(
    work,
    body,
    { execution: approval.execution, parents },
    { kind: "noted", execution: null, call: null },
  );
}
