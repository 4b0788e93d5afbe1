/** An outcome is judged itself, where the policy declares the action `step_ended` (std/governor). */
import type { Argument } from "@polity/runtime/decision.ts";
import { standingOf, trustOf } from "../standing.ts";
import type { Asked, ExecutionState, StepState } from "../state.ts";
import { type Work, write } from "../work.ts";
import { ask, caused, drop } from "./asking.ts";
import { finish } from "./begin.ts";
import { standingChanged } from "./keep.ts";

export const STEP_ENDED = "step_ended";

/** The outcome's entry is there, or will not be. */
export function judgeOutcome(work: Work, number: number, leaf: string | null): void {
  const { state } = work;
  const step = state.steps.get(number);
  const execution = step && state.executions.get(step.execution);
  if (step === undefined || execution === undefined) return;
  const { asked, outcome } = step;
  const fields = { step: asked.action, status: outcome!.status };
  const own: Asked = {
    ...{ action: STEP_ENDED, fields, entities: undefined, requestId: null, retries: null, isOwn: true },
  };
  step.asked = own;
  step.goal = "outcome";
  step.phase = "judging outcome";
  step.causes = leaf === null ? [] : [caused(leaf)];
  ask(work, execution, step, fields);
}

/** What it says of trust. What changes nothing is no entry. */
export function outcomeJudged(work: Work, execution: ExecutionState, step: StepState): "write" | "done" {
  const isContaining = step.verdict === "quarantine" || step.verdict === "terminate";
  const isPlain = !isContaining && step.judged.every(({ decision }) => changeOf(decision) === 0);
  if (!isPlain) return "write";
  drop(work.state, step);
  finish(work, execution);
  return "done";
}

/** The decision about the outcome is in the log: trust follows. */
export function changeTrust(work: Work, step: StepState, place: number, leaf: string | null): void {
  const { state } = work;
  const { decision } = step.judged[place]!;
  const change = changeOf(decision);
  if (change === 0) return;
  const subject = step.subjects[place]!;
  const standing = standingOf(state, subject);
  const before = trustOf(state, subject, standing);
  const after = Math.min(1000, Math.max(0, before + change));
  if (after === before) return;
  standing.trust = after;
  const reason = `outcome: ${decision.rules.join(", ")}`.slice(0, 300);
  const parents = leaf === null ? [] : [caused(leaf)];
  const about = { kind: "noted", execution: null, call: null } as const;
  write(
    work,
    { kind: "trust", subject, before, after, reason },
    { execution: step.execution, parents },
    about,
  );
  standingChanged(work, standing);
}

/** Of the trust of whom was judged. */
function changeOf({ obligations }: StepState["judged"][number]["decision"]): number {
  let change = 0;
  for (const { name, arguments: given } of obligations) {
    if (name === "lower_trust") change -= amountOf(given.by);
    if (name === "raise_trust") change += amountOf(given.by);
  }
  return change;
}

/** As std/governor declares it; a policy with another obligation of that name changes nothing. */
function amountOf(by: Argument | undefined): number {
  return typeof by === "number" && by >= 1 && by <= 1000 ? by : 0;
}
