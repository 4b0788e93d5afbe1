/** The parts of a rule's condition that must all be as wanted for it to fire (spec 8.1.2). */
import type { Case, Expr } from "../checked.ts";

export interface Part {
  readonly clause: "when" | "unless";
  readonly part: Expr;
  /** An alternative of `unless` must be false: `unless a or b` is `not a and not b`. */
  readonly wanted: boolean;
}

/** From left to right. */
export function partsOf({ when, unless }: Pick<Case, "when" | "unless">): readonly Part[] {
  const conjuncts = when === null ? [] : operands(when, "and");
  const alternatives = unless === null ? [] : operands(unless, "or");
  return [
    ...conjuncts.map((part) => ({ clause: "when" as const, part, wanted: true })),
    ...alternatives.map((part) => ({ clause: "unless" as const, part, wanted: false })),
  ];
}

/** The operands of a chain of one operator. */
function operands(expr: Expr, kind: "and" | "or"): readonly Expr[] {
  if (expr.kind !== kind) return [expr];
  return [...operands(expr.left, kind), ...operands(expr.right, kind)];
}
