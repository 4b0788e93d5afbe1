/** Who is contained, by what, and what stops because of it. */
import type { Party } from "@polity/lineage/entry.ts";
import type { LogReceipt } from "@polity/lineage/recorder.ts";
import { containmentOf, keyOf, standingOf, stricter } from "../standing.ts";
import type { HoldState, StepState } from "../state.ts";
import { nthId, type Work, write } from "../work.ts";
import { caused } from "./asking.ts";
import { abort } from "./begin.ts";

/** What a decision says of whom it judged holds at once; its entry follows. */
export function containByVerdict(work: Work, step: StepState): void {
  for (const [place, { decision }] of step.judged.entries()) {
    const state = heldBy(decision.verdict);
    if (state !== null) hold(work, step.subjects[place]!, containmentId(step, place), state);
  }
}

/** The containment's entry is called by it; decisions of the step have the numbers below. */
function containmentId({ id }: StepState, place: number): string {
  return nthId(id, 1_000 + place);
}

function heldBy(verdict: string): HoldState["state"] | null {
  if (verdict === "quarantine") return "quarantined";
  return verdict === "terminate" ? "terminated" : null;
}

/** `id`: of the entry that says so, by which a release names it. */
export function hold(work: Work, subject: Party, id: string, state: HoldState["state"]): void {
  const standing = standingOf(work.state, subject);
  const before = containmentOf(standing);
  standing.held = { id, state: stricter(before, state) as HoldState["state"], leaf: null };
  stopAll(work, subject, state);
}

/** Everything that runs for the subject, and everything that acts for that. */
function stopAll(work: Work, subject: Party, state: HoldState["state"]): void {
  const who = `\`${subject.type}\` \`${subject.id}\``;
  const code = state === "terminated" ? "subject.terminated" : "subject.quarantined";
  const message = `${who} is ${state === "terminated" ? "stopped" : "contained"} until a signed release`;
  for (const id of [...standingOf(work.state, subject).executions]) {
    const execution = work.state.executions.get(id);
    if (execution !== undefined) abort(work, execution, { code, message });
  }
}

/** After the decision's entry, the entry that says who is contained because of it. */
export function noteContainment(
  work: Work,
  step: StepState,
  place: number,
  receipt: LogReceipt | null,
): void {
  const { decision } = step.judged[place]!;
  const state = heldBy(decision.verdict);
  if (state === null) return;
  const subject = step.subjects[place]!;
  const standing = standingOf(work.state, subject);
  const [rule] = decision.rules;
  const reason = `rule ${rule ?? "?"} on ${step.asked.action}`.slice(0, REASON_CHARACTERS);
  const parents = receipt === null ? [] : [caused(receipt.leafHash)];
  const body = {
    kind: "containment",
    subject,
    state: stricter(containmentOf(standing), state),
    reason,
  } as const;
  const id = containmentId(step, place);
  const about = { kind: "held", subject: keyOf(subject), hold: id, call: null } as const;
  write(work, body, { id, execution: step.execution, parents }, about);
}

/** Of at most three bytes each, in a note of 1,024 bytes. */
const REASON_CHARACTERS = 300;
