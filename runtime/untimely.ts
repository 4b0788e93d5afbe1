/** What a member of a set that is not asked still says: whether it may be used at all, and now. */
import type { Code } from "./decision.ts";
import type { Header } from "./header.ts";
import { headerCode, readApprovals, type Validity } from "./header-fields.ts";
import type { Manifest } from "./manifest.ts";

/** In the order of docs/abi.md. Whom the request is about is known to the members that are asked. */
export function untimely(
  { valid, containmentAgeMs }: Manifest,
  signed: Validity | null,
  header: Header,
): Code | null {
  try {
    const malformed = headerCode(header);
    if (malformed !== null) return malformed;
    const approvals = readApprovals(header.approvals, NO_TYPES);
    if (typeof approvals === "string") return approvals;
    const { now, policyFrom, policyUntil, factsUntil, containment } = header;
    if (valid !== null && !(valid.fromMs <= now && now < valid.untilMs)) return "policy.expired";
    if (!(policyFrom <= now && now <= policyUntil)) return "policy.stale";
    if (signed !== null && !(signed.fromMs <= now && now < signed.untilMs)) return "policy.stale";
    if (!(now <= factsUntil)) return "facts.stale";
    const { readAt } = containment;
    return readAt <= now && BigInt(now) < BigInt(readAt) + containmentAgeMs ? null : "containment.stale";
  } catch {
    // A getter threw, or there is no header at all.
    return "input.invalid";
  }
}

const NO_TYPES: ReadonlyMap<string, number> = new Map();
