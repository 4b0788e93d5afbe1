/** Decisions on their way to the log, and what follows once they are there. */
import type { Parent } from "@polity/lineage/entry.ts";
import type { Judged } from "@polity/lineage/judging.ts";
import type { EventOf, WriteProblem } from "../event.ts";
import { chainOf } from "../standing.ts";
import type { ExecutionState, StepState } from "../state.ts";
import { nthId, remember, ticketFor, type Work, write } from "../work.ts";
import { answerOf, caused, drop } from "./asking.ts";
import { abort, finish } from "./begin.ts";
import { containByVerdict, noteContainment } from "./contain.ts";
import { releaseIfGood } from "./enforce.ts";
import { settled, wait } from "./held.ts";
import { changeTrust } from "./outcome.ts";

/**
 * The decisions about those behind the execution first, then its own, which follows from them: whoever reads
 * the log finds with the one that counts everything that made it.
 */
export function writeDecisions(work: Work, execution: ExecutionState, step: StepState): void {
  const { state } = work;
  if (step.goal === "keep" && step.unwritten > 0) {
    stopUnwritten(work, execution, step);
    return;
  }
  const chain = chainOf(state, execution);
  step.receipts = step.judged.map(() => null);
  step.unwritten = step.judged.length;
  step.isLost = false;
  if (step.goal === "answer" || step.goal === "release") step.phase = "writing";
  containByVerdict(work, step);
  if (step.judged.length === 1) sendOwn(work, execution, step);
  for (const [place, judged] of step.judged.entries()) {
    if (place === 0) continue;
    const leaf = chain[place]?.leaf ?? null;
    const parents = leaf === null ? [] : [caused(leaf)];
    const links = { id: nthId(step.id, place), execution: step.execution, parents };
    const ticket = ticketFor(work, { kind: "decision", step: step.number, place });
    work.effects.push({ kind: "write-decision", ticket, judged, links });
  }
  if (step.goal === "keep") stopRunning(work, execution, step);
  // Relaxed evidence follows behind.
  else if (state.settings.mode === "relaxed" && step.goal !== "outcome" && !isAwaited(step))
    proceed(work, step);
}

/**
 * Whatever the mode: that an approval was used is durable before anything comes of it, and who waits, or is
 * contained, does so in the next process, too, once anybody has been told.
 */
function isAwaited({ approvals, phase, verdict }: StepState): boolean {
  const isPlain = verdict === "allow" || verdict === "deny";
  return phase === "writing" && (!isPlain || approvals.some((given) => given.length > 0));
}

function sendOwn(work: Work, execution: ExecutionState, step: StepState): void {
  const behind = step.receipts.flatMap((receipt) => (receipt === null ? [] : [caused(receipt.leafHash)]));
  const begin = execution.leaf === null ? [] : [caused(execution.leaf)];
  const parents: readonly Parent[] = [...begin, ...behind, ...step.causes];
  const ticket = ticketFor(work, { kind: "decision", step: step.number, place: 0 });
  const links = { id: step.id, execution: step.execution, parents };
  work.effects.push({ kind: "write-decision", ticket, judged: withConsumed(step, step.judged[0]!), links });
}

/** The decision that is no longer held uses up the approvals under which it was made. */
function withConsumed({ verdict }: StepState, judged: Judged): Judged {
  const count = judged.answered.header?.approvals.length ?? 0;
  if (count === 0 || verdict !== "allow") return judged;
  return { ...judged, answered: { ...judged.answered, approvalsConsumed: [...Array(count).keys()] } };
}

/** A decision is durable, or will not be. */
export function decisionWritten(
  work: Work,
  number: number,
  place: number,
  { receipt, problem }: EventOf<"written">,
): void {
  const { state } = work;
  const step = state.steps.get(number);
  const execution = step && state.executions.get(step.execution);
  if (step === undefined || execution === undefined) return;
  step.receipts[place] = receipt;
  step.unwritten -= 1;
  noteContainment(work, step, place, receipt);
  if (step.goal === "outcome") changeTrust(work, step, place, receipt?.leafHash ?? null);
  const isLost = isAwaited(step) && receipt === null;
  if ((problem !== null && state.settings.mode === "strict") || isLost) {
    unwritten(work, execution, step, place, problem ?? LOST);
    return;
  }
  if (place > 0) {
    if (step.isLost) finish(work, execution);
    else if (step.unwritten === 1) sendOwn(work, execution, step);
    return;
  }
  if (receipt !== null) {
    const { leafHash: leaf } = receipt;
    remember(state.leaves, step.id, { leaf, execution: step.execution }, state.settings.requestsMax);
    step.causes = [caused(leaf)];
    const pending = step.pending === null ? undefined : state.pending.get(step.pending);
    if (pending !== undefined) pending.leaf = leaf;
  }
  if (step.goal === "outcome") drop(state, step);
  else if (step.outcome !== null) report(work, execution, step);
  else if (step.phase === "writing") proceed(work, step);
  else if (step.phase === "answered" && step.verdict !== "allow" && step.pending === null) drop(state, step);
  finish(work, execution);
}

