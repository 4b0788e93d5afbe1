/**
 * What a log holds: entries, schema version 1. An entry says what happened, who was asked and what answered;
 * the request itself lies beside the log, where it can be erased, and the entry only commits to it.
 * Names here are camelCase; `entry-codec.ts` writes them as snake_case, times as RFC 3339.
 */
import type { Containment, Verdict } from "@polity/runtime/decision.ts";
import type { RequestCommitment } from "./commitment.ts";

export type Entry =
  | DecisionEntry
  | OutcomeEntry
  | EventEntry
  | ExecutionEntry
  | TrustEntry
  | EpochEntry
  | KeyEntry
  | ApprovalEntry
  | ContainmentEntry
  | RedactionEntry
  | GapEntry
  | HeartbeatEntry;

export type EntryKind = Entry["kind"];

/** What every entry says. `null` stands for "there is none": no member is ever left out. */
export interface Common<Kind extends string> {
  readonly v: 1;
  readonly kind: Kind;
  /** A UUID (RFC 9562) in lower case; unique among all logs. */
  readonly id: string;
  /** When the node made the entry, in milliseconds since 1970: a claim of the node's clock. */
  readonly at: number;
  /** Who wrote it. */
  readonly node: string;
  /** Counts the entries of one node in one log from 0 without a hole; what is missing has a `gap`. */
  readonly seq: number;
  /** The execution that it belongs to. */
  readonly execution: string | null;
  /** What led here. A parent is in its log before its child is made, so there are no cycles. */
  readonly parents: readonly Parent[];
  /** W3C Trace Context. */
  readonly trace: Trace | null;
}

export interface Parent {
  /** The parent's leaf hash: `sha256:` and 64 hex digits. */
  readonly leaf: string;
  readonly relation: "caused" | "delegated" | "approved" | "retried";
  /** The origin of the parent's log; null for this one. */
  readonly log: string | null;
}

export interface Trace {
  /** 32 hex digits, not all of them zero. */
  readonly trace: string;
  /** 16 hex digits, not all of them zero. */
  readonly span: string;
}

/** An entity: an agent, a person, a service. */
export interface Party {
  readonly type: string;
  readonly id: string;
}

/** One answer to one request. */
export interface DecisionEntry extends Common<"decision"> {
  /** What the caller calls the request. */
  readonly requestId: string | null;
  /** Null where the host had no policy. A single evaluator is a set of its own: its digest, and epoch 0. */
  readonly set: PolicySet | null;
  readonly members: readonly MemberDecision[];
  /** The digest of the facts. */
  readonly facts: string | null;
  /** The digest of the file of built facts, if one was loaded. */
  readonly factsBuilt: string | null;
  /** Digests of the state before and after; null where the policy keeps none. */
  readonly state: { readonly before: string; readonly after: string } | null;
  /** Null where what was asked for is no text that an action could be called by. */
  readonly action: string | null;
  /** Null where the request has no canonical form. */
  readonly request: RequestCommitment | null;
  /** Null where the header was unreadable. */
  readonly header: EntryHeader | null;
  /** Of all enforcing members together. */
  readonly verdict: Verdict;
  /** A code of the runtime, `rule` or `input.missing`, say. */
  readonly code: string;
  readonly obligations: readonly EntryObligation[];
  /** Which of the header's approvals released a hold: their places, ascending. */
  readonly approvalsConsumed: readonly number[];
}

export interface PolicySet {
  readonly digest: string;
  readonly epoch: number;
}

/** What one evaluator of the set answered. */
export interface MemberDecision {
  /** Its name in the set; null of an evaluator outside any set. */
  readonly name: string | null;
  readonly policy: string;
  /** The evaluator's digest. */
  readonly evaluator: string;
  /** What a shadow answers is written down and changes nothing. */
  readonly mode: "enforcing" | "shadow";
  /** For how long it was signed to be used, milliseconds since 1970, `until` not included; null: for ever. */
  readonly validity: { readonly from: number; readonly until: number } | null;
  readonly verdict: Verdict;
  readonly code: string;
  readonly granted: boolean;
  /** Fired rules by name, in byte order; the first of them where there are too many. */
  readonly rules: readonly string[];
  readonly rulesTotal: number;
  /** Rules that ended in an error, by name, in byte order; the first of them where there are too many. */
  readonly errors: readonly { readonly rule: string; readonly kind: string }[];
  readonly errorsTotal: number;
  /** Shadow rules that fired or erred, by name; left out where there are none. */
  readonly shadow?: readonly string[];
}

