/** What every engine is asked, in one notation, so that the answers can stand side by side. */

/**
 * One rule. `allow` permits where the condition holds; `deny` stands beside a rule that permits everything
 * and must win over it. `Deny` is `deny` with a slip of the pen. A condition is what most languages share:
 * names of fields, `>`, `<=`, `==`, `*`, numbers and double quotes; each engine adds what it needs.
 */
export interface Policy {
  readonly effect: "allow" | "deny" | "Deny";
  readonly condition: string;
  /** Those of a request. */
  readonly fields: readonly Field[];
}

export type Field = "amount" | "rate" | "account" | "role";

/** Whole numbers, except the role, which is text. */
export function isText(field: Field): boolean {
  return field === "role";
}

/**
 * `allow` and `deny`, ours with the code behind it; `error`: something else than an answer was returned;
 * `throws`: the call did; `refused`: the policy never came to be asked; `—`: cannot be said in this engine.
 */
export type Answer = string;

/** May throw, and so may reading the request. */
export type Ask = (request: unknown) => Answer;

export interface Engine {
  readonly name: string;
  /** How it is set up: in the way that its documentation recommends, or in its safest one. */
  readonly form: string;
  /** Null where the engine has no way to say this; throws where it refuses the policy. */
  readonly open: (policy: Policy) => Promise<Ask | null>;
  /** From a request's JSON text to what `Ask` takes; `JSON.parse` where it is left out. May throw. */
  readonly read?: (text: string) => unknown;
}

export function yesOrNo(permitted: boolean): Answer {
  return permitted ? "allow" : "deny";
}

/** The condition with something before every field, also a misspelt one; other words stay as they are. */
export function prefixed(condition: string, prefix: string): string {
  return condition.replace(/\b(?:amount|amuont|rate|account|role)\b/g, (field) => `${prefix}${field}`);
}
