/** Executions that begin, and end. */
import type { Parent } from "@polity/lineage/entry.ts";
import { TIMESTAMP_MAX } from "@polity/runtime/layout.ts";
import { timeText } from "@polity/runtime/signed-document.ts";
import type { EventOf } from "../event.ts";
import type { ExecutionStatus, GovernorAbort, Refusal } from "../governor.ts";
import { chainOf, dropIdle, standingNow, standingOf, subjectsOf } from "../standing.ts";
import type { ExecutionState, GovernorState } from "../state.ts";
import { lookAt, refusal, refuse, type Work, write } from "../work.ts";
import { outlive } from "./outlive.ts";
import { beginName, refused } from "./refused.ts";

export function begin(work: Work, event: EventOf<"begin">): void {
  const { state } = work;
  const { call, id, beginning, attested, now } = event;
  const problem = beginProblem(state, event);
  if (problem !== null) {
    refuseBegin(work, event, problem);
    return;
  }
  const { agent, purpose, parent, zone, leaseMs = state.settings.leaseMs } = beginning;
  const execution: ExecutionState = {
    ...{ id, agent, purpose, parent, zone, attested, leaseMs },
    leaseUntil: now + leaseMs,
    deadlineAt: Number.POSITIVE_INFINITY,
    ...{ phase: "beginning", leaf: null, abort: null, changes: 0, status: null, keepsHeld: false },
    ...{ endCalls: [], children: new Set(), steps: new Set(), writing: 1 },
  };
  const contained = containmentProblem(state, [execution, ...chainBehind(state, parent)]);
  if (contained !== null) {
    refuseBegin(work, event, contained);
    return;
  }
  state.executions.set(id, execution);
  if (parent !== null) state.executions.get(parent)!.children.add(id);
  for (const subject of subjectsOf(execution)) standingOf(state, subject).executions.add(id);
  const body = { kind: "execution", phase: "begin", agent, purpose, status: null } as const;
  const attestation = attested?.digest ?? null;
  const links = { execution: id, parents: delegators(state, parent) };
  write(work, { ...body, attestation }, links, { kind: "begun", execution: id, call });
}

/** That somebody tried is in the log. */
function refuseBegin(work: Work, { call, beginning, attested }: EventOf<"begin">, refusal: Refusal): void {
  const { agent, parent } = beginning;
  const digest = attested?.digest ?? null;
  refused(work, { code: refusal.code, what: beginName(agent), digest, execution: parent });
  work.effects.push({ kind: "refuse", call, refusal });
}

function beginProblem(state: GovernorState, { beginning, attested, now }: EventOf<"begin">): Refusal | null {
  const { executions, settings } = state;
  if (state.stopped !== null) return state.stopped;
  if (state.isBack) return clockBack(state);
  const { parent } = beginning;
  if (executions.size >= settings.executionsMax) {
    const advice = "end some of them, or allow more";
    return refusal(
      "execution.too_many",
      `${executions.size} executions are live, which is the most: ${advice}`,
    );
  }
  if (attested !== null && attested.expiresAt <= now) {
    return refusal("attestation.expired", "the statement about what runs has expired: get a new one");
  }
  if (parent === null) return null;
  const behind = executions.get(parent);
  if (behind === undefined) return refusal("execution.unknown", `no execution \`${parent}\` is live here`);
  if (behind.phase !== "live") {
    return refusal("execution.parent_ended", `the execution \`${parent}\` hands nothing on any more`);
  }
  if (chainOf(state, behind).length < settings.depthMax) return null;
  return refusal("execution.too_many", `${settings.depthMax} executions stand behind each other already`);
}

/** Names what said so: who set the clock right after an error has to find that. */
export function clockBack({ now, nowBy }: Pick<GovernorState, "now" | "nowBy">): Refusal {
  const before = nowBy === null ? "what it has said before" : `what entry ${nowBy} of this node says`;
  const until = now <= Number(TIMESTAMP_MAX) ? timeText(now) : "it has caught up";
  const message = `the clock is behind ${before}: nothing is released before ${until}; look at the clock`;
  return refusal("governor.clock_back", `${message}, and at "When a clock was wrong" in docs/governor.md`);
}

function chainBehind(state: GovernorState, parent: string | null): readonly ExecutionState[] {
  const behind = parent === null ? undefined : state.executions.get(parent);
  return behind === undefined ? [] : chainOf(state, behind);
}

/** Null where everybody in the chain is free. */
export function containmentProblem(state: GovernorState, chain: readonly ExecutionState[]): Refusal | null {
  const { containment } = standingNow(state, chain);
  if (containment === "free") return null;
  const who = "the agent, what it runs on, or somebody that it acts for";
  return containment === "terminated"
    ? refusal("subject.terminated", `${who} is stopped until a signed release`)
    : refusal("subject.quarantined", `${who} is contained until a signed release`);
}

/** The begin of who hands authority on, and what released the step in which that happens. */
function delegators(state: GovernorState, parent: string | null): readonly Parent[] {
  const behind = parent === null ? undefined : state.executions.get(parent);
  if (behind === undefined) return [];
  const parents: Parent[] = [];
  if (behind.leaf !== null) parents.push({ leaf: behind.leaf, relation: "delegated", log: null });
  for (const number of behind.steps) {
    const step = state.steps.get(number);
    const leaf = step?.phase === "running" ? step.receipts[0]?.leafHash : undefined;
    if (leaf !== undefined && parents.length < DELEGATIONS_MAX)
      parents.push({ leaf, relation: "delegated", log: null });
  }
  return parents;
}

