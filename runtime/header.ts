import type { Containment } from "./decision.ts";

/**
 * What the host says with every request. Every property is required, by type and at run time: one that is
 * left out is a deny (`input.missing`), never a default. Times are milliseconds since 1970 as integers.
 */
export interface Header {
  readonly now: number;
  /** The policy is known to be current while `policyFrom <= now <= policyUntil`. */
  readonly policyFrom: number;
  readonly policyUntil: number;
  /** The facts are known to be current while `now <= factsUntil`. */
  readonly factsUntil: number;
  /** The strictest of the subject and its delegators, and when that was read. */
  readonly containment: { readonly state: Containment; readonly readAt: number };
  /** The subject's trust, 0..1000. */
  readonly trust: number;
  /** Approvals held for exactly this request; at most 16. */
  readonly approvals: readonly ApprovalInput[];
}

export interface ApprovalInput {
  /** `sha256:` and 64 hex digits: the digest of the request that was approved. */
  readonly request: string;
  readonly approver: { readonly type: string; readonly id: string };
  readonly askedAt: number;
  readonly givenAt: number;
}
