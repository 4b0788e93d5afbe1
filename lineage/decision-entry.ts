/** From what a host knows after a decision to the entry that tells of it. */
import type { Obligation, Outcome } from "@polity/runtime/decision.ts";
import { digestName, sha256, utf8 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import { compareText, utf8Length } from "@polity/runtime/text-order.ts";
import type { RequestCommitment } from "./commitment.ts";
import type { Common, DecisionEntry, EntryHeader, EntryObligation, MemberDecision } from "./entry.ts";
import { headerShape, idShape, nameShape } from "./entry-schema.ts";
import { fits } from "./entry-shape.ts";

/** What an entry says of itself: the host's own names and counters. */
export type EntryIdentity = Omit<Common<"decision">, "v" | "kind">;

export interface Decided {
  readonly identity: EntryIdentity;
  /** What the caller calls the request, if anything. */
  readonly requestId: string | null;
  /** A `Decision` of the runtime; an `Outcome` without totals lists all of its rules. */
  readonly decision: Judged;
  /** The policy's name and the evaluator's digest; null where the host had none. */
  readonly policy: (Recorded & { readonly name: string }) | null;
  /** Of a policy set, in place of `policy`: its digest, and what each member said, by its name in the set. */
  readonly set?: {
    readonly digest: string;
    readonly epoch: number;
    readonly members: readonly DecidedMember[];
  };
  /** The digest of the facts, if there were any. */
  readonly facts: string | null;
  /** The digest of the file of built facts, where one was loaded. */
  readonly factsBuilt?: string | null;
  /** As it was asked for; null where nothing was. */
  readonly action: string | null;
  /** The digest of the request's canonical JSON, and the commitment to it; null where it has no such form. */
  readonly request: { readonly digest: string; readonly commitment: RequestCommitment } | null;
  /** As it was given; null where it could not even be read. */
  readonly header: Header | null;
  /** Places of the header's approvals that the release used up; none where it is left out. */
  readonly approvalsConsumed?: readonly number[];
}

export type Judged = Pick<
  Outcome,
  "verdict" | "code" | "granted" | "rules" | "errors" | "shadow" | "obligations"
> & {
  readonly rulesTotal?: number;
  readonly errorsTotal?: number;
};

interface Recorded {
  readonly evaluator: string;
  /** As it was signed, `fromMs <= now < untilMs`; left out or null: for ever. */
  readonly validity?: { readonly fromMs: number; readonly untilMs: number } | null;
}

export interface DecidedMember extends Recorded {
  /** In the set. */
  readonly name: string;
  readonly policy: string;
  /** Reported, never counted. */
  readonly isShadow: boolean;
  readonly decision: Judged;
}

/**
 * A decision of a policy set, or of a single evaluator outside any set: as a set it has the evaluator's
 * digest and epoch 0. The entry says null for an id, action or header that could not be written, so that
 * every decision can be.
 */
export function decisionEntry(decided: Decided): DecisionEntry {
  const { identity, requestId, decision, facts, action, request } = decided;
  const header = decided.header === null ? null : headerOf(decided.header, request?.digest ?? null);
  return {
    v: 1,
    kind: "decision",
    ...identity,
    // What is none is not asked about, since a refusal takes its time.
    requestId: requestId !== null && fits(idShape, requestId) ? requestId : null,
    ...setOf(decided),
    facts,
    factsBuilt: decided.factsBuilt ?? null,
    state: null,
    action: action !== null && fits(nameShape, action) ? action : null,
    request: request?.commitment ?? null,
    header,
    verdict: decision.verdict,
    code: decision.code,
    obligations: decision.obligations.map(obligationOf),
    approvalsConsumed: decided.approvalsConsumed ?? [],
  };
}

function setOf({ set, policy, decision }: Decided): Pick<DecisionEntry, "set" | "members"> {
  if (set !== undefined) {
    const { digest, epoch, members } = set;
    const share = shareOf(members);
    const named = [...members].sort((a, b) => compareText(a.name, b.name));
    return { set: { digest, epoch }, members: named.map((one) => memberOf(one, share)) };
  }
  if (policy === null) return { set: null, members: [] };
  const { name: own, evaluator, validity = null } = policy;
  const alone = memberOf({ name: null, policy: own, evaluator, validity, isShadow: false, decision }, 1);
  return { set: { digest: evaluator, epoch: 0 }, members: [alone] };
}

const ARGUMENTS_BYTES_MAX = 4_096;

/** Arguments that are too long for an entry are named by the digest of their canonical JSON. */
function obligationOf({ name, when: phase, arguments: given }: Obligation): EntryObligation {
  const json = canonicalJson(given);
  const isShort = utf8Length(json) <= ARGUMENTS_BYTES_MAX;
  const digest = isShort ? "" : digestName(sha256(utf8(json)));
  // No argument has a name like this.
  return { name, phase, arguments: isShort ? json : canonicalJson({ $digest: digest }) };
}

/** Bytes of names that all members list: no entry is too large, whatever fired. Totals say the rest. */
const RULES_BYTES_MAX = 16 * 1024;
const ERRORS_BYTES_MAX = 8 * 1024;
const SHADOW_BYTES_MAX = 4 * 1024;

/** What a member takes that lists nothing, its policy's name apart. */
const MEMBER_BYTES = 525;

/** Of the room for lists, what each member has: what the others take besides is not there for any of them. */
function shareOf(members: readonly DecidedMember[]): number {
  const room = RULES_BYTES_MAX + ERRORS_BYTES_MAX + SHADOW_BYTES_MAX;
  const others = members.slice(1).reduce((sum, { policy }) => sum + MEMBER_BYTES + utf8Length(policy), 0);
  return Math.max(0, room - others) / room / members.length;
}

/** `share`: of the room for lists, from 0 to 1. */
function memberOf(
  member: Omit<DecidedMember, "name"> & Pick<MemberDecision, "name">,
  share: number,
): MemberDecision {
  const { name, policy, evaluator, validity = null, isShadow, decision } = member;
  const { verdict, code, granted, rules, errors, shadow = [] } = decision;
  const listed = firstOf(shadow, (rule) => rule, SHADOW_BYTES_MAX * share);
  const erring = firstOf(errors, ({ rule }) => rule, ERRORS_BYTES_MAX * share);
  return {
    name,
    policy,
    evaluator,
    mode: isShadow ? "shadow" : "enforcing",
    validity: validity && { from: validity.fromMs, until: validity.untilMs },
    verdict,
    code,
    granted,
    rules: firstOf(rules, (rule) => rule, RULES_BYTES_MAX * share),
    rulesTotal: decision.rulesTotal ?? rules.length,
    errors: erring.map(({ rule, kind }) => ({ rule, kind })),
    errorsTotal: decision.errorsTotal ?? errors.length,
    ...(listed.length === 0 ? {} : { shadow: listed }),
  };
}

/** As many from the front as have names of so many bytes together. */
function firstOf<T>(all: readonly T[], nameOf: (one: T) => string, bytesMax: number): readonly T[] {
  let bytes = 0;
  for (const [at, one] of all.entries()) {
    bytes += utf8Length(nameOf(one));
    if (bytes > bytesMax) return all.slice(0, at);
  }
  return all;
}

/** A copy with the entry's members alone; null where that is no header of an entry. */
function headerOf(header: Header, digest: string | null): EntryHeader | null {
  try {
    const { now, policyFrom, policyUntil, factsUntil, containment, trust, approvals } = header;
    // An evaluator is not asked with any other, whatever it says.
    if (!isPlain(header) || !isPlain(containment)) return null;
    const copy: EntryHeader = {
      now,
      policyFrom,
      policyUntil,
      factsUntil,
      containment: { state: containment.state, readAt: containment.readAt },
      trust,
      approvals: approvals.map(({ request, approver, askedAt, givenAt }) => ({
        request: request === digest ? null : request,
        approver: { type: approver.type, id: approver.id },
        askedAt,
        givenAt,
      })),
    };
    return fits(headerShape, copy) ? copy : null;
  } catch {
    // From JavaScript anything may arrive, and it has been denied already.
    return null;
  }
}

function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null;
}
