/** What happens to a governor. Times and ids arrive in events: `step` makes neither. */
import type { Party } from "@polity/lineage/entry.ts";
import type { Judged } from "@polity/lineage/judging.ts";
import type { LogReceipt } from "@polity/lineage/recorder.ts";
import type { GovernorCode } from "./codes.ts";
import type { Beginning, ExecutionStatus, PendingApproval, Refusal } from "./governor.ts";
import type { Approval } from "./papers/approval.ts";
import type { Asked, Attested, Ordered, PendingState, Window } from "./state.ts";

/** What a judge says to one question. */
export type Verdicted =
  | {
      readonly ok: true;
      readonly judged: Judged;
      /** The last moment at which the answer is known to be the same if nothing but time passes. */
      readonly holdsUntil: number;
      /** Where it is held: what would release it. */
      readonly holds: PendingApproval["rules"];
      /** Whom the request names: none of them may approve it. */
      readonly named: readonly Party[];
    }
  | { readonly ok: false; readonly message: string };

export interface WriteProblem {
  /** As `LogError` says it. */
  readonly code: string;
  readonly message: string;
  /** Nothing will be written any more. */
  readonly isLasting: boolean;
}

/** Why nothing is released. */
export interface ObligationProblem {
  readonly code: "obligation.unknown" | "obligation.failed";
  readonly message: string;
}

/** Of a source. */
interface ReadOrder {
  /** Of the containment that follows from it, if one does. */
  readonly id: string;
  readonly order: Ordered;
  /** The digest of the whole envelope. */
  readonly envelope: string;
}

type Happening =
  | {
      readonly kind: "begin";
      readonly call: number;
      /** The execution's. */
      readonly id: string;
      readonly beginning: Omit<Beginning, "attestation">;
      readonly attested: Attested | null;
    }
  | {
      readonly kind: "authorize";
      readonly call: number;
      readonly id: string;
      readonly execution: string;
      readonly asked: Asked;
    }
  | {
      readonly kind: "judged";
      readonly step: number;
      /** Fresh: others are made from it. */
      readonly id: string;
      readonly said: readonly Verdicted[];
    }
  | {
      readonly kind: "enforce";
      readonly call: number;
      readonly step: number;
      readonly execution: string;
      readonly action: string;
    }
  | {
      readonly kind: "discharged";
      readonly step: number;
      /** Null where all were. */
      readonly problem: ObligationProblem | null;
      /** What they made of the request's fields; null where these are as before. */
      readonly fields: { readonly changed: unknown } | null;
    }
  | {
      readonly kind: "ran";
      readonly step: number;
      readonly status: ExecutionStatus;
      readonly note: string | null;
    }
  /** Steps that waited for approval when a former process ended. */
  | { readonly kind: "restore"; readonly held: readonly PendingState[] }
  /** Something that was due after is given up. */
  | { readonly kind: "unmet"; readonly execution: string; readonly message: string }
  | {
      readonly kind: "end";
      readonly call: number;
      readonly execution: string;
      readonly status: ExecutionStatus;
      /** What waits for approval waits on. */
      readonly keepsHeld: boolean;
    }
  | {
      readonly kind: "written";
      readonly ticket: number;
      /** Null where it is not in the log. */
      readonly receipt: LogReceipt | null;
      readonly problem: WriteProblem | null;
    }
  | { readonly kind: "changed"; readonly window: Window }
  /** `id`: of the containment that follows from it, if one does. */
  | { readonly kind: "order"; readonly call: number; readonly id: string; readonly order: Ordered }
  /** The source was read at `readAt`; what it has that was applied before changes nothing. */
  | {
      readonly kind: "orders-read";
      readonly readAt: number;
      readonly orders: readonly ReadOrder[];
      /** Digests of all envelopes that it has, whether they count or not. */
      readonly present: ReadonlySet<string>;
    }
  /** `approval` was verified. */
  | { readonly kind: "approve"; readonly call: number; readonly approval: Approval }
  /** Something was refused before `step` heard of it; `what` was tried. */
  | {
      readonly kind: "refused";
      readonly code: GovernorCode;
      readonly what: string;
      /** Of the paper that was shown, if one was. */
      readonly digest: string | null;
      /** About which it was. */
      readonly execution: string | null;
    }
  | { readonly kind: "release"; readonly call: number; readonly pending: string }
  /** A decision outside of any execution contains; `id`: of the entry that will say so. */
  | {
      readonly kind: "contain";
      readonly id: string;
      readonly subject: Party;
      readonly state: "quarantined" | "terminated";
    }
  /** That decision is in the log, or will not be. */
  | {
      readonly kind: "contained";
      readonly call: number;
      readonly id: string;
      readonly subject: Party;
      readonly reason: string;
      /** Of the decision. */
      readonly leaf: string | null;
    }
  | { readonly kind: "canaries"; readonly afterMs: number }
  | { readonly kind: "orders-failed"; readonly message: string }
  | {
      readonly kind: "attested";
      readonly call: number;
      /** Of the entry. */
      readonly id: string;
      readonly execution: string;
      readonly attested: Attested;
    }
  /** What an execution shows now is no statement that would count. */
  | {
      readonly kind: "withdrawn";
      readonly call: number;
      readonly id: string;
      readonly execution: string;
      readonly why: Refusal;
    }
  /** The timer that was set to `due` has rung. */
  | { readonly kind: "tick"; readonly due: number; readonly window: Window }
  | { readonly kind: "stop"; readonly refusal: Refusal };

export type Event = Happening & {
  /** Milliseconds since 1970. */
  readonly now: number;
};

export type EventOf<Kind extends Event["kind"]> = Extract<Event, { readonly kind: Kind }>;
