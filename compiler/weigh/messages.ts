/** POL50xx: what is allowed and costs more than somebody wants to pay. */
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";

export function overBudget(
  span: Span,
  action: string,
  steps: bigint,
  budget: bigint,
  most: string,
): Diagnostic {
  return {
    code: "POL5001",
    severity: "error",
    message: `\`${action}\` may take ${steps} steps, and the budget is ${budget}`,
    span,
    hint: most,
  };
}

export const codes: readonly string[] = ["POL5001"];
