/** Requests that have to be denied are made again and again; a node that allows one cannot be trusted. */
import type { ExecutionState, StepState } from "../state.ts";
import { putDeadline, refusal, ticketFor, type Work } from "../work.ts";
import { ask } from "./asking.ts";
import { newStep } from "./new-step.ts";
import { stop } from "./stop.ts";

export function beginCanaries(work: Work, afterMs: number): void {
  const { state } = work;
  if (afterMs === 0) askCanaries(work);
  else if (state.settings.canaries.length > 0) askAt(work, state.now + afterMs);
}

/** Whoever changes something often does not fill the log. */
const APART_MS = 1_000;

/** Another policy, or other facts: what they must deny is asked at once, or as soon as it may be. */
export function askCanariesAnew(work: Work): void {
  const { now, canaries } = work.state;
  const at = canaries.madeAt + APART_MS;
  if (now >= at) askCanaries(work);
  else if (at < canaries.dueAt) askAt(work, at);
}

/** One question for each, by the very way that steps take. */
export function askCanaries(work: Work): void {
  const { state } = work;
  const { canaries, canaryEveryMs } = state.settings;
  if (canaries.length === 0 || state.stopped !== null) return;
  state.canaries.madeAt = state.now;
  for (const { agent, action, fields } of canaries) {
    const asked = { action, fields, entities: undefined, requestId: null, retries: null };
    const execution: ExecutionState = {
      ...{ id: "", agent, purpose: null, parent: null, zone: null, attested: null, leaseMs: 0 },
      ...{ leaseUntil: 0, deadlineAt: Number.POSITIVE_INFINITY, phase: "live", leaf: null, abort: null },
      ...{
        changes: 0,
        status: null,
        keepsHeld: false,
        endCalls: [],
        children: new Set(),
        steps: new Set(),
        writing: 0,
      },
    };
    const step = newStep(work, { execution: "", asked, id: "", goal: "canary", call: null });
    ask(work, execution, step, fields);
  }
  askAt(work, state.now + canaryEveryMs);
}

function askAt(work: Work, at: number): void {
  work.state.canaries.dueAt = at;
  putDeadline(work, { at, of: "canary", who: "" });
}

/** `invalid`: it could not even be judged, which shows nothing of what is denied. */
export function canaryJudged(work: Work, step: StepState, id: string, invalid: string | null): void {
  const { state, effects } = work;
  const { action } = step.asked;
  state.steps.delete(step.number);
  const [judged] = step.judged;
  if (judged !== undefined) {
    const ticket = ticketFor(work, { kind: "noted", execution: null, call: null });
    effects.push({ kind: "write-decision", ticket, judged, links: { id } });
  }
  if (invalid !== null) {
    stop(work, refusal("governor.canary", `the canary on \`${action}\` cannot be judged: ${invalid}`));
  } else if (step.verdict === "allow" || step.verdict === "hold") {
    const advice = "find out what is loaded here";
    stop(
      work,
      refusal("governor.canary", `what must be denied was not: ${step.verdict} on \`${action}\`: ${advice}`),
    );
  }
}
