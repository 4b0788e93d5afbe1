/** A step is asked for. */
import type { EventOf } from "../event.ts";
import type { Asked, ExecutionState, GovernorState } from "../state.ts";
import { refusal, type Work } from "../work.ts";
import { ask, deny, drop, stepProblem } from "./asking.ts";
import { newStep } from "./new-step.ts";

export function authorize(work: Work, event: EventOf<"authorize">): void {
  const { state } = work;
  const { call, execution: id, asked } = event;
  const execution = state.executions.get(id);
  const problem =
    stepProblem(state, execution) ?? retryProblem(state, asked) ?? roomProblem(work, execution!);
  if (problem !== null) {
    deny(work, call, event, problem.code, problem.message);
    return;
  }
  const step = newStep(work, { execution: id, asked, id: event.id, goal: "answer", call });
  const first = asked.retries === null ? undefined : state.leaves.get(asked.retries);
  if (first !== undefined) step.causes = [{ leaf: first.leaf, relation: "retried", log: null }];
  execution!.steps.add(step.number);
  ask(work, execution!, step, asked.fields);
}

function retryProblem({ leaves }: GovernorState, { retries }: Asked) {
  if (retries === null || leaves.has(retries)) return null;
  return refusal("step.invalid", `\`retries\` names no decision that this node knows: \`${retries}\``);
}

/** Answers that nobody enforces make room for new ones. */
function roomProblem(work: Work, execution: ExecutionState) {
  const { state } = work;
  if (execution.steps.size < state.settings.stepsMax) return null;
  for (const number of execution.steps) {
    const step = state.steps.get(number)!;
    if (step.phase !== "answered" || step.unwritten > 0 || step.pending !== null) continue;
    drop(state, step);
    return null;
  }
  return refusal("execution.too_many", `${execution.steps.size} steps are under way: wait for some of them`);
}
