/** The header of a request: every property is there and of its type, or the answer is deny (spec 9.2). */
import type { Containment } from "@polity/runtime/decision.ts";
import { APPROVALS_MAX, TIMESTAMP_MAX, TIMESTAMP_MIN, TRUST_MAX } from "@polity/runtime/layout.ts";
import type { EntityValue } from "../checked.ts";
import { type Denial, INVALID, isDenial, MISSING, OUT_OF_RANGE } from "./denial.ts";
import { decodeId } from "./input.ts";
import { ownData, readItems } from "./objects.ts";

/** Times are milliseconds since 1970. */
export interface HeaderValues {
  readonly now: bigint;
  readonly policyFrom: bigint;
  readonly policyUntil: bigint;
  readonly factsUntil: bigint;
  readonly readAt: bigint;
  readonly containment: Containment;
  readonly trust: bigint;
  readonly approvals: readonly HeldApproval[];
}

export interface HeldApproval {
  /** Its type may be unknown to the policy. */
  readonly approver: EntityValue;
  readonly askedAt: bigint;
  readonly givenAt: bigint;
  /** Digest of the request that was approved. */
  readonly request: string;
}

type Properties = ReadonlyMap<string, unknown>;

/** Properties in the order of the frame, then the approvals. */
export function decodeHeader(raw: unknown): HeaderValues | Denial {
  const header = ownData(raw);
  if (header === undefined) return INVALID;
  const now = readTime(header, "now");
  if (isDenial(now)) return now;
  const policyFrom = readTime(header, "policyFrom");
  if (isDenial(policyFrom)) return policyFrom;
  const policyUntil = readTime(header, "policyUntil");
  if (isDenial(policyUntil)) return policyUntil;
  const factsUntil = readTime(header, "factsUntil");
  if (isDenial(factsUntil)) return factsUntil;
  const contained = readObject(header, "containment");
  if (isDenial(contained)) return contained;
  const readAt = readTime(contained.properties, "readAt");
  if (isDenial(readAt)) return readAt;
  const state = readState(contained.properties);
  if (typeof state !== "string") return state;
  const trust = readInteger(header, "trust", 0n, TRUST_MAX);
  if (isDenial(trust)) return trust;
  const approvals = decodeApprovals(header);
  if (isDenial(approvals)) return approvals;
  return { now, policyFrom, policyUntil, factsUntil, readAt, containment: state, trust, approvals };
}

function readTime(of: Properties, name: string): bigint | Denial {
  return readInteger(of, name, TIMESTAMP_MIN, TIMESTAMP_MAX);
}

function readInteger(of: Properties, name: string, min: bigint, max: bigint): bigint | Denial {
  if (!of.has(name)) return MISSING;
  const raw = of.get(name);
  if (typeof raw !== "number" || !Number.isSafeInteger(raw) || Object.is(raw, -0)) return INVALID;
  const value = BigInt(raw);
  return value < min || value > max ? OUT_OF_RANGE : value;
}

function readObject(of: Properties, name: string): { readonly properties: Properties } | Denial {
  if (!of.has(name)) return MISSING;
  const properties = ownData(of.get(name));
  return properties === undefined ? INVALID : { properties };
}

function readState(of: Properties): Containment | Denial {
  if (!of.has("state")) return MISSING;
  const state = of.get("state");
  return state === "free" || state === "quarantined" || state === "terminated" ? state : INVALID;
}

function decodeApprovals(header: Properties): readonly HeldApproval[] | Denial {
  if (!header.has("approvals")) return MISSING;
  const items = readItems(header.get("approvals"), APPROVALS_MAX);
  if (isDenial(items)) return items;
  const approvals: HeldApproval[] = [];
  for (const item of items) {
    const approval = decodeApproval(item);
    if (isDenial(approval)) return approval;
    approvals.push(approval);
  }
  const isTwice = approvals.some((one, at) => approvals.slice(0, at).some((other) => isSame(one, other)));
  return isTwice ? INVALID : approvals;
}

function decodeApproval(raw: unknown): HeldApproval | Denial {
  const approval = ownData(raw);
  if (approval === undefined) return INVALID;
  const approver = readObject(approval, "approver");
  if (isDenial(approver)) return approver;
  if (!approver.properties.has("type") || !approver.properties.has("id")) return MISSING;
  const type = approver.properties.get("type");
  if (typeof type !== "string") return INVALID;
  const id = decodeId(approver.properties.get("id"));
  if (typeof id !== "string") return id;
  const askedAt = readTime(approval, "askedAt");
  if (isDenial(askedAt)) return askedAt;
  const givenAt = readTime(approval, "givenAt");
  if (isDenial(givenAt)) return givenAt;
  if (!approval.has("request")) return MISSING;
  const request = approval.get("request");
  if (typeof request !== "string" || !/^sha256:[0-9a-f]{64}$/.test(request)) return INVALID;
  return { approver: { type, id }, askedAt, givenAt, request };
}

function isSame(a: HeldApproval, b: HeldApproval): boolean {
  const isOneApprover = a.approver.type === b.approver.type && a.approver.id === b.approver.id;
  return isOneApprover && a.askedAt === b.askedAt && a.givenAt === b.givenAt && a.request === b.request;
}
