/** Why an obligation keeps something from being released. */
import type { Obligation } from "@polity/runtime/decision.ts";
import type { ObligationProblem } from "../event.ts";

const UNKNOWN = "UnknownObligation";

export function unknownObligation({ name }: Obligation): Error {
  const error = new Error(`nobody here discharges \`${name}\``);
  error.name = UNKNOWN;
  return error;
}

export function obligationProblem(error: unknown): ObligationProblem {
  if (!(error instanceof Error)) return { code: "obligation.failed", message: String(error) };
  const code = error.name === UNKNOWN ? "obligation.unknown" : "obligation.failed";
  return { code, message: error.message };
}
