/** Answers as callers see them, and what only `enforce` knows of each. */
import type { GovernorCode } from "./codes.ts";
import type { Answer } from "./effect.ts";
import type { Authorized, Grant, Handlers } from "./governor.ts";
import { type Machine, signalOf, untilAborted } from "./machine.ts";
import type { Owed } from "./obligations/owed.ts";
import { obligationProblem } from "./obligations/problem.ts";

interface Behind {
  readonly machine: Machine;
  /** Null where there is nothing to enforce. */
  readonly step: number | null;
}

const behind = new WeakMap<Authorized, Behind>();

export function answered(machine: Machine, answer: Answer): Authorized {
  const { step, id, execution, action, verdict, judged, receipt, pending, message } = answer;
  const decisions = judged.map(({ decision }) => decision);
  const reasons = message === null ? decisions.flatMap((one) => one.reasons) : [message];
  // Codes of decisions and of governors are all that a state has.
  const code = answer.code as Authorized["code"];
  const request = judged[0]?.answered.request ?? null;
  const authorized: Authorized = Object.freeze({
    id,
    execution,
    action,
    verdict,
    decisions,
    reasons,
    receipt,
    pending,
    code,
    request,
  });
  behind.set(authorized, { machine, step });
  return authorized;
}

/** Of what was not even asked. */
export function refusedAnswer(
  execution: string,
  action: string,
  code: GovernorCode,
  message: string,
): Authorized {
  const nothing = { id: null, decisions: [], request: null, receipt: null, pending: null } as const;
  return Object.freeze({ ...nothing, execution, action, verdict: "deny", code, reasons: [message] });
}

/**
 * Runs one of the handlers, and `allow` only while everything allows it, at most once for each answer. What
 * it gives back is given back; what it throws is thrown once its outcome is reported. Rejects with a
 * `GovernorAbort` where what runs is stopped.
 */
export async function enforce<T>(answer: Authorized, handlers: Handlers<T>): Promise<T> {
  const known = behind.get(answer);
  if (answer.verdict !== "allow" || known === undefined) return refused(answer, handlers, known);
  const { machine, step } = known;
  const { execution, action } = answer;
  if (step === null) {
    const message = "the same request was answered before: it does not run again";
    return handlers.refuse({ ...answer, verdict: "deny", code: "step.replayed", reasons: [message] });
  }
  const reply = await machine.ask((call) => ({ kind: "enforce", call, step, execution, action }));
  if (reply.kind === "answer") {
    const now = answered(machine, reply.answer);
    return refused(now, handlers, behind.get(now));
  }
  if (reply.kind !== "run") return handlers.refuse({ ...answer, verdict: "deny", code: "governor.stopped" });
  return run(machine, reply, answer, handlers);
}

/** An answer that says allow, and is of no governor, is refused too. */
async function refused<T>(answer: Authorized, handlers: Handlers<T>, known: Behind | undefined): Promise<T> {
  if (known === undefined && answer.verdict === "allow") {
    const reasons = ["no governor gave this answer"];
    return handlers.refuse({ ...answer, verdict: "deny", code: "step.invalid", reasons });
  }
  const { pending } = answer;
  const isHeld = answer.verdict === "hold" && pending !== null && handlers.hold !== undefined;
  return isHeld ? handlers.hold(pending, answer) : handlers.refuse(answer);
}

type Run = Extract<Awaited<ReturnType<Machine["ask"]>>, { readonly kind: "run" }>;

async function run<T>(
  machine: Machine,
  released: Run,
  answer: Authorized,
  handlers: Handlers<T>,
): Promise<T> {
  const { dispatch, judge, live, tracker } = machine;
  const { step, execution, judged, discharged, advice } = released;
  const here = live.get(execution);
  const fields = judge.fields(judged, discharged);
  const refuse = (code: GovernorCode, message: string) => {
    dispatch({ kind: "ran", step, status: "abandoned", note: message });
    return handlers.refuse({ ...answer, verdict: "deny", code, reasons: [message] });
  };
  if (here === undefined || fields === null)
    return refuse("step.invalid", "what was judged cannot be executed");
  const owed = owedOf(released, fields);
  try {
    if (owed.length > 0) await tracker.begin(owed);
  } catch (error) {
    const { code, message } = obligationProblem(error);
    return refuse(code, `what is due after it would not be done: ${message}`.slice(0, 300));
  }
  const grant: Grant = {
    fields,
    advice,
    get signal() {
      return signalOf(here);
    },
  };
  let result: T;
  try {
    result = await untilAborted(here, () => handlers.allow(grant));
  } catch (error) {
    const isStopped = here.aborted !== null && error === here.aborted;
    // What everybody throws who gives up, as `AbortSignal` does.
    const isGivenUp = error instanceof Error && error.name === "AbortError";
    const status = isStopped || isGivenUp ? "abandoned" : "failed";
    const note = isStopped ? `stopped: ${here.aborted!.code}` : noteOf(error);
    tracker.ran(owed, { status, result: null });
    dispatch({ kind: "ran", step, status, note });
    throw error;
  }
  tracker.ran(owed, { status: "succeeded", result });
  dispatch({ kind: "ran", step, status: "succeeded", note: null });
  return result;
}

function owedOf({ execution, decision, judged, after }: Run, fields: unknown): readonly Owed[] {
  const action = judged.answered.action ?? "";
  const { id, leaf } = decision;
  return after.map((obligation) => ({ execution, decision: id, leaf, action, fields, obligation }));
}

/** Of what was thrown only what kind it is: messages may quote what is nobody's business. */
function noteOf(error: unknown): string {
  const name = error instanceof Error ? error.name : typeof error;
  return `threw ${/^[A-Za-z0-9_.]{1,80}$/.test(name) ? name : "an error"}`;
}
