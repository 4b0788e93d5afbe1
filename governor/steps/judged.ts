/** What was judged: the strictest answer wins, and the same question gets the same answer. */
import type { Party } from "@polity/lineage/entry.ts";
import type { Judged } from "@polity/lineage/judging.ts";
import { VERDICT_NUMBERS, type Verdict } from "@polity/runtime/decision.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import type { EventOf, Verdicted } from "../event.ts";
import type { StepState } from "../state.ts";
import { remember, type Work } from "../work.ts";
import { deny, drop, watch } from "./asking.ts";
import { canaryJudged } from "./canary.ts";
import { writeDecisions } from "./decisions.ts";
import { adopt, orphanOf } from "./orphans.ts";
import { outcomeJudged } from "./outcome.ts";

export function judged(work: Work, event: EventOf<"judged">): void {
  const { state } = work;
  const step = state.steps.get(event.step);
  if (step === undefined) return;
  const wrong = event.said.find((one) => !one.ok);
  if (wrong !== undefined && !wrong.ok) {
    if (step.goal === "canary") canaryJudged(work, step, event.id, wrong.message);
    else unjudged(work, step, wrong.message);
    return;
  }
  const said = event.said.flatMap((one) => (one.ok ? [one] : []));
  const execution = state.executions.get(step.execution);
  const strictest = strictestOf(said.map(({ judged }) => judged));
  const holdsUntil = said.reduce(
    (soonest, one) => Math.min(soonest, one.holdsUntil),
    Number.POSITIVE_INFINITY,
  );
  step.holdsUntil = holdsUntil;
  if (step.goal === "keep" && strictest.verdict === "allow") {
    watch(work, execution!, step);
    return;
  }
  step.judged = said.map(({ judged }) => judged);
  step.verdict = strictest.verdict;
  step.code = strictest.code;
  if (step.goal === "canary") {
    canaryJudged(work, step, event.id, null);
    return;
  }
  if (step.goal !== "keep" || step.unwritten === 0) step.id = event.id;
  if (step.goal === "answer" && step.pending === null) {
    const orphan = orphanOf(work, execution!, step);
    const went = orphan === null ? "over" : adopt(work, step, orphan);
    if (went === "asked" || (went === "over" && isRepeated(work, step))) return;
  }
  step.held = strictest.verdict === "hold" ? heldBy(said) : null;
  if (step.goal === "outcome" && outcomeJudged(work, execution!, step) === "done") return;
  writeDecisions(work, execution!, step);
}

/** Everything that holds it has to be satisfied; nobody approves who is named by any of the requests. */
export function heldBy(said: readonly Extract<Verdicted, { ok: true }>[]): StepState["held"] {
  // One rule may hold the request of everybody in the chain.
  const rules = [
    ...new Map(said.flatMap(({ holds }) => holds.map((one) => [canonicalJson(one), one]))).values(),
  ];
  const named = said.flatMap((one) => one.named);
  const askedAt = said[0]!.judged.answered.header?.now ?? 0;
  return rules.length === 0 ? null : { rules, named, askedAt };
}

/** The first of the strictest; the execution's own comes first. */
function strictestOf(all: readonly Judged[]): { readonly verdict: Verdict; readonly code: string } {
  let strictest = all[0]!.decision;
  for (const { decision } of all) {
    if (VERDICT_NUMBERS[decision.verdict] > VERDICT_NUMBERS[strictest.verdict]) strictest = decision;
  }
  const { verdict, code, granted } = strictest;
  // An allow that nobody granted is none.
  return verdict === "allow" && !granted ? { verdict: "deny", code: "no_rule" } : { verdict, code };
}

function unjudged(work: Work, step: StepState, message: string): void {
  const { call } = step;
  drop(work.state, step);
  deny(work, call, step, "step.invalid", message);
}

/** The same request was answered before: it gets the same answer, and does not run again. */
function isRepeated(work: Work, step: StepState): boolean {
  const { state, effects } = work;
  const { asked, execution, judged } = step;
  if (asked.requestId === null) return false;
  const key = requestKeyOf(state.executions.get(execution)!.agent, asked.requestId);
  const digest = judged[0]!.answered.request?.digest ?? null;
  const before = state.requests.get(key);
  if (before === undefined || asked.retries === before.id) {
    const { id, verdict, code } = step;
    const request = { digest, step: step.number, id, verdict, code };
    remember(state.requests, key, request, state.settings.requestsMax);
    return false;
  }
  const { call } = step;
  drop(state, step);
  const first = before.step === null ? undefined : state.steps.get(before.step);
  if (before.digest === null || before.digest !== digest) {
    deny(work, call, step, "step.replayed", `\`${asked.requestId}\` names another request already`);
  } else if (first?.phase === "judging" || first?.phase === "writing") {
    deny(work, call, step, "step.in_use", "the same request is being answered: ask again for its answer");
  } else {
    const { id, verdict, code } = before;
    const message = "the same request was answered before, and is not run again";
    const answer = { step: null, id, execution, action: asked.action, verdict, code, message };
    effects.push({
      kind: "answer",
      call: call!,
      answer: { ...answer, judged: [], receipt: null, pending: null },
    });
  }
  return true;
}

/** Ids are the agent's own. */
export function requestKeyOf({ type, id }: Party, requestId: string): string {
  return JSON.stringify([type, id, requestId]);
}
