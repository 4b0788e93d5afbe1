/** What one request shows of the rules of its action, for the coverage of tests (spec 11.6). */
import type { Checked } from "../checked.ts";
import type { Span } from "../source.ts";
import { admit } from "./checks.ts";
import { isDenial } from "./denial.ts";
import { evaluate, type Scope } from "./evaluate.ts";
import type { Facts } from "./facts.ts";
import { UNPROVED } from "./failure.ts";
import type { Request } from "./interpret.ts";
import { partsOf } from "./parts.ts";
import { type Judged, judgeRules } from "./rules.ts";

export interface Observation {
  readonly rule: string;
  readonly result: "fired" | "not fired" | "erred";
  /** The part of its condition that alone kept it from firing; null where it fired, erred or several did. */
  readonly alone: Span | null;
}

/** By rule; none where the request is denied before any rule. */
export function observe(checked: Checked, facts: Facts, request: Request): readonly Observation[] {
  const admitted = admit(checked, facts, request);
  if (isDenial(admitted)) return [];
  const scope: Scope = { ...admitted.scope, isStrict: true };
  return judgeRules(checked, admitted, request.digest).map((judged) => observed(judged, scope));
}

function observed({ rule, clauses, result }: Judged, scope: Scope): Observation {
  if (result !== "not fired") {
    return { rule: rule.name, result: typeof result === "object" ? "erred" : "fired", alone: null };
  }
  // What can only be asked where an earlier part holds says nothing here, neither for nor against.
  const against = partsOf(clauses).filter(({ part, wanted }) => {
    const value = evaluate(part, scope);
    return value !== wanted && value !== UNPROVED;
  });
  const [only] = against;
  const isAlone = against.length === 1 && only !== undefined;
  return { rule: rule.name, result, alone: isAlone ? only.part.span : null };
}
