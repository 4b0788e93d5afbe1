/** The rules of an action, one by one. */
import type { Case, Checked, Rule } from "../checked.ts";
import { WEIGHTS } from "../weights.ts";
import { isApproved } from "./approvals.ts";
import type { Admitted } from "./checks.ts";
import { holds } from "./evaluate.ts";
import { type Failure, isFailure } from "./failure.ts";
import { spend } from "./meter.ts";

/** `released`: a `hold` that fired and has its approvals. */
type Result = "fired" | "released" | "not fired" | Failure;

export interface Judged {
  readonly rule: Rule;
  readonly clauses: Case;
  readonly result: Result;
}

/** Every rule of the action, by name; none keeps another from being judged (spec 3.2). */
export function judgeRules(checked: Checked, admitted: Admitted, digest: string | null): readonly Judged[] {
  const judged: Judged[] = [];
  for (const rule of checked.rules) {
    const clauses = rule.cases.find(({ action }) => action === admitted.action.name);
    if (clauses === undefined) continue;
    spend(admitted.scope.meter, WEIGHTS.rule.steps);
    judged.push({ rule, clauses, result: judge(clauses, admitted, digest) });
  }
  return judged;
}

/** (spec 8.1.2, 3.4) */
function judge(clauses: Case, admitted: Admitted, digest: string | null): Result {
  const when = clauses.when === null ? true : holds(clauses.when, admitted.scope);
  if (when !== true) return isFailure(when) ? when : "not fired";
  const unless = clauses.unless === null ? false : holds(clauses.unless, admitted.scope);
  if (unless !== false) return isFailure(unless) ? unless : "not fired";
  if (clauses.approval === null) return "fired";
  const approved = isApproved(clauses.approval, admitted, digest);
  if (isFailure(approved)) return approved;
  return approved ? "released" : "fired";
}
