/**
 * Executions for agents that run elsewhere. A step that is released has its handler running here until the
 * client says what came of it: so whatever holds for handlers in this process holds for those out there.
 */

import type { Authorized, Governor, Grant, Step } from "@polity/governor/governor.ts";
import { enforce } from "@polity/governor/index.ts";
import type { Party } from "@polity/lineage/entry.ts";
import { type ApiResponse, answerJson, type Call, type Operation, refuse } from "./api.ts";
import { mayAsk, maySpeakFor } from "./api-keys.ts";
import { placeOf } from "./decide-call.ts";
import {
  abortOf,
  type KeptExecution,
  type KeptExecutions,
  type StepSaid,
  settleAll,
  statusOfKept,
} from "./kept-executions.ts";
import { pendingBody } from "./paper-calls.ts";

/** What a client may leave out of its body. */
const nullable = (value: unknown): string | null => (value === undefined ? null : (value as string | null));

export function beginOperation(governor: Governor, kept: KeptExecutions): Operation {
  return async ({ key, body }: Call) => {
    const agent = body.agent as Party;
    if (!maySpeakFor(key, agent)) return refuse("api_key.scope", "this key is not for this agent");
    const parent = nullable(body.parent);
    // Whose authority is handed on has to be one's own.
    if (parent !== null && kept.find(parent, key.name) === null) return refuse("execution.unknown", UNKNOWN);
    const begun = await governor.begin({
      agent: { type: agent.type, id: agent.id },
      parent,
      purpose: nullable(body.purpose),
      zone: nullable(body.zone),
      attestation: nullable(body.attestation),
      ...(body.lease_ms !== undefined && { leaseMs: body.lease_ms as number }),
    });
    if (!begun.ok) return refuse(begun.code, begun.message);
    return answerJson(201, executionBody(kept.keep(begun.execution, key.name)));
  };
}

const UNKNOWN = "no execution of this id was begun with this key";

/** With the execution that the path names, where this key has begun it. */
export function onExecution(
  kept: KeptExecutions,
  operation: (call: Call, one: KeptExecution) => Promise<ApiResponse> | ApiResponse,
): Operation {
  return (call) => {
    const one = kept.find(call.id, call.key.name);
    return one === null ? refuse("execution.unknown", UNKNOWN) : operation(call, one);
  };
}

export function executionBody(one: KeptExecution) {
  const { id, agent, parent } = one.execution;
  return { id, agent, parent, status: statusOfKept(one), abort: abortOf(one) };
}

export async function stepCall({ body, isLate }: Call, one: KeptExecution): Promise<ApiResponse> {
  const { action, fields, entities } = body;
  const step: Step = {
    action: action as string,
    fields,
    ...(entities !== undefined && { entities }),
    requestId: nullable(body.request_id),
    retries: nullable(body.retries),
  };
  return stepResponse(one, await one.execution.authorize(step), isLate);
}

/** A held step is one of this service's own again, where its execution is. */
export function releaseOperation(governor: Governor, kept: KeptExecutions): Operation {
  return async ({ id, key, isLate }: Call) => {
    const pending = governor.approvals().find((one) => one.id === id);
    const one = pending === undefined ? null : kept.find(pending.execution, key.name);
    if (
      pending !== undefined &&
      governor.execution(pending.execution) === null &&
      mayAsk(key, pending.action)
    )
      return refuse("execution.ended", OUTLIVED);
    if (pending === undefined || one === null) {
      return refuse("approval.unknown", "nothing of this id waits in an execution of this key");
    }
    if (!mayAsk(key, pending.action)) return refuse("api_key.scope", "this key is not for this action");
    return stepResponse(one, await governor.release(id), isLate);
  };
}

const OUTLIVED =
  "its execution ended with a process: ask for the same step again in another one of its agent";

async function stepResponse(
  one: KeptExecution,
  authorized: Authorized,
  isLate: () => boolean,
): Promise<ApiResponse> {
  const { answer, grant } = await openStep(one, authorized);
  const { id } = answer;
  if (grant !== null && isLate()) {
    await one.steps.get(id ?? "")?.settle("failed", "nobody waited for the grant");
    return refuse("http.late");
  }
  return answerJson(200, stepBody(answer, grant));
}

/** Resolves as soon as it is known whether the step has a grant; the grant then waits for its outcome. */
function openStep({ steps }: KeptExecution, authorized: Authorized): Promise<StepSaid> {
  return new Promise((resolve, reject) => {
    let toldOutcome: (outcome: Outcome) => void = () => {};
    const told = new Promise<Outcome>((tell) => {
      toldOutcome = tell;
    });
    const refused = (answer: Authorized) => resolve({ answer, grant: null });
    const running = enforce(authorized, {
      allow(grant: Grant) {
        const id = authorized.id ?? "";
        steps.set(id, {
          async settle(status, note) {
            steps.delete(id);
            toldOutcome({ status, note });
            await ended;
          },
        });
        resolve({ answer: authorized, grant });
        return told.then(outcomeOf);
      },
      hold: (_pending, answer) => refused(answer),
      refuse: refused,
    });
    const ended = running.then(
      () => {},
      (error: unknown) => {
        // A failed step is told so by the client, who knows; anything else came before any grant.
        if (!(error instanceof StepFailed)) reject(error);
      },
    );
  });
}

interface Outcome {
  readonly status: "succeeded" | "failed";
  readonly note: string | null;
}

class StepFailed extends Error {}

function outcomeOf({ status, note }: Outcome): void {
  if (status === "failed") throw new StepFailed(note ?? "the client says that it failed");
}

function stepBody(answer: Authorized, grant: Grant | null) {
  const { id, verdict, code, reasons, request, receipt, pending, decisions } = answer;
  return {
    id,
    verdict,
    code,
    rules: decisions[0]?.rules ?? [],
    reasons,
    request: request?.digest ?? null,
    entry: placeOf(receipt),
    step: grant === null ? null : id,
    grant: grant === null ? null : { fields: grant.fields, advice: grant.advice },
    pending: pending === null ? null : pendingBody(pending),
  };
}

export async function outcomeCall({ body }: Call, { steps }: KeptExecution): Promise<ApiResponse> {
  const step = body.step as string;
  const open = steps.get(step);
  if (open === undefined) return refuse("step.in_use", "no step of this id waits for its outcome");
  await open.settle(body.status as Outcome["status"], nullable(body.note));
  return answerJson(200, { entry: step });
}

export async function endCall(
  { body }: Call,
  one: KeptExecution,
  over: KeptExecutions["over"],
): Promise<ApiResponse> {
  await settleAll(one);
  if (statusOfKept(one) === "live") {
    one.isEnded = true;
    await one.execution.end(body.status as "succeeded" | "failed" | "abandoned");
    over(one);
  }
  return answerJson(200, executionBody(one));
}
