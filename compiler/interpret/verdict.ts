/** How the rules' results become one decision (spec 3.3, 3.5, 3.6). */

import type { Verdict } from "@polity/runtime/decision.ts";
import {
  type Code,
  type Outcome,
  type Reason,
  type ReasonValue,
  VERDICT_NUMBERS,
} from "@polity/runtime/decision.ts";
import { RULES_LISTED_MAX, type Type, type Types } from "@polity/runtime/layout.ts";
import type { Checked, EntityValue, Expr, Template, Value } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import { WEIGHTS } from "../weights.ts";
import { evaluate, type Scope } from "./evaluate.ts";
import { type Failure, isFailure } from "./failure.ts";
import { spend } from "./meter.ts";
import { binding } from "./obligations.ts";
import type { Judged } from "./rules.ts";

/** An outcome lists the first rules and errors alone; these are all of them. */
export interface Counted {
  readonly outcome: Outcome;
  readonly rulesTotal: number;
  readonly errorsTotal: number;
  /** What the decision cost (spec 12.1). */
  readonly steps: bigint;
}

/** Denied before any rule. */
export function denied(code: Code): Outcome {
  return {
    verdict: "deny",
    code,
    granted: false,
    rules: [],
    errors: [],
    reasons: [],
    notes: [],
    obligations: [],
  };
}

/** A program's own answer: a guard lets pass what it does not restrict, and grants nothing (spec 2.5). */
export function decide(all: readonly Judged[], scope: Scope, { kind, types }: Checked): Counted {
  const judged = all.filter(({ rule }) => !rule.shadow);
  const fired = judged.filter(({ result }) => result === "fired" || result === "released");
  const counting = judged.filter(({ result }) => result === "fired");
  const errors: { readonly rule: string; readonly kind: Failure["error"] }[] = [];
  for (const { rule, result } of judged) {
    if (typeof result === "object") errors.push({ rule: rule.name, kind: result.error });
  }
  const granted = counting.some(({ rule }) => rule.verdict === "allow");

  const verdicts: Verdict[] = counting.map(({ rule }) => rule.verdict);
  if ((kind === "policy" && !granted) || errors.length > 0) verdicts.push("deny");
  const verdict = strictest(verdicts);
  const deciding = counting.filter(({ rule }) => rule.verdict === verdict);

  const listed = fired.slice(0, RULES_LISTED_MAX);
  const becauses = listed.filter((each) => deciding.includes(each));
  const outcome: Outcome = {
    verdict,
    code: deciding.length > 0 ? "rule" : errors[0] !== undefined ? `error.${errors[0].kind}` : "no_rule",
    granted,
    rules: listed.map(({ rule }) => rule.name),
    errors: errors.slice(0, RULES_LISTED_MAX),
    reasons: becauses.flatMap((one) => fill(one, one.clauses.because, types)),
    notes: listed.flatMap((one) => fill(one, one.clauses.note, types)),
    obligations: binding(
      verdict,
      counting.map(({ rule, obligations }) => ({ verdict: rule.verdict, obligations })),
    ),
    ...shadowOf(all),
  };
  return { outcome, rulesTotal: fired.length, errorsTotal: errors.length, steps: scope.meter.steps };
}

/** What an answer is worth by itself: who grants nothing permits nothing and lets nothing wait (spec 2.6). */
export function standingAlone(answer: Outcome): Outcome {
  const isRefused = answer.granted || (answer.verdict !== "allow" && answer.verdict !== "hold");
  return isRefused ? answer : { ...answer, verdict: "deny", code: "no_rule", reasons: [] };
}

/** The shadow rules that would have said something (spec 8.6.4); no member where there are none. */
function shadowOf(all: readonly Judged[]): Pick<Outcome, "shadow"> {
  const names: string[] = [];
  for (const { rule, result } of all) if (rule.shadow && result !== "not fired") names.push(rule.name);
  return names.length === 0 ? {} : { shadow: names.slice(0, RULES_LISTED_MAX) };
}

/** (spec 3.1) */
function strictest(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce((a, b) => (VERDICT_NUMBERS[b] > VERDICT_NUMBERS[a] ? b : a), "allow");
}

/** A reason or a note (spec 8.4.1). */
function fill({ rule, scope }: Judged, template: Template | null, types: Types): readonly Reason[] {
  if (template === null) return [];
  const parts = template.parts.map((part) =>
    part.kind === "text" ? part.text : holeValue(part.expr, scope, types),
  );
  return [{ rule: rule.name, parts }];
}

/** (spec 8.4.3) */
function holeValue(expr: Expr, scope: Scope, types: Types): ReasonValue {
  spend(scope.meter, WEIGHTS.hole.steps);
  const value = evaluate(expr, scope);
  return isFailure(value) ? { kind: "error" } : reasonValue(value, expr.type, types);
}

function reasonValue(value: Value, type: Type, types: Types): ReasonValue {
  switch (type.kind) {
    case "bool":
      return { kind: "bool", value: value as boolean };
    case "int":
    case "decimal":
      return { kind: type.kind, value: value as bigint };
    case "timestamp":
    case "duration":
      return { kind: type.kind, ms: value as bigint };
    case "string":
    case "path":
    case "shaped":
      return { kind: "text", text: value as string };
    case "enum": {
      const { member } = value as { readonly member: number };
      return { kind: "enum", member: types.enums.get(type.name)?.[member] ?? "" };
    }
    case "entity":
    case "ref": {
      const entity = value as EntityValue;
      return { kind: "entity", type: entity.type, id: entity.id };
    }
    case "record":
    case "optional":
    case "list":
    case "set":
    case "map":
    case "entry":
    case "json":
      // The checker lets no such expression into a template.
      return { kind: "error" };
    default:
      return unreachable(type);
  }
}
