/**
 * What a service sees of a governor: executions that begin, ask before each action, report what came of it,
 * and end; and what is ordered and approved from outside. Whatever cannot be decided is refused with a code.
 */
import type { Party } from "@polity/lineage/entry.ts";
import type { LogReceipt } from "@polity/lineage/recorder.ts";
import type { Containment, Obligation, Verdict } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { NamedRequest } from "@polity/runtime/request.ts";
import type { Decision } from "@polity/runtime/result.ts";
import type { GovernorCode } from "./codes.ts";

/** Nothing has happened, and `message` says why and what to do. */
export interface Refusal {
  readonly ok: false;
  readonly code: GovernorCode;
  readonly message: string;
}

/** What somebody begins who acts from here on. */
export interface Beginning {
  /** Who acts: the subject of every request of this execution. */
  readonly agent: Party;
  readonly purpose: string | null;
  /** The id of the live execution that hands its authority on; this one's never exceeds it. */
  readonly parent: string | null;
  /** Where it runs, for trust by zone; null where no zone is known. */
  readonly zone: string | null;
  /** A DSSE envelope with an in-toto statement about what runs; null where nothing attests it. */
  readonly attestation: string | null;
  /** For how long it may go on without being judged again, in milliseconds; the governor's where left out. */
  readonly leaseMs?: number;
}

export type Begun = { readonly ok: true; readonly execution: Execution } | Refusal;

/** One action that is about to happen. */
export interface Step {
  readonly action: string;
  /** Without the subject, and without what the host has measured: those are the governor's to fill in. */
  readonly fields: unknown;
  readonly entities?: unknown;
  /** What the caller calls the request: the same one twice is refused, unless `retries` names the first. */
  readonly requestId?: string | null;
  /** The id of the decision that this one tries again. */
  readonly retries?: string | null;
}

export type ExecutionStatus = "succeeded" | "failed" | "abandoned";

export interface Execution {
  readonly id: string;
  readonly agent: Party;
  readonly parent: string | null;
  /** Aborts, with a `GovernorAbort` as its reason, as soon as what runs may run no longer. */
  readonly signal: AbortSignal;
  /** Never rejects: whatever goes wrong is a refusal with a code. */
  readonly authorize: (step: Step) => Promise<Authorized>;
  /**
   * Nothing more can be authorized; children that still run are aborted. What of it, and of them, waits for
   * approval is over, or waits on for the same agents, as it does over the end of a process.
   */
  readonly end: (status: ExecutionStatus, held?: "over" | "waits") => Promise<void>;
}

/** Why something that ran was stopped. */
export interface GovernorAbort {
  readonly code: GovernorCode | Decision["code"];
  readonly message: string;
}

/**
 * The answer to one step. It is no permission, and has nothing that could be taken for one: `enforce` runs a
 * handler, or nothing runs. An answer can be enforced once.
 */
export interface Authorized {
  /** The id of its entry in the log; null where there is none. */
  readonly id: string | null;
  readonly execution: string;
  readonly action: string;
  /** Of the execution's own agent and those that stand behind it, the strictest. */
  readonly verdict: Verdict;
  readonly code: GovernorCode | Decision["code"];
  /** What the agent's own decision says, and what those behind it say, nearest first. */
  readonly decisions: readonly Decision[];
  /** For the caller; safe to print. */
  readonly reasons: readonly string[];
  readonly request: NamedRequest | null;
  readonly receipt: LogReceipt | null;
  /** Of a step that is held: what has to be approved. */
  readonly pending: PendingApproval | null;
}

/** What a handler of something that was released gets. */
export interface Grant {
  /** What was judged, in the form in which rules saw it: execute this and nothing else. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  /** May be ignored. */
  readonly advice: readonly Obligation[];
}

export interface Handlers<T> {
  /** Runs where everything allows it, at most once; its outcome is written down. */
  readonly allow: (grant: Grant) => Promise<T> | T;
  /** Runs where somebody has to approve first; without it, as `refuse`. */
  readonly hold?: (pending: PendingApproval, answer: Authorized) => Promise<T> | T;
  readonly refuse: (answer: Authorized) => Promise<T> | T;
}

