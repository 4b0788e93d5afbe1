/** What the two sides of a pool say to each other. They are of one program and one version. */
import type { Header } from "./header.ts";
import type { Decision } from "./result.ts";
import type { SharedEvaluator } from "./share.ts";

export interface PoolRequest {
  readonly action: string;
  readonly fields: unknown;
  readonly header: Header;
  readonly entities: unknown;
}

export type ToThread =
  | { readonly kind: "open"; readonly shared: SharedEvaluator }
  | { readonly kind: "ask"; readonly requests: readonly PoolRequest[] };

export type FromThread =
  | { readonly kind: "opened" }
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  | Answers;

/** Batches are answered in the order in which they came, each as a whole. */
export interface Answers {
  readonly kind: "answered";
  /** For each request its decision's number among those that both sides keep; -1: the next of `whole`. */
  readonly numbers: readonly number[];
  readonly whole: readonly WholeDecision[];
}

export interface WholeDecision {
  readonly decision: Decision;
  /** By which both sides know it from now on; -1: it is not kept. */
  readonly number: number;
}

/** Decisions that come again, such as those of rules without values: they are sent once. */
export const KEPT_DECISIONS_MAX = 1_024;
