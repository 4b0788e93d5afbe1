/** A step before anything is known of it. */
import type { Asked, StepState } from "../state.ts";
import type { Work } from "../work.ts";

type Begins = Pick<StepState, "execution" | "id" | "goal" | "call"> & { readonly asked: Asked };

/** Under a number of its own. */
export function newStep({ state }: Work, begins: Begins): StepState {
  const number = state.nextTicket;
  state.nextTicket += 1;
  const step: StepState = {
    execution: begins.execution,
    asked: begins.asked,
    id: begins.id,
    goal: begins.goal,
    call: begins.call,
    number,
    phase: "judging",
    judged: [],
    subjects: [],
    unwritten: 0,
    isLost: false,
    receipts: [],
    verdict: "deny",
    code: "no_rule",
    changes: 0,
    ownChanges: 0,
    holdsUntil: 0,
    standing: { containment: "free", trust: 0 },
    causes: [],
    discharged: [],
    rounds: 0,
    released: null,
    outcome: null,
    pending: null,
    approvals: [],
    held: null,
  };
  state.steps.set(number, step);
  return step;
}