/** A held request that waits for approvals. */
export interface PendingApproval {
  readonly id: string;
  readonly execution: string;
  readonly action: string;
  /** `sha256:` and 64 hex digits: what approvers sign. */
  readonly requestDigest: string;
  /** The request's canonical JSON, for whoever is to approve it. */
  readonly request: string;
  /** One per rule that holds. */
  readonly rules: readonly HoldRule[];
  readonly askedAt: number;
  /** From then on it is refused. */
  readonly expiresAt: number;
  readonly given: readonly GivenApproval[];
}

export interface HoldRule {
  readonly rule: string;
  readonly because: string | null;
  /** The group of approvers; null where only the request says which it is. */
  readonly approvers: Party | null;
  readonly quorum: number;
  readonly withinMs: number;
}

export interface GivenApproval {
  readonly approver: Party;
  readonly decision: "approved" | "rejected";
  readonly givenAt: number;
}

/** What is known of who acts. */
export interface Standing {
  readonly subject: Party;
  readonly containment: Containment;
  /** 0..1000. */
  readonly trust: number;
}

/** Something that is due after what was allowed, and is not done yet. */
export interface Outstanding {
  readonly execution: string;
  /** The id of the decision that imposes it. */
  readonly decision: string;
  readonly action: string;
  readonly obligation: Obligation;
  /** How often it was tried since this process began. */
  readonly attempts: number;
  /** Why the last attempt failed; null where none did. */
  readonly problem: string | null;
}

export type Applied = { readonly ok: true; readonly entry: string | null } | Refusal;

/** What a header says of those who act outside of any execution, or why nothing may be decided now. */
export type HeaderNow = { readonly ok: true; readonly header: Header } | Refusal;

/** A decision outside of any execution contains whom it is about. */
export interface OutsideVerdict {
  readonly subject: Party;
  readonly state: Exclude<Containment, "free">;
  /** Of at most 1,024 bytes. */
  readonly reason: string;
  /** The decision's place in the log, once it is there; null where nobody waits for that, or it is not. */
  readonly decision: Promise<LogReceipt | null>;
}

export interface Governor {
  /** Refused while its agent, or whoever it acts for, is contained. Never rejects. */
  readonly begin: (beginning: Beginning) => Promise<Begun>;
  /** One that is live; null for any other id. */
  readonly execution: (id: string) => Execution | null;
  readonly executions: () => readonly Execution[];
  /** A signed order: quarantine, terminate, release, or another trust. */
  readonly order: (envelope: string) => Promise<Applied>;
  /** Another statement about what runs; what it changes is judged again. */
  readonly attest: (execution: string, envelope: string) => Promise<Applied>;
  /**
   * What is shown of an execution's workload counts no longer, and `why` says what is wrong with it: the
   * execution is stopped, as if its statement had expired.
   */
  readonly withdraw: (execution: string, why: Refusal) => Promise<Applied>;
  readonly approvals: () => readonly PendingApproval[];
  /** A signed answer to a pending approval. Never rejects. */
  readonly approve: (envelope: string) => Promise<Applied>;
  /**
   * The held step, decided anew with the approvals that were given; it can still be denied. An approval is
   * used up by one release.
   */
  readonly release: (pending: string) => Promise<Authorized>;
  /** Policy, facts or freshness have changed: everything that runs is judged again. */
  readonly changed: () => Promise<void>;
  readonly standing: (subject: Party) => Standing;
  /** Of these together: the strictest containment, as it was read last, and the lowest trust. */
  readonly headerOf: (subjects: readonly Party[]) => HeaderNow;
  /** Holds before this comes back, whatever fails; resolves once it is in the log. */
  readonly contain: (verdict: OutsideVerdict) => Promise<Applied>;
  /** What is owed after what was allowed. */
  readonly outstanding: () => readonly Outstanding[];
  /** Why nothing would be released now, whatever is asked; null where something could be. */
  readonly problem: () => GovernorAbort | null;
  /** Why this node takes nothing more; null while it does. */
  readonly stopped: () => Refusal | null;
  /** Ends what runs, waits for what is on its way. */
  readonly close: () => Promise<void>;
}
