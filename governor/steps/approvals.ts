/**
 * Held requests and the answers to them, as pure functions: what is pending, who has answered, what of it
 * goes into a header, and when it is over. Nothing here lets anything through: a release is a new decision.
 */
import type { Party } from "@polity/lineage/entry.ts";
import type { EntryBody } from "@polity/lineage/recorder.ts";
import type { ApprovalInput } from "@polity/runtime/header.ts";
import type { NamedRequest } from "@polity/runtime/request.ts";
import type { GovernorCode } from "../codes.ts";
import type { GivenApproval, HoldRule, PendingApproval, Refusal } from "../governor.ts";
import { type Approval, approverName } from "../papers/approval.ts";

/** As many as a header takes; whoever comes later has nothing to say any more. */
export const ANSWERS_MAX = 16;

export interface Held {
  /** The id of the entry of the decision that holds it. */
  readonly id: string;
  readonly execution: string;
  readonly action: string;
  readonly request: NamedRequest;
  /** Of `holdRulesOf`; not none. */
  readonly rules: readonly HoldRule[];
  readonly askedAt: number;
}

/** All rules have to be satisfied at once, so the one that waits the shortest says when it is over. */
export function pendingOf({ request, rules, askedAt, ...held }: Held): PendingApproval {
  const expiresAt = askedAt + Math.min(...rules.map(({ withinMs }) => withinMs));
  return {
    ...held,
    requestDigest: request.digest,
    request: request.json,
    rules,
    askedAt,
    expiresAt,
    given: [],
  };
}

/** The same after a restart: as it was asked, with the answers that the log has. */
export function restoredPending(held: Held, answers: readonly GivenApproval[]): PendingApproval {
  return { ...pendingOf(held), given: answers.slice(0, ANSWERS_MAX) };
}

export type AnswerResult = { readonly ok: true; readonly pending: PendingApproval } | Refusal;

/**
 * One more answer to what is pending. `approval` is one that `verifyApproval` let in; `named` are those whom
 * the request names, and those who act: nobody approves for himself. The evaluator asks that again.
 */
export function answerPending(
  pending: PendingApproval,
  approval: Approval,
  named: readonly Party[],
  nowMs: number,
): AnswerResult {
  const over = endOf(pending, nowMs);
  if (over !== null) return over;
  const other = differenceOf(pending, approval);
  if (other !== null) {
    return no("approval.wrong_request", `it answers another question: \`${other}\` is not as it was asked`);
  }
  const { approver, decision, issuedMs: givenAt } = approval;
  const who = approverName(approver);
  if (named.some((party) => isSame(party, approver))) {
    return no("approval.named", `${who} is named in the request, or acts in it, and cannot answer`);
  }
  if (pending.given.some((one) => isSame(one.approver, approver))) {
    return no("approval.replayed", `${who} has answered already, and counts once`);
  }
  if (pending.given.length >= ANSWERS_MAX) {
    return no("approval.replayed", `${ANSWERS_MAX} have answered already: no more are taken`);
  }
  return { ok: true, pending: { ...pending, given: [...pending.given, { approver, decision, givenAt }] } };
}

/** Why nothing can be approved any more; null while it can. One rejection ends it. */
export function endOf({ id, given, expiresAt }: PendingApproval, nowMs: number): Refusal | null {
  const rejected = given.find(({ decision }) => decision === "rejected");
  if (rejected !== undefined) {
    return no("approval.rejected", `${approverName(rejected.approver)} has rejected ${id}`);
  }
  // What is no time is not before the end either.
  if (nowMs < expiresAt) return null;
  return no("approval.expired", `nobody approved ${id} in time: ask for the step again`);
}

/**
 * Why it is not worth asking again yet; null where enough have answered for every rule. Who of them is in
 * which group the evaluator says, so it may still be held after that.
 */
export function waitingFor(pending: PendingApproval, nowMs: number): Refusal | null {
  const over = endOf(pending, nowMs);
  if (over !== null) return over;
  const { given, rules } = pending;
  const missing = Math.max(...rules.map(({ quorum }) => quorum)) - given.length;
  if (missing <= 0) return null;
  return no("approval.pending", `${missing} more ${missing === 1 ? "has" : "have"} to approve ${pending.id}`);
}

/** For the header of the decision that is to release it; in no order that matters. */
export function approvalsFor({ requestDigest, askedAt, given }: PendingApproval): readonly ApprovalInput[] {
  const approved = given.filter(({ decision }) => decision === "approved");
  return approved.map(({ approver, givenAt }) => ({ request: requestDigest, approver, askedAt, givenAt }));
}

/** What the log says of an answer. Its parent is the held decision, so the request need not be named. */
export function approvalBody({ approver, decision, rules, askedMs, issuedMs }: Approval): EntryBody {
  const [rule = ""] = rules;
  const said = { request: null, approver, decision, rule, askedAt: askedMs, givenAt: issuedMs };
  return { kind: "approval", ...said };
}

/** What has to be signed by whoever answers, as it was asked. */
export type Question = Pick<Approval, "pending" | "request" | "rules" | "askedMs" | "expiresMs">;

export function questionOf({ id, requestDigest, rules, askedAt, expiresAt }: PendingApproval): Question {
  return {
    pending: id,
    request: requestDigest,
    // Several members of a set may have a rule of one name.
    rules: [...new Set(rules.map(({ rule }) => rule))].sort(),
    askedMs: askedAt,
    expiresMs: expiresAt,
  };
}

/** The first member that says something else than was asked. */
function differenceOf(pending: PendingApproval, approval: Approval): string | null {
  const asked = questionOf(pending);
  if (approval.pending !== asked.pending) return "pending";
  if (approval.request !== asked.request) return "request";
  if (approval.rules.join(" ") !== asked.rules.join(" ")) return "rules";
  if (approval.askedMs !== asked.askedMs) return "asked";
  return approval.expiresMs === asked.expiresMs ? null : "expires";
}

function isSame(a: Party, b: Party): boolean {
  return a.type === b.type && a.id === b.id;
}

function no(code: GovernorCode, message: string): Refusal {
  return { ok: false, code, message };
}
