/** What each operation of the table does. */
import type { Governor } from "@polity/governor/governor.ts";
import { abortCall } from "./abort-call.ts";
import { answerJson, type Operation } from "./api.ts";
import { type Decider, decideOperation } from "./decide-call.ts";
import {
  beginOperation,
  endCall,
  executionBody,
  onExecution,
  outcomeCall,
  releaseOperation,
  stepCall,
} from "./execution-calls.ts";
import { keepExecutions } from "./kept-executions.ts";
import { obligationsOperation } from "./obligations-call.ts";
import { openApiText } from "./openapi.ts";
import { approvalsOperation, approveOperation, attestCall, orderOperation } from "./paper-calls.ts";
import type { OperationName } from "./routes.ts";

export interface Service {
  readonly decider: Decider;
  readonly governor: Governor;
  /** Why nothing would be released at the moment: no policy, a log that refuses, lost freshness. */
  readonly problem: () => string | null;
  readonly version: string;
}

export function operationsOf(service: Service): Readonly<Record<OperationName, Operation>> {
  const { decider, governor, problem, version } = service;
  const kept = keepExecutions();
  const document = openApiText(version);
  return {
    decide: decideOperation(decider),
    beginExecution: beginOperation(governor, kept),
    getExecution: onExecution(kept, (_call, one) => answerJson(200, executionBody(one))),
    authorizeStep: onExecution(kept, stepCall),
    reportOutcome: onExecution(kept, outcomeCall),
    attestExecution: onExecution(kept, attestCall(governor)),
    endExecution: onExecution(kept, (call, one) => endCall(call, one, kept.over)),
    awaitAbort: onExecution(kept, abortCall),
    listApprovals: approvalsOperation(governor),
    giveApproval: approveOperation(governor),
    releaseHeld: releaseOperation(governor, kept),
    giveOrder: orderOperation(governor),
    listObligations: obligationsOperation(governor),
    health: () => answerJson(200, { ok: true, reason: null }),
    readiness() {
      const reason = problem();
      return answerJson(reason === null ? 200 : 503, { ok: reason === null, reason });
    },
    document: () => ({ ...answerJson(200, null), body: document }),
  };
}
