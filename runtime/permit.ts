/**
 * Permits: what a host hands to a downstream service so that the service sees for itself that one action with
 * exactly these fields was allowed, when, by which policies, and where that is written down. The service
 * needs neither policies nor facts, only public keys and the request's canonical JSON.
 */

import { encodeBase64Url } from "./base64url.ts";
import type { Obligation } from "./decision.ts";
import { verifyStrict } from "./ed25519.ts";
import { type Sha256, sha256, utf8 } from "./hash.ts";
import { permissionOf, type Releasable } from "./host-obligations.ts";
import { CanonicalJsonError } from "./json.ts";
import { permitCommitment, requestBytes } from "./permit-request.ts";
import {
  encodeClaims,
  encodeHeader,
  PERMIT_LIFETIME_MAX_MS,
  PERMIT_SALT_BYTES,
  type Permit,
} from "./permit-token.ts";
import type { Signer } from "./signer.ts";

export type { PermitKey } from "./permit-keys.ts";
export { type MemoryOptions, type PermitMemory, rememberPermits, type UsedPermit } from "./permit-memory.ts";
export { permitRequest } from "./permit-request.ts";
export type { Permit } from "./permit-token.ts";
export {
  PERMIT_CHECKS,
  type PermitCode,
  type PermitResult,
  type VerifyPermitOptions,
  verifyPermit,
} from "./permit-verify.ts";

/** A decision that was written down, as the recorder of a log answers it. */
export interface WrittenDecision {
  /** The id of its entry; null where there is none. */
  readonly id: string | null;
  /** In milliseconds since 1970. */
  readonly decidedMs: number;
  readonly decision: Releasable;
  readonly action: string;
  /** The request's canonical JSON; null where it has none. */
  readonly request: { readonly json: string } | null;
  /** Null where the host had no policy. */
  readonly set: { readonly digest: string; readonly epoch: number } | null;
  /** Where its entry is durable; null where it is not. */
  readonly receipt: { readonly origin: string; readonly index: number; readonly leafHash: string } | null;
}

