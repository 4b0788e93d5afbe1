/** Signed papers over HTTP: answers to what waits, and orders. Their signatures say who gave them. */
import type { Applied, Governor, PendingApproval } from "@polity/governor/governor.ts";
import { type ApiResponse, answerJson, type Call, type Operation, refuse } from "./api.ts";

export function approvalsOperation(governor: Governor): Operation {
  return ({ key: { agents } }: Call) => {
    // A key for some agents hears of nobody else.
    const own = governor.approvals().filter(({ execution }) => {
      const agent = governor.execution(execution)?.agent;
      return agents === null || agents.some(({ type, id }) => type === agent?.type && id === agent.id);
    });
    return answerJson(200, { approvals: own.map(pendingBody) });
  };
}

export function approveOperation(governor: Governor): Operation {
  return async ({ body }: Call) => applied(await governor.approve(body.envelope as string));
}

export function orderOperation(governor: Governor): Operation {
  return async ({ body }: Call) => applied(await governor.order(body.envelope as string));
}

/** For an execution that the key of the call has begun. */
export function attestCall(governor: Governor) {
  return async ({ id, body }: Call) => applied(await governor.attest(id, body.envelope as string));
}

function applied(said: Applied): ApiResponse {
  return said.ok ? answerJson(200, { entry: said.entry }) : refuse(said.code, said.message);
}

export function pendingBody(pending: PendingApproval) {
  const { id, execution, action, requestDigest, request, rules, askedAt, expiresAt, given } = pending;
  return {
    id,
    execution,
    action,
    request_digest: requestDigest,
    request,
    rules: rules.map(({ rule, because, approvers, quorum, withinMs }) => {
      return { rule, because, approvers, quorum, within_ms: withinMs };
    }),
    asked_at: askedAt,
    expires_at: expiresAt,
    given: given.map(({ approver, decision, givenAt }) => ({ approver, decision, given_at: givenAt })),
  };
}
