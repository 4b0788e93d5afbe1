/** The rules of an action, one by one. */
import type { Obligation } from "@polity/runtime/decision.ts";
import type { Case, Checked, Rule, Value } from "../checked.ts";
import { WEIGHTS } from "../weights.ts";
import { isApproved } from "./approvals.ts";
import type { Admitted } from "./checks.ts";
import { bind, evaluate, holds, type Scope } from "./evaluate.ts";
import { type Failure, isFailure } from "./failure.ts";
import { spend } from "./meter.ts";
import { imposed } from "./obligations.ts";

/** `released`: a `hold` that fired and has its approvals. */
type Result = "fired" | "released" | "not fired" | Failure;

export interface Judged {
  readonly rule: Rule;
  readonly clauses: Case;
  readonly result: Result;
  /** What its reasons, notes and obligations are about. */
  readonly scope: Scope;
  /** Of a rule that fired, and that no approval released. */
  readonly obligations: readonly Obligation[];
}

/** Every rule of the action, by name; none keeps another from being judged (spec 3.2). */
export function judgeRules(checked: Checked, admitted: Admitted, digest: string | null): readonly Judged[] {
  const judged: Judged[] = [];
  for (const rule of checked.rules) {
    const clauses = rule.cases.find(({ action }) => action === admitted.action.name);
    if (clauses === undefined) continue;
    spend(admitted.scope.meter, WEIGHTS.rule.steps);
    judged.push({ rule, clauses, ...judge(clauses, admitted, digest, checked) });
  }
  return judged;
}

/** The first member for which the rule fires (spec 8.2.3). */
function witnessed({ witness }: Case, scope: Scope): Scope {
  for (const over of witness?.overs ?? []) {
    const members = evaluate(over, scope);
    if (witness === null || isFailure(members)) break;
    for (const member of members as readonly Value[]) {
      const inner = bind(scope, witness.id, member);
      if (holds(witness.condition, inner) === true) return inner;
    }
  }
  return scope;
}

/** A rule whose obligations meet an error has not fired (spec 8.5.4). */
function judge(
  clauses: Case,
  admitted: Admitted,
  digest: string | null,
  checked: Checked,
): Pick<Judged, "result" | "scope" | "obligations"> {
  const result = judgeCondition(clauses, admitted, digest);
  const isFired = result === "fired" || result === "released";
  const scope = isFired ? witnessed(clauses, admitted.scope) : admitted.scope;
  if (result !== "fired") return { result, scope, obligations: [] };
  const obligations = imposed(clauses.obliges, scope, checked);
  return isFailure(obligations)
    ? { result: obligations, scope, obligations: [] }
    : { result, scope, obligations };
}

/** (spec 8.1.2, 3.4) */
function judgeCondition(clauses: Case, admitted: Admitted, digest: string | null): Result {
  const when = clauses.when === null ? true : holds(clauses.when, admitted.scope);
  if (when !== true) return isFailure(when) ? when : "not fired";
  const unless = clauses.unless === null ? false : holds(clauses.unless, admitted.scope);
  if (unless !== false) return isFailure(unless) ? unless : "not fired";
  if (clauses.approval === null) return "fired";
  const approved = isApproved(clauses.approval, admitted, digest);
  if (isFailure(approved)) return approved;
  return approved ? "released" : "fired";
}
