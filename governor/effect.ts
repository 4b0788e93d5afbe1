/** What a governor wants done. What comes of it comes back as an event, where it says so. */
import type { Judged } from "@polity/lineage/judging.ts";
import type { EntryBody, Links, LogReceipt } from "@polity/lineage/recorder.ts";
import type { Obligation, Verdict } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Applied, GovernorAbort, PendingApproval, Refusal } from "./governor.ts";
import type { Asked, Attested } from "./state.ts";

/** One question, about one of those who answer for a step. */
export interface Ask {
  readonly subject: { readonly type: string; readonly id: string };
  readonly zone: string | null;
  readonly attested: Attested | null;
  readonly header: Header;
}

export type Effect =
  /** Comes back as `judged`. The step's own agent is asked about first. */
  | { readonly kind: "judge"; readonly step: number; readonly asked: Asked; readonly asks: readonly Ask[] }
  /** Comes back as `written`. */
  | {
      readonly kind: "write-decision";
      readonly ticket: number;
      readonly judged: Judged;
      readonly links: Links;
    }
  | { readonly kind: "write"; readonly ticket: number; readonly body: EntryBody; readonly links: Links }
  /** Comes back as `discharged`. */
  | {
      readonly kind: "discharge";
      readonly step: number;
      readonly execution: string;
      readonly judged: Judged;
      readonly before: readonly Obligation[];
    }
  /** What was released runs; comes back as `ran`. */
  | {
      readonly kind: "run";
      readonly call: number;
      readonly step: number;
      readonly execution: string;
      /** The entry that releases it; its leaf is null where it is not written yet. */
      readonly decision: { readonly id: string; readonly leaf: string | null };
      readonly judged: Judged;
      readonly discharged: readonly Obligation[];
      readonly after: readonly Obligation[];
      readonly advice: readonly Obligation[];
    }
  | { readonly kind: "abort"; readonly execution: string; readonly reason: GovernorAbort }
  /** Nothing is known of the execution any more. */
  | { readonly kind: "forget"; readonly execution: string }
  | { readonly kind: "begun"; readonly call: number; readonly execution: string }
  | { readonly kind: "answer"; readonly call: number; readonly answer: Answer }
  | { readonly kind: "ended"; readonly calls: readonly number[] }
  | { readonly kind: "refuse"; readonly call: number; readonly refusal: Refusal }
  | { readonly kind: "applied"; readonly call: number; readonly applied: Applied }
  /** Comes back as `orders-read` or `orders-failed`. */
  | { readonly kind: "read-orders" }
  /** One timer for all; null ends it. */
  | { readonly kind: "timer"; readonly at: number | null }
  /** This node takes nothing more. */
  | { readonly kind: "stopped"; readonly refusal: Refusal };

/** To one step. */
export interface Answer {
  /** Null where there is nothing that could be enforced. */
  readonly step: number | null;
  readonly id: string | null;
  readonly execution: string;
  readonly action: string;
  readonly verdict: Verdict;
  readonly code: string;
  readonly judged: readonly Judged[];
  readonly receipt: LogReceipt | null;
  readonly pending: PendingApproval | null;
  /** Why nothing was judged; null where something was. */
  readonly message: string | null;
}