export interface PermitTerms {
  /** Who issues it, and for which service: 1 to 255 characters each. */
  readonly issuer: string;
  readonly audience: string;
  readonly nowMs: number;
  /** 1 second to 1 hour, in whole seconds; 1 minute where it is left out. */
  readonly lifetimeMs?: number;
  /** Not to be used before; now where it is left out. Counted in whole seconds, downwards. */
  readonly notBeforeMs?: number;
  /** How old the decision may be, for what was true then may be no longer; 5 minutes where it is left out. */
  readonly ageMaxMs?: number;
  /** The obligations of the decision that are due before and were discharged. */
  readonly discharged?: readonly Obligation[];
  /** Unpredictable bytes, as many as it is asked for. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly sha256?: Sha256;
}

export type IssueCode =
  | "permit.not_allowed"
  | "permit.undischarged"
  | "permit.no_receipt"
  | "permit.stale"
  | "permit.not_decided"
  | "permit.terms";

export type IssueResult =
  | { readonly ok: true; readonly token: string; readonly permit: Permit }
  | { readonly ok: false; readonly code: IssueCode; readonly message: string };

const LIFETIME_USUAL_MS = 60_000;
const AGE_MAX_USUAL_MS = 300_000;

/**
 * A permit for what was decided, on paper and allowed: whatever else is refused. Rejects where the signer
 * does, or answers with anything but a signature by its own key.
 */
export async function issuePermit(
  written: WrittenDecision,
  terms: PermitTerms,
  { publicKey, sign }: Signer,
): Promise<IssueResult> {
  const made = claimsOf(written, terms);
  if ("code" in made) return made;
  const { permit, claims } = made;
  const parts = [encodeHeader(publicKey.id), claims].map((part) => encodeBase64Url(utf8(part)));
  const signed = utf8(parts.join("."));
  const signature = Uint8Array.from(await sign(Uint8Array.from(signed)));
  // A faulty signature can give away the key that made it.
  if (!verifyStrict(publicKey.bytes, signed, signature)) {
    throw new Error(`the signer of ${publicKey.id} answered with no signature by that key`);
  }
  return { ok: true, token: [...parts, encodeBase64Url(signature)].join("."), permit };
}

type Made =
  | { readonly permit: Permit; readonly claims: string }
  | Extract<IssueResult, { readonly ok: false }>;

function claimsOf(written: WrittenDecision, terms: PermitTerms): Made {
  const { receipt } = written;
  const permission = permissionOf(written.decision, terms.discharged);
  if (permission.kind === "refused") {
    return refuse("permit.not_allowed", `the decision is ${written.decision.verdict}: nothing is permitted`);
  }
  if (permission.kind === "undischarged") {
    const names = permission.before.map(({ name }) => name).join(", ");
    return refuse("permit.undischarged", `due before, and not discharged yet: ${names}`);
  }
  if (receipt === null) {
    return refuse("permit.no_receipt", "the decision is not durable in a log: nobody could look it up");
  }
  const problem = termsProblem(written, terms);
  if (problem !== null) return problem;
  try {
    const permit = permitOf(written, receipt, terms);
    return { permit, claims: encodeClaims(permit) };
  } catch (error) {
    if (error instanceof RangeError || error instanceof CanonicalJsonError) {
      return refuse("permit.terms", error.message);
    }
    throw error;
  }
}

function permitOf(
  written: WrittenDecision,
  receipt: NonNullable<WrittenDecision["receipt"]>,
  terms: PermitTerms,
): Permit {
  const { id, action, request, set } = written;
  if (id === null || request === null || set === null) {
    throw new RangeError("the decision has no entry, no request or no policy set");
  }
  const salt = Uint8Array.from(terms.randomBytes(PERMIT_SALT_BYTES));
  const json = requestBytes(request.json);
  if (json === null) throw new RangeError("the request is no canonical JSON");
  const issuedMs = seconds(terms.nowMs);
  return {
    id,
    issuer: terms.issuer,
    audience: terms.audience,
    action,
    request: { commitment: permitCommitment(json, salt, terms.sha256 ?? sha256), salt },
    set: { digest: set.digest, epoch: set.epoch },
    log: { origin: receipt.origin, index: receipt.index, leaf: receipt.leafHash },
    issuedMs,
    notBeforeMs: seconds(terms.notBeforeMs ?? terms.nowMs),
    expiresMs: issuedMs + seconds(terms.lifetimeMs ?? LIFETIME_USUAL_MS),
  };
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

function termsProblem({ decidedMs }: WrittenDecision, terms: PermitTerms): Made | null {
  const { nowMs, lifetimeMs = LIFETIME_USUAL_MS, ageMaxMs = AGE_MAX_USUAL_MS } = terms;
  if (!Number.isSafeInteger(nowMs) || !Number.isSafeInteger(decidedMs) || !Number.isSafeInteger(ageMaxMs)) {
    return refuse("permit.terms", "a time is no whole number of milliseconds");
  }
  if (lifetimeMs % 1000 !== 0 || lifetimeMs < 1000 || lifetimeMs > PERMIT_LIFETIME_MAX_MS) {
    return refuse("permit.terms", "a permit lives for 1 second to 1 hour, in whole seconds");
  }
  if (decidedMs > nowMs) {
    const ahead = Math.ceil((decidedMs - nowMs) / 1000);
    return refuse("permit.not_decided", `decided ${ahead} s from now: one of two clocks is wrong`);
  }
  if (nowMs - decidedMs <= ageMaxMs) return null;
  const age = Math.floor((nowMs - decidedMs) / 1000);
  return refuse(
    "permit.stale",
    `decided ${age} s ago, at most ${ageMaxMs / 1000} s are let pass: decide anew`,
  );
}

function refuse(code: IssueCode, message: string): Extract<IssueResult, { readonly ok: false }> {
  return { ok: false, code, message };
}
