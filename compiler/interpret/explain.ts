/** Why each rule of an action did what it did, as data. */
import type { ErrorKind, Verdict } from "@polity/runtime/decision.ts";
import type { Type } from "@polity/runtime/layout.ts";
import type { Checked, Expr, Value } from "../checked.ts";
import type { Span } from "../source.ts";
import { admit } from "./checks.ts";
import { isDenial } from "./denial.ts";
import { evaluate, type Scope } from "./evaluate.ts";
import type { Facts } from "./facts.ts";
import { isFailure } from "./failure.ts";
import type { Request } from "./interpret.ts";
import { partsOf } from "./parts.ts";
import { readsOf } from "./reads.ts";
import { type Judged, judgeRules } from "./rules.ts";

export interface Explanation {
  readonly rule: string;
  readonly verdict: Verdict;
  /** `released`: a `hold` that fired and has its approvals. */
  readonly result: "fired" | "released" | "not fired" | ErrorKind;
  /**
   * Where in the source: of a rule that did not fire or erred, its left-most conjunct that was false or
   * erred, or alternative of `unless` that was true or erred; of one that fired, its whole condition. Null
   * for `always`, and where an approval's group erred.
   */
  readonly span: Span | null;
  /** What that part reads, each path once, in the order of reading; absent values are undefined. */
  readonly values: readonly { readonly path: string; readonly type: Type; readonly value: Value }[];
}

/** One line for every rule of the action, by name; none where the request is denied before any rule. */
export function explain(checked: Checked, facts: Facts, request: Request): readonly Explanation[] {
  const admitted = admit(checked, facts, request);
  if (isDenial(admitted)) return [];
  return judgeRules(checked, admitted, request.digest).map((judged) => explainRule(judged, admitted.scope));
}

function explainRule({ rule, clauses, result }: Judged, scope: Scope): Explanation {
  const head = { rule: rule.name, verdict: rule.verdict };
  if (result === "fired" || result === "released") {
    const written = [clauses.when, clauses.unless].filter((clause) => clause !== null);
    const first = written[0];
    const last = written.at(-1);
    const span = first && last ? { start: first.span.start, end: last.span.end } : null;
    return { ...head, result, span, values: written.flatMap((clause) => valuesIn(clause, scope)) };
  }
  const at = stopping(clauses.when, clauses.unless, scope);
  return {
    ...head,
    result: result === "not fired" ? result : result.error,
    span: at?.span ?? null,
    values: at === undefined ? [] : valuesIn(at, scope),
  };
}

/** The left-most part that keeps a rule from firing. `unless a or b` is `not a and not b`. */
function stopping(when: Expr | null, unless: Expr | null, scope: Scope): Expr | undefined {
  return partsOf({ when, unless }).find(({ part, wanted }) => evaluate(part, scope) !== wanted)?.part;
}

function valuesIn(expr: Expr, scope: Scope): Explanation["values"] {
  const values = new Map<string, Explanation["values"][number]>();
  for (const { path, read } of readsOf(expr)) {
    const value = evaluate(read, scope);
    if (!values.has(path) && !isFailure(value)) values.set(path, { path, type: read.type, value });
  }
  return [...values.values()];
}