/** Strict evidence: what is not in the log is not released. */
function unwritten(
  work: Work,
  execution: ExecutionState,
  step: StepState,
  place: number,
  problem: WriteProblem,
): void {
  const { state } = work;
  if (step.goal === "outcome") {
    drop(state, step);
    finish(work, execution);
    return;
  }
  if (step.outcome !== null) {
    report(work, execution, step);
    return;
  }
  if (step.phase !== "writing") return;
  // Other decisions of the same step may still come back; nobody waits for them.
  const { call } = step;
  const code = problem.code === "log.busy" ? "host.log_busy" : "host.log_failed";
  // What was held before is held still: nothing of it is used up.
  if (step.pending === null) drop(state, step);
  else waitOn(step, place);
  if (call !== null) {
    const about = { ...answerOf(step, state), step: null, id: null, receipt: null, judged: [] };
    const answer = { ...about, verdict: "deny", code, message: problem.message } as const;
    work.effects.push({ kind: "answer", call, answer });
  }
  finish(work, execution);
}

const LOST: WriteProblem = { code: "log.busy", message: "its entry was let go", isLasting: false };

function waitOn(step: StepState, place: number): void {
  // Its own decision was to follow this one, and is not sent any more.
  if (place > 0) step.unwritten -= 1;
  step.isLost = true;
  step.phase = "answered";
  step.verdict = "hold";
  step.call = null;
}

/** What the decisions were asked for. */
function proceed(work: Work, step: StepState): void {
  const { state, effects } = work;
  const { call, goal, verdict } = step;
  if (goal === "release" && verdict === "allow") {
    releaseIfGood(work, step);
    return;
  }
  step.phase = "answered";
  step.call = null;
  if (verdict === "hold") wait(work, step);
  else settled(state, step);
  if (call !== null) effects.push({ kind: "answer", call, answer: answerOf(step, state) });
  if (verdict !== "allow" && step.pending === null && step.unwritten === 0) drop(state, step);
}

/** Relaxed evidence of what runs is still on its way: its outcome says that it was stopped, and why. */
function stopUnwritten(work: Work, execution: ExecutionState, step: StepState): void {
  containByVerdict(work, step);
  for (const place of step.judged.keys()) noteContainment(work, step, place, null);
  stopRunning(work, execution, step);
}

/** What runs is no longer allowed. */
function stopRunning(work: Work, execution: ExecutionState, step: StepState): void {
  const [first] = step.judged.flatMap(({ decision }) => decision.reasons);
  const because = first ?? `judged anew, it is \`${step.verdict}\` (${step.code})`;
  abort(work, execution, { code: step.code as "rule", message: because });
}

// ---- what came of it

export function ran(work: Work, { step: number, status, note }: EventOf<"ran">): void {
  const { state } = work;
  const step = state.steps.get(number);
  const execution = step && state.executions.get(step.execution);
  if (step === undefined || execution === undefined || step.phase !== "running") return;
  step.phase = "ran";
  step.outcome = { status, note };
  if (step.unwritten === 0) report(work, execution, step);
}

/** Whoever owes something does nothing more. */
export function unmet(work: Work, { execution: id, message }: EventOf<"unmet">): void {
  const execution = work.state.executions.get(id);
  if (execution?.phase === "live") abort(work, execution, { code: "obligation.failed", message });
}

/** The outcome follows the decision. */
function report(work: Work, execution: ExecutionState, step: StepState): void {
  const { status, note } = step.outcome!;
  const body = { kind: "outcome", decision: step.released ?? step.id, status, result: null, note } as const;
  const links = { execution: execution.id, parents: step.causes };
  if (work.state.settings.judgesOutcomes) {
    step.phase = "judging outcome";
    write(work, body, links, { kind: "outcome", step: step.number });
    return;
  }
  execution.writing += 1;
  write(work, body, links, { kind: "noted", execution: execution.id, call: null });
  drop(work.state, step);
  finish(work, execution);
}
