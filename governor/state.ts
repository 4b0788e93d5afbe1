/**
 * What a governor knows. `step` alone changes it, and uses up the one that it is given. There are no
 * functions, no clock and nothing of the platform in it: the same events make the same state.
 */
import type { Parent, Party } from "@polity/lineage/entry.ts";
import type { Judged } from "@polity/lineage/judging.ts";
import type { EntryBody, Links, LogReceipt } from "@polity/lineage/recorder.ts";
import type { Containment, Obligation, Verdict } from "@polity/runtime/decision.ts";
import type { ApprovalInput } from "@polity/runtime/header.ts";
import type { GovernorCode } from "./codes.ts";
import type { ExecutionStatus, GovernorAbort, HoldRule, PendingApproval, Refusal } from "./governor.ts";

/** What does not change while a governor is open. */
export interface Settings {
  readonly mode: "strict" | "relaxed";
  /** How long an execution goes on without being judged again, where it does not say itself. */
  readonly leaseMs: number;
  /** The age at which evaluators take what is known of containment for stale. */
  readonly containmentAgeMs: number;
  /** How many may be live at once, and one behind the other. */
  readonly executionsMax: number;
  readonly depthMax: number;
  /** Steps of one execution that were asked for and are not done. */
  readonly stepsMax: number;
  /** How many request ids, and how many leaves of decisions, are remembered. */
  readonly requestsMax: number;
  /** Of an agent that nothing is known about, 0..1000. */
  readonly trust: number;
  /** The clock may be behind itself by this much before everything is refused. */
  readonly backMsMax: number;
  /** Without a source of orders this node knows all orders that there are. */
  readonly hasOrderSource: boolean;
  readonly ordersEveryMs: number;
  /** Requests that have to be denied, and how often they are made. */
  readonly canaries: readonly Canary[];
  readonly canaryEveryMs: number;
  /** Whether the policy judges outcomes: it declares the action `step_ended`. */
  readonly judgesOutcomes: boolean;
}

/** What the policy must deny, whoever asks. */
export interface Canary {
  readonly agent: Party;
  readonly action: string;
  readonly fields: unknown;
}

/** A window in which policy and facts are known to be current. */
export interface Window {
  readonly policyFrom: number;
  readonly policyUntil: number;
  readonly factsUntil: number;
}

