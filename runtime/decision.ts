/** What a decision says, and the numbers that stand for it in memory. Numbers are never reused. */

export type Verdict = "allow" | "hold" | "deny" | "quarantine" | "terminate";

/** 0 is never a verdict. */
export const VERDICT_NUMBERS = {
  allow: 1,
  hold: 2,
  deny: 3,
  quarantine: 4,
  terminate: 5,
} as const satisfies Record<Verdict, number>;

export type ErrorKind = "overflow" | "divide" | "range" | "cold" | "full" | "type";

export const ERROR_NUMBERS = {
  overflow: 1,
  divide: 2,
  range: 3,
  cold: 4,
  full: 5,
  type: 6,
} as const satisfies Record<ErrorKind, number>;

/** Codes of a decision. From 32 on: `error.<kind>`, 32 + the kind's number. */
export const CODE_NUMBERS = {
  rule: 1,
  no_rule: 2,
  "input.invalid": 3,
  "input.missing": 4,
  "input.unknown_action": 5,
  "input.unknown_field": 6,
  "input.out_of_range": 7,
  "input.too_large": 8,
  "entity.unknown": 9,
  "host.mismatch": 10,
  "host.trap": 11,
  "host.not_ready": 12,
  "policy.expired": 13,
  "policy.stale": 14,
  "facts.stale": 15,
  "containment.stale": 16,
  "subject.quarantined": 17,
  "subject.terminated": 18,
  "policy.none": 19,
  // Of hosts that release nothing before it is written down (lineage/recorded-host.ts).
  "host.log_busy": 20,
  "host.log_failed": 21,
  "error.overflow": 33,
  "error.divide": 34,
  "error.range": 35,
  "error.cold": 36,
  "error.full": 37,
  "error.type": 38,
} as const;

export type Code = keyof typeof CODE_NUMBERS;

export type Containment = "free" | "quarantined" | "terminated";

export const CONTAINMENT_NUMBERS = { free: 1, quarantined: 2, terminated: 3 } as const satisfies Record<
  Containment,
  number
>;

export type ReasonValue =
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "int"; readonly value: bigint }
  /** Scaled by 10^4. */
  | { readonly kind: "decimal"; readonly value: bigint }
  | { readonly kind: "timestamp"; readonly ms: bigint }
  | { readonly kind: "duration"; readonly ms: bigint }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "enum"; readonly member: string }
  | { readonly kind: "entity"; readonly type: string; readonly id: string }
  /** The interpolation ended in an error; it changes no verdict. */
  | { readonly kind: "error" };

/** A `because` or `note` of one rule: literal text and typed values in turn; `render.ts` makes it text. */
export interface Reason {
  readonly rule: string;
  readonly parts: readonly (string | ReasonValue)[];
}

/** When an obligation is due: before what was allowed happens, after it, or as the host likes. */
export type Phase = "before" | "after" | "advice";

/**
 * As in the canonical JSON of a request: decimals and times as text, integers beyond 2^53 too. An entity says
 * its type: `{"type":"User","id":"u1"}`.
 */
export type Argument =
  | boolean
  | number
  | string
  | readonly Argument[]
  | { readonly [name: string]: Argument };

/** What the host has to do because of a decision; `advice` it may ignore. */
export interface Obligation {
  readonly name: string;
  readonly when: Phase;
  /** Sorted by name; an optional one that is absent is left out. */
  readonly arguments: { readonly [name: string]: Argument };
}

/** What evaluating says, the same from every engine. Rule names are in byte order. */
export interface Outcome {
  readonly verdict: Verdict;
  readonly code: Code;
  /** An `allow` rule fired. */
  readonly granted: boolean;
  /** All fired rules, at most 256 listed. */
  readonly rules: readonly string[];
  readonly errors: readonly { readonly rule: string; readonly kind: ErrorKind }[];
  /** The `because` of the fired rules with the final verdict that have one (code `rule` only). */
  readonly reasons: readonly Reason[];
  /** The `note` of all fired rules that have one. */
  readonly notes: readonly Reason[];
  /**
   * Of all fired `allow` rules where the verdict is `allow` or `hold`, else of the fired rules with the final
   * verdict. None twice, sorted by name, then by the bytes of the arguments' canonical JSON.
   */
  readonly obligations: readonly Obligation[];
  /** Shadow rules that fired or erred, at most 256; left out where there are none. */
  readonly shadow?: readonly string[];
}
