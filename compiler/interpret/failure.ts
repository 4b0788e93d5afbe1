import type { ErrorKind } from "@polity/runtime/decision.ts";
import type { Value } from "../checked.ts";

/** An expression that ended in an error. It is no value: whatever met it first stays. */
export interface Failure {
  readonly error: ErrorKind;
}

export const OVERFLOW: Failure = { error: "overflow" };
export const DIVIDE: Failure = { error: "divide" };
/** An argument of an obligation outside of what is declared, or a time that is. */
export const RANGE: Failure = { error: "range" };

/**
 * Not an error of the language: something was read that nothing proves to be there. Rules prove it first; who
 * looks at one part of a condition without the others may meet it (`Scope.isStrict`).
 */
export const UNPROVED: Failure = { error: "type" };

export type Evaluated = Value | Failure;

export function isFailure(result: unknown): result is Failure {
  return result === OVERFLOW || result === DIVIDE || result === RANGE || result === UNPROVED;
}