/** What a verified statement says about what runs. */
export interface Attested {
  /** `sha256:` and 64 hex digits: of the statement. */
  readonly digest: string;
  /** What the image is called by: `sha256:` and 64 hex digits. */
  readonly image: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Fields that a policy declares `from host`, by name. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface GovernorState {
  readonly settings: Settings;
  /** The latest moment that any event told. */
  now: number;
  /** The entry of the log that told it; null where the clock of this process did. */
  nowBy: string | null;
  /** True while the clock is behind what it has said before. */
  isBack: boolean;
  window: Window;
  /** When the source of orders was last read. */
  ordersReadAt: number;
  /** Orders that it has said, by id, until they have expired: from then on it may leave them out. */
  readonly told: Map<string, ToldOrder>;
  /** Counts what may change any answer: another policy, other facts, another window. */
  changes: number;
  stopped: Refusal | null;
  /** Numbers calls of `step`'s own making. */
  nextTicket: number;
  readonly executions: Map<string, ExecutionState>;
  /** By number. */
  readonly steps: Map<number, StepState>;
  /** What an answer from outside is about. */
  readonly tickets: Map<number, Awaited>;
  /** Entries that say who is contained and trusted, by their tickets, until they are there. */
  readonly restricting: Map<number, RestrictingState>;
  /** By `keyOf`. */
  readonly standings: Map<string, StandingState>;
  /** By agent and request id; the oldest goes first where there are too many. */
  readonly requests: Map<string, RequestState>;
  /** Leaves of the latest decisions by their ids, likewise. */
  readonly leaves: Map<string, LeafState>;
  readonly pending: Map<string, PendingState>;
  /** What was refused without being judged, since when, and how often without an entry of its own. */
  readonly refusals: { untilMs: number; written: number; readonly more: Map<GovernorCode, number> };
  /** Ids of orders that were applied. */
  readonly orders: Map<string, number>;
  /** When canaries were made last, and when the next ones are due. */
  readonly canaries: { madeAt: number; dueAt: number };
  /** A heap, soonest first. */
  readonly deadlines: Deadline[];
  /** What the timer is set to; null where none is. */
  timerAt: number | null;
}

export interface ToldOrder {
  /** Of its envelope. */
  readonly digest: string;
  readonly expiresMs: number;
  /** It was missing when the source was read last, and the log says so. */
  isMissed: boolean;
}

export interface RestrictingState {
  readonly body: EntryBody;
  readonly links: Links;
  attempts: number;
}

export interface ExecutionState {
  readonly id: string;
  readonly agent: Party;
  readonly purpose: string | null;
  readonly parent: string | null;
  readonly zone: string | null;
  attested: Attested | null;
  readonly leaseMs: number;
  leaseUntil: number;
  /** When it is looked at next. */
  deadlineAt: number;
  phase: "beginning" | "live" | "aborted" | "ending";
  /** Of the entry that says that it began. */
  leaf: string | null;
  abort: GovernorAbort | null;
  /** Counts what may change the answers to its own steps alone. */
  changes: number;
  /** What `end` said, as soon as somebody called it. */
  status: ExecutionStatus | null;
  /** What of it waits for approval outlives it. */
  keepsHeld: boolean;
  /** Who waits for the end. */
  endCalls: number[];
  readonly children: Set<string>;
  /** Numbers of steps that are not done. */
  readonly steps: Set<number>;
  /** Entries about it that are on their way. */
  writing: number;
}

/** One step, from the question to its outcome. */
export interface StepState {
  readonly number: number;
  readonly execution: string;
  asked: Asked;
  /** Of the decision that counts, as it is in the log. */
  id: string;
  phase: "judging" | "writing" | "answered" | "discharging" | "running" | "ran" | "judging outcome";
  /** What comes of the decisions that are asked for. */
  goal: "answer" | "release" | "keep" | "outcome" | "canary";
  /** Whom to answer; null where nobody waits. */
  call: number | null;
  /** The execution's own, then of those behind it, nearest first. */
  judged: readonly Judged[];
  /** Who was judged, in the same order. */
  subjects: readonly Party[];
  /** Decisions that were sent to the log and are not there yet. */
  unwritten: number;
  /** One of them will not be there: those that were to follow it are not sent. */
  isLost: boolean;
  receipts: (LogReceipt | null)[];
  verdict: Verdict;
  code: string;
  /** Judged with these; see `GovernorState.changes`, `ExecutionState.changes`. */
  changes: number;
  ownChanges: number;
  standing: StandingNow;
  /** The last moment at which the answer is known to hold. */
  holdsUntil: number;
  /** What the next decision of this step follows from. */
  causes: Parent[];
  /** Obligations due before it, which were discharged, and in how many rounds. */
  discharged: readonly Obligation[];
  rounds: number;
  /** The id of the decision that released it. */
  released: string | null;
  /** What came of it, until that is written. */
  outcome: { readonly status: ExecutionStatus; readonly note: string | null } | null;
  pending: string | null;
  /** Approvals under which it is judged, for each of those who are. */
  approvals: readonly (readonly ApprovalInput[])[];
  /** Of a step that is held, until that is written. */
  held: {
    readonly rules: readonly HoldRule[];
    readonly named: readonly Party[];
    readonly askedAt: number;
  } | null;
}

/** What was asked for, as it was read then. */
export interface Asked {
  readonly action: string;
  readonly fields: unknown;
  readonly entities: unknown;
  readonly requestId: string | null;
  readonly retries: string | null;
  /** The governor asks itself, and says what is the host's to say. */
  readonly isOwn?: true;
}

/** What a header says about who acts. */
export interface StandingNow {
  readonly containment: Containment;
  readonly trust: number;
}

export interface StandingState {
  readonly subject: Party;
  /** Null while it is free. */
  held: HoldState | null;
  /** Null where nothing ever changed it. */
  trust: number | null;
  /** Live executions that it is about. */
  readonly executions: Set<string>;
}

export interface HoldState {
  readonly state: "quarantined" | "terminated";
  /** Of the entry that contained it last, by which a release has to name it. */
  readonly id: string;
  /** Of the entry; null until it is there. */
  leaf: string | null;
}

/** What was answered to a request that the caller named. */
export interface RequestState {
  /** Of the request; null where it had no canonical form, or was erased. */
  readonly digest: string | null;
  /** The step's number; null of one that a former process answered. */
  readonly step: number | null;
  readonly id: string | null;
  readonly verdict: Verdict;
  readonly code: string;
}

export interface LeafState {
  readonly leaf: string;
  readonly execution: string | null;
}

export interface PendingState {
  approval: PendingApproval;
  /** The step that waits; null of one that outlived its process. */
  step: number | null;
  /** Whom the request names, and who acts. */
  readonly named: readonly Party[];
  /** Of the decision that held it last; null until that is written. */
  leaf: string | null;
  /** Of the entries of the answers, by who answered. */
  readonly leaves: Map<string, string>;
  /** By whom it may be asked for again; null while its own execution lives. */
  orphan: { readonly subjects: readonly Party[]; readonly requestId: string | null } | null;
}

/** What a result from outside is about. */
export type Awaited =
  | { readonly kind: "begun"; readonly execution: string; readonly call: number }
  | { readonly kind: "ended"; readonly calls: readonly number[] }
  | { readonly kind: "decision"; readonly step: number; readonly place: number }
  | { readonly kind: "noted"; readonly execution: string | null; readonly call: number | null }
  | { readonly kind: "held"; readonly subject: string; readonly hold: string; readonly call: number | null }
  /** An order's own entry: what it orders follows from it. */
  | {
      readonly kind: "ordered";
      readonly order: Ordered;
      readonly containment: string;
      readonly call: number | null;
    }
  | { readonly kind: "applied"; readonly entry: string; readonly call: number | null }
  /** An answer to a pending approval. */
  | { readonly kind: "approved"; readonly pending: string; readonly approver: string; readonly call: number }
  /** The outcome of a step, which is judged itself. */
  | { readonly kind: "outcome"; readonly step: number };

/** An order that was verified. */
export interface Ordered {
  readonly id: string;
  readonly issuer: string;
  readonly digest: string;
  readonly expiresMs: number;
  readonly subject: Party;
  readonly does: OrderedChange;
  readonly reason: string;
}

export type OrderedChange =
  | { readonly kind: "quarantine" | "terminate" }
  | { readonly kind: "release"; readonly containment: string }
  | { readonly kind: "trust"; readonly trust: number };

export type Deadline = {
  readonly at: number;
  readonly of: "execution" | "pending" | "orders" | "canary" | "entry" | "refusals";
  /** The id of an execution or pending approval, or a ticket. */
  readonly who: string;
};

export function newState(settings: Settings, window: Window, now: number): GovernorState {
  return {
    settings,
    now,
    nowBy: null,
    isBack: false,
    window,
    // A source that was never read has told nothing: until it has, everything is denied.
    ordersReadAt: settings.hasOrderSource ? 0 : now,
    told: new Map(),
    changes: 0,
    stopped: null,
    nextTicket: 1,
    executions: new Map(),
    steps: new Map(),
    tickets: new Map(),
    restricting: new Map(),
    standings: new Map(),
    requests: new Map(),
    leaves: new Map(),
    pending: new Map(),
    refusals: { untilMs: 0, written: 0, more: new Map() },
    orders: new Map(),
    canaries: { madeAt: Number.NEGATIVE_INFINITY, dueAt: Number.NEGATIVE_INFINITY },
    deadlines: [],
    timerAt: null,
  };
}
