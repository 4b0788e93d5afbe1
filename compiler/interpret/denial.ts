import type { Code } from "@polity/runtime/decision.ts";

/** Why something is denied before any rule. */
export interface Denial {
  readonly deny: Code;
}

export const INVALID: Denial = { deny: "input.invalid" };
export const MISSING: Denial = { deny: "input.missing" };
export const UNKNOWN_FIELD: Denial = { deny: "input.unknown_field" };
export const OUT_OF_RANGE: Denial = { deny: "input.out_of_range" };
export const TOO_LARGE: Denial = { deny: "input.too_large" };

export function isDenial(result: unknown): result is Denial {
  return typeof result === "object" && result !== null && "deny" in result;
}