/** An entry has at most 64 parents. */
const DELEGATIONS_MAX = 16;

/** The entry of the begin is durable, or will not be. */
export function begun(work: Work, id: string, call: number, { receipt, problem }: EventOf<"written">): void {
  const { state, effects } = work;
  const execution = state.executions.get(id);
  if (execution === undefined) return;
  execution.writing -= 1;
  execution.leaf = receipt?.leafHash ?? null;
  if (problem !== null && state.settings.mode === "strict") {
    forget(work, execution);
    refuse(work, call, "governor.log_failed", `nothing begins without an entry: ${problem.message}`);
    return;
  }
  if (execution.phase !== "beginning") {
    const { code, message } = execution.abort ?? refusal("execution.aborted", "it was stopped as it began");
    effects.push({ kind: "refuse", call, refusal: { ok: false, code: code as Refusal["code"], message } });
    finish(work, execution);
    return;
  }
  execution.phase = "live";
  const { leaseUntil, attested } = execution;
  lookAt(work, execution, Math.min(leaseUntil, attested?.expiresAt ?? leaseUntil));
  effects.push({ kind: "begun", call, execution: id });
}

// ---- the end

export function end(work: Work, { call, execution: id, status, keepsHeld }: EventOf<"end">): void {
  const execution = work.state.executions.get(id);
  if (execution === undefined) {
    work.effects.push({ kind: "ended", calls: [call] });
    return;
  }
  execution.endCalls.push(call);
  if (keepsHeld) keepHeld(work.state, execution);
  endOne(work, execution, execution.phase === "aborted" ? "abandoned" : status);
}

/** Those that act for it end with it. */
function keepHeld(state: GovernorState, execution: ExecutionState): void {
  execution.keepsHeld = true;
  for (const id of execution.children) {
    const child = state.executions.get(id);
    if (child !== undefined) keepHeld(state, child);
  }
}

/** Nothing more is authorized; what runs, and whoever acts for it, is stopped. */
function endOne(work: Work, execution: ExecutionState, status: ExecutionStatus): void {
  if (execution.phase !== "ending") {
    const reason = { code: "execution.ended", message: "the execution has ended" } as const;
    if (execution.phase !== "aborted" && hasRunning(work.state, execution))
      work.effects.push({ kind: "abort", execution: execution.id, reason });
    execution.phase = "ending";
    execution.status ??= status;
    abortChildren(work, execution, {
      code: "execution.parent_ended",
      message: "whoever handed authority on has ended",
    });
  }
  finish(work, execution);
}

function hasRunning({ steps }: GovernorState, execution: ExecutionState): boolean {
  return [...execution.steps].some((number) => steps.get(number)?.phase === "running");
}

function abortChildren(work: Work, { children }: ExecutionState, reason: GovernorAbort): void {
  for (const id of children) {
    const child = work.state.executions.get(id);
    if (child !== undefined) abort(work, child, reason);
  }
}

/** What runs is stopped, and so is everything that acts for it. Its end is written when nothing runs. */
export function abort(work: Work, execution: ExecutionState, reason: GovernorAbort): void {
  if (execution.phase === "beginning" || execution.phase === "live") {
    execution.phase = "aborted";
    execution.abort = reason;
    execution.status = "abandoned";
    work.effects.push({ kind: "abort", execution: execution.id, reason });
  }
  abortChildren(work, execution, reason);
  finish(work, execution);
}

/** Writes the end as soon as nothing of the execution is on its way any more. */
export function finish(work: Work, execution: ExecutionState): void {
  const { state, effects } = work;
  const { id, phase, status, steps, agent, purpose, attested, leaf, endCalls } = execution;
  if ((phase !== "ending" && phase !== "aborted") || execution.writing > 0) return;
  // It may have ended with one that it acted for.
  if (state.executions.get(id) !== execution) return;
  for (const number of steps) {
    const { phase: at, unwritten } = state.steps.get(number)!;
    if (at !== "answered" || unwritten > 0) return;
  }
  if (execution.children.size > 0) return;
  if (execution.keepsHeld) outlive(work, execution);
  const body = { kind: "execution", phase: "end", agent, purpose, status: status ?? "abandoned" } as const;
  const parents: readonly Parent[] = leaf === null ? [] : [{ leaf, relation: "caused", log: null }];
  const links = { execution: id, parents };
  write(work, { ...body, attestation: attested?.digest ?? null }, links, { kind: "ended", calls: endCalls });
  forget(work, execution);
  effects.push({ kind: "forget", execution: id });
  const behind = execution.parent === null ? undefined : state.executions.get(execution.parent);
  if (behind !== undefined) finish(work, behind);
}

function forget({ state }: Work, execution: ExecutionState): void {
  for (const number of execution.steps) {
    const pending = state.steps.get(number)?.pending ?? null;
    if (pending !== null) state.pending.delete(pending);
    state.steps.delete(number);
  }
  for (const subject of subjectsOf(execution)) {
    const standing = standingOf(state, subject);
    standing.executions.delete(execution.id);
    dropIdle(state, standing);
  }
  if (execution.parent !== null) state.executions.get(execution.parent)?.children.delete(execution.id);
  state.executions.delete(execution.id);
}
