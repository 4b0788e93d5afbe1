/** What happens to a governor. Times and ids arrive in events: `step` makes neither. */
import type { Party } from "@polity/lineage/entry.ts";
import type { Judged } from "@polity/lineage/judging.ts";
import type { LogReceipt } from "@polity/lineage/recorder.ts";
import type { Beginning, ExecutionStatus, PendingApproval, Refusal } from "./governor.ts";
import type { Approval } from "./papers/approval.ts";
import type { Asked, Attested, Ordered, Window } from "./state.ts";

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
      readonly problem: string | null;
      /** What they made of the request's fields; null where these are as before. */
      readonly fields: { readonly changed: unknown } | null;
    }
  | {
      readonly kind: "ran";
      readonly step: number;
      readonly status: ExecutionStatus;
      readonly note: string | null;
      /** Why something that is due after it was not done; null where all was. */
      readonly problem: string | null;
    }
  | {
      readonly kind: "end";
      readonly call: number;
      readonly execution: string;
      readonly status: ExecutionStatus;
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
      readonly orders: readonly { readonly id: string; readonly order: Ordered }[];
    }
  /** `approval` was verified. */
  | { readonly kind: "approve"; readonly call: number; readonly approval: Approval }
  | { readonly kind: "release"; readonly call: number; readonly pending: string }
  | { readonly kind: "canaries" }
  | { readonly kind: "orders-failed"; readonly message: string }
  | {
      readonly kind: "attested";
      readonly call: number;
      readonly execution: string;
      readonly attested: Attested;
    }
  /** The timer that was set to `due` has rung. */
  | { readonly kind: "tick"; readonly due: number; readonly window: Window }
  | { readonly kind: "stop"; readonly refusal: Refusal };

export type Event = Happening & {
  /** Milliseconds since 1970. */
  readonly now: number;
};

export type EventOf<Kind extends Event["kind"]> = Extract<Event, { readonly kind: Kind }>;
