/** What was answered is enforced: once, and only while the answer is still good. */
import type { Obligation, Phase } from "@polity/runtime/decision.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import type { GovernorCode } from "../codes.ts";
import type { EventOf } from "../event.ts";
import type { ExecutionState, StepState } from "../state.ts";
import type { Work } from "../work.ts";
import { ask, deny, drop, isGood, stepProblem, watch } from "./asking.ts";

export function enforce(work: Work, { call, step: number, execution: id, action }: EventOf<"enforce">): void {
  const { state } = work;
  const step = state.steps.get(number);
  const execution = state.executions.get(id);
  const problem = stepProblem(state, execution);
  if (problem !== null || step?.phase !== "answered") {
    const { code, message } = problem ?? IN_USE;
    const asked = step?.asked ?? { action, fields: null, entities: null, requestId: null, retries: null };
    if (step?.phase === "answered" && step.unwritten === 0) drop(state, step);
    deny(work, call, { execution: id, asked }, code, message);
    return;
  }
  step.call = call;
  step.goal = "release";
  // Relaxed evidence may still be on its way: the next decision follows from it.
  if (step.unwritten > 0 && !isGood(state, execution!, step)) step.phase = "writing";
  else releaseIfGood(work, step);
}

const IN_USE = {
  code: "step.in_use",
  message: "an answer is enforced once: ask for another one",
} as const;

// ---- obligations that are due before, and the release

/** How often one step is judged anew, or has obligations discharged, before it is refused. */
const ROUNDS_MAX = 8;

/** At the last moment: what is allowed goes on; where anything has changed since, it is judged anew. */
export function releaseIfGood(work: Work, step: StepState): void {
  const { state } = work;
  const execution = state.executions.get(step.execution);
  const stopped = stepProblem(state, execution);
  if (stopped !== null) fail(work, step, stopped.code, stopped.message);
  else if (isGood(state, execution!, step)) release(work, execution!, step);
  else askAnew(work, execution!, step);
}

function askAnew(work: Work, execution: ExecutionState, step: StepState): void {
  step.rounds += 1;
  if (step.rounds <= ROUNDS_MAX) ask(work, execution, step, step.asked.fields);
  else fail(work, step, "execution.lease_lost", "things change faster than they can be judged: ask again");
}

/** What is due before is discharged, then it runs. */
function release(work: Work, execution: ExecutionState, step: StepState): void {
  const { effects } = work;
  const { number, execution: id, discharged } = step;
  const call = step.call!;
  const done = new Set(discharged.map(keyOf));
  const before = due(step, "before").filter((one) => !done.has(keyOf(one)));
  if (before.length > 0) {
    step.phase = "discharging";
    step.rounds += 1;
    if (step.rounds > ROUNDS_MAX)
      fail(work, step, "obligation.failed", "obligations go on asking for others");
    else effects.push({ kind: "discharge", step: number, execution: id, judged: step.judged[0]!, before });
    return;
  }
  step.phase = "running";
  step.released = step.id;
  step.call = null;
  const [after, advice] = [due(step, "after"), due(step, "advice")];
  effects.push({
    kind: "run",
    call,
    step: number,
    execution: id,
    decision: { id: step.id, leaf: step.receipts[0]?.leafHash ?? null },
    judged: step.judged[0]!,
    discharged,
    after,
    advice,
  });
  watch(work, execution, step);
}

const NOTHING: readonly Obligation[] = Object.freeze([]);

/** Of the execution's own decision and of those behind it, none twice. */
function due({ judged }: StepState, when: Phase): readonly Obligation[] {
  // Most decisions oblige to nothing.
  if (judged.every(({ decision }) => decision.obligations.length === 0)) return NOTHING;
  const all = new Map<string, Obligation>();
  for (const { decision } of judged) {
    for (const one of decision.obligations) if (one.when === when) all.set(keyOf(one), one);
  }
  return [...all.values()];
}

function keyOf({ name, arguments: given }: Obligation): string {
  return canonicalJson({ name, arguments: given });
}

export function discharged(work: Work, event: EventOf<"discharged">): void {
  const { state } = work;
  const step = state.steps.get(event.step);
  if (step?.phase !== "discharging") return;
  if (event.problem !== null) {
    fail(work, step, event.problem.code, event.problem.message);
    return;
  }
  step.discharged = [...step.discharged, ...due(step, "before")];
  if (event.fields === null) {
    releaseIfGood(work, step);
    return;
  }
  const execution = state.executions.get(step.execution);
  const stopped = stepProblem(state, execution);
  if (stopped !== null) {
    fail(work, step, stopped.code, stopped.message);
    return;
  }
  step.asked = { ...step.asked, fields: event.fields.changed };
  askAnew(work, execution!, step);
}

function fail(work: Work, step: StepState, code: GovernorCode, message: string): void {
  const { call } = step;
  if (step.unwritten === 0) drop(work.state, step);
  else step.phase = "answered";
  deny(work, call, step, code, message);
}
