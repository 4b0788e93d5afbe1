/** What runs is judged again: when something has changed, and before time alone could change its answer. */
import type { EventOf } from "../event.ts";
import type { ExecutionState, StandingState, StepState } from "../state.ts";
import { lookAt, refusal, takeDue, type Work } from "../work.ts";
import { ask, isGood, stepProblem } from "./asking.ts";
import { abort, clockBack } from "./begin.ts";
import { askCanariesAnew } from "./canary.ts";
import { timedOut } from "./held.ts";
import { tellMore } from "./refused.ts";
import { writeAgain } from "./restricting.ts";

/** Policy, facts or freshness are others now. */
export function changed(work: Work, { window }: EventOf<"changed">): void {
  const { state } = work;
  state.window = window;
  state.changes += 1;
  for (const execution of [...state.executions.values()]) judgeRunning(work, execution);
  askCanariesAnew(work);
}

/** What of an execution runs is judged again where its answer may be another one now. */
function judgeRunning(work: Work, execution: ExecutionState): void {
  const { state } = work;
  if (execution.phase !== "live") return;
  for (const number of execution.steps) {
    const step = state.steps.get(number)!;
    if (step.phase !== "running" || isGood(state, execution, step)) continue;
    judgeAgain(work, execution, step);
  }
}

/** What is measured of it is another thing now: what of it runs, and what acts for it, is judged again. */
export function judgeAnew(work: Work, execution: ExecutionState): void {
  execution.changes += 1;
  judgeTree(work, execution.id);
}

/** Another containment or trust: what runs for the subject, and what acts for that, is judged again. */
export function standingChanged(work: Work, standing: StandingState): void {
  for (const id of [...standing.executions]) judgeTree(work, id);
}

function judgeTree(work: Work, id: string): void {
  const execution = work.state.executions.get(id);
  if (execution === undefined) return;
  judgeRunning(work, execution);
  for (const child of execution.children) judgeTree(work, child);
}

function judgeAgain(work: Work, execution: ExecutionState, step: StepState): void {
  step.goal = "keep";
  ask(work, execution, step, step.asked.fields);
}

/** Answers whether canaries are due, too. */
export function tick(work: Work, { due: rung, window }: EventOf<"tick">): boolean {
  const { state } = work;
  state.window = window;
  state.timerAt = null;
  let canariesDue = false;
  // While the clock is behind, what is due is what the timer was set for.
  const until = state.isBack ? Math.max(state.now, rung) : state.now;
  for (let due = takeDue(state, until); due !== null; due = takeDue(state, until)) {
    if (due.of === "orders") work.effects.push({ kind: "read-orders" });
    if (due.of === "canary" && due.at === state.canaries.dueAt) canariesDue = true;
    if (due.of === "pending") timedOut(work, due.who);
    if (due.of === "refusals") tellMore(work);
    if (due.of === "entry") writeAgain(work, Number(due.who));
    if (due.of !== "execution") continue;
    const execution = state.executions.get(due.who);
    if (execution === undefined || execution.deadlineAt !== due.at) continue;
    execution.deadlineAt = Number.POSITIVE_INFINITY;
    if (execution.phase === "live") lookAgain(work, execution);
  }
  return canariesDue;
}

function lookAgain(work: Work, execution: ExecutionState): void {
  const { state } = work;
  if (state.isBack) {
    const { code, message } = clockBack(state);
    abort(work, execution, { code, message });
    return;
  }
  if (execution.attested !== null && execution.attested.expiresAt <= state.now) {
    const { code, message } = refusal("attestation.expired", "the statement about what runs has expired");
    abort(work, execution, { code, message });
    return;
  }
  if (state.now >= execution.leaseUntil) renew(work, execution);
  if (execution.phase !== "live") return;
  judgeRunning(work, execution);
  lookAt(
    work,
    execution,
    Math.min(execution.leaseUntil, execution.attested?.expiresAt ?? Number.POSITIVE_INFINITY),
  );
  for (const number of execution.steps) {
    const step = state.steps.get(number)!;
    // One that is being judged at this moment is looked at once it is.
    const isKnown = step.phase === "running" && step.holdsUntil >= state.now;
    if (isKnown && Number.isFinite(step.holdsUntil)) lookAt(work, execution, step.holdsUntil + 1);
  }
}

/** A lease goes on only while everything is known that a decision would rest on. */
function renew(work: Work, execution: ExecutionState): void {
  const { state } = work;
  const { window, now, settings, ordersReadAt } = state;
  const stopped = stepProblem(state, execution);
  const isCurrent = window.policyFrom <= now && now <= window.policyUntil && now <= window.factsUntil;
  const isRead = !settings.hasOrderSource || now < ordersReadAt + settings.containmentAgeMs;
  if (stopped === null && isCurrent && isRead) {
    execution.leaseUntil = now + execution.leaseMs;
    return;
  }
  const why =
    stopped?.message ?? (isCurrent ? "orders could not be read" : "policy or facts are not current");
  const { code, message } = refusal("execution.lease_lost", `its lease has ended, and ${why}`);
  abort(work, execution, { code, message });
}
