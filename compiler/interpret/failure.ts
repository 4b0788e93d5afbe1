import type { ErrorKind } from "@polity/runtime/decision.ts";
import type { Value } from "../checked.ts";

/** An expression that ended in an error. It is no value: whatever met it first stays. */
export interface Failure {
  readonly error: ErrorKind;
}

export const OVERFLOW: Failure = { error: "overflow" };
export const DIVIDE: Failure = { error: "divide" };

export type Evaluated = Value | Failure;

export function isFailure(result: Evaluated): result is Failure {
  return result === OVERFLOW || result === DIVIDE;
}
