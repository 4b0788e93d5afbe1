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

const FROZEN = new WeakSet<object>();

/**
 * A copy that can never say anything else. A host that is given the same copy several times knows it again,
 * and need not read it: for services that decide many requests in one moment. Approvals stay as they are.
 */
export function freezeHeader(header: Header): Header {
  const { now, policyFrom, policyUntil, factsUntil, containment, trust, approvals } = header;
  const { state, readAt } = containment;
  const frozen = Object.freeze({
    now,
    policyFrom,
    policyUntil,
    factsUntil,
    trust,
    containment: Object.freeze({ state, readAt }),
    approvals: Object.freeze([...approvals]),
  });
  FROZEN.add(frozen);
  return frozen;
}

/** Made by `freezeHeader`. What others froze may still be a proxy, which can fail or be taken back. */
export function isFrozenHeader(header: Header): boolean {
  return FROZEN.has(header);
}