/** What the host said with the request (see `Header` of the runtime); times in milliseconds since 1970. */
export interface EntryHeader {
  readonly now: number;
  readonly policyFrom: number;
  readonly policyUntil: number;
  readonly factsUntil: number;
  readonly containment: { readonly state: Containment; readonly readAt: number };
  /** 0..1000. */
  readonly trust: number;
  readonly approvals: readonly EntryApproval[];
}

export interface EntryApproval {
  /**
   * The digest of the request that was approved; null for this very request, whose digest is not written:
   * it has no salt, so an erased request could be guessed from it.
   */
  readonly request: string | null;
  readonly approver: Party;
  readonly askedAt: number;
  readonly givenAt: number;
}

export interface EntryObligation {
  readonly name: string;
  /** To be done before the release, after it, or at will. */
  readonly phase: "before" | "after" | "advice";
  /** Canonical JSON of an object. */
  readonly arguments: string;
}

/** What came of a decision's action. */
export interface OutcomeEntry extends Common<"outcome"> {
  /** The id of the decision's entry. */
  readonly decision: string;
  readonly status: "succeeded" | "failed" | "abandoned";
  /** The digest of what the action gave back. */
  readonly result: string | null;
  readonly note: string | null;
}

/** What an enforcement point or an agent reports. */
export interface EventEntry extends Common<"event"> {
  readonly name: string;
  readonly phase: "released" | "refused" | "ok" | "failed";
  /** What the reporter calls the event. */
  readonly event: string;
  /** Of what the event carried. */
  readonly digest: string | null;
}

/** An execution begins or ends; `execution` is its id. */
export interface ExecutionEntry extends Common<"execution"> {
  readonly phase: "begin" | "end";
  readonly agent: Party;
  readonly purpose: string | null;
  /** The digest of a statement about what runs. */
  readonly attestation: string | null;
  /** Null where it begins. */
  readonly status: "succeeded" | "failed" | "abandoned" | null;
}

/** A subject's trust changed. */
export interface TrustEntry extends Common<"trust"> {
  readonly subject: Party;
  /** 0..1000. */
  readonly before: number;
  readonly after: number;
  readonly reason: string;
}

/** Another policy set decides from here on. A rollback is a new epoch whose content is older. */
export interface EpochEntry extends Common<"epoch"> {
  readonly epoch: number;
  /** The set's digest. */
  readonly set: string;
  /** Null for the first one. */
  readonly previous: number | null;
  readonly change: "activation" | "rollback";
}

/** A key is trusted, is no longer, or takes another one's place. */
export interface KeyEntry extends Common<"key"> {
  readonly action: "added" | "retired" | "rotated";
  /** The key's id. */
  readonly key: string;
  /** The id of the key whose place it takes; null unless rotated. */
  readonly replaces: string | null;
  readonly purpose: "policy" | "log" | "freshness" | "approver" | "root" | "workload";
  readonly name: string;
}

/** Somebody was asked about a held request, and answered. */
export interface ApprovalEntry extends Common<"approval"> {
  /** The request's digest, which has no salt; null where the held decision, a parent, says enough. */
  readonly request: string | null;
  readonly approver: Party;
  readonly decision: "approved" | "rejected";
  /** The rule that held. */
  readonly rule: string;
  readonly askedAt: number;
  readonly givenAt: number;
}

/** A subject was contained, or set free. */
export interface ContainmentEntry extends Common<"containment"> {
  readonly subject: Party;
  readonly state: Containment;
  readonly reason: string;
}

/** What opened commitments was erased; the entries and every proof stay as they are. */
export interface RedactionEntry extends Common<"redaction"> {
  readonly targets: readonly RedactionTarget[];
  readonly reason: string;
}

export interface RedactionTarget {
  /** The leaf hash of the entry whose request it was. */
  readonly leaf: string;
  /** Which sensitive fields (RFC 6901), sorted; none stands for the whole request. */
  readonly pointers: readonly string[];
}

/** Entries that should be here and are not. */
export interface GapEntry extends Common<"gap"> {
  /** The first missing one's `seq`. */
  readonly fromSeq: number;
  readonly count: number;
  readonly why: "shed" | "lost" | "restart";
}

/** The node was there and had nothing to say. */
export interface HeartbeatEntry extends Common<"heartbeat"> {
  /** The last checkpoint that the node saw: its size, and its root as `sha256:` and 64 hex digits. */
  readonly checkpoint: { readonly size: number; readonly root: string } | null;
}
