/**
 * The reference semantics: a decision straight from the checked program, written to be read beside the
 * language's definition. Compiled evaluators are judged by it, so it shares no code with them.
 */
import type { Outcome } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Checked } from "../checked.ts";
import { withOthers } from "../others.ts";
import { admit } from "./checks.ts";
import { isDenial } from "./denial.ts";
import type { Facts } from "./facts.ts";
import { judgeRules } from "./rules.ts";
import { type Counted, decide, denied, standingAlone } from "./verdict.ts";

/** One request as it comes from outside: nothing in it is trusted to have its type. */
export interface Request {
  readonly action: string;
  /** The request's fields in their JSON form. */
  readonly fields: unknown;
  readonly header: Header;
  /** What the request carries, in its JSON form; left out: nothing. */
  readonly entities?: unknown;
  /** `sha256:` and 64 hex digits of the request; without it no approval counts. */
  readonly digest: string | null;
}

/**
 * Total: never throws, whatever the request holds. Never answers `host.mismatch`, `host.trap` or
 * `host.not_ready`, and knows no limit of memory: a request that is too large for a frame is judged here.
 */
export function interpret(checked: Checked, facts: Facts, request: Request): Outcome {
  return interpretCounting(checked, facts, request).outcome;
}

/** As `interpret`, and how many rules, errors and steps there were; no steps where no rule was judged. */
export function interpretCounting(checked: Checked, facts: Facts, request: Request): Counted {
  const counted = answerCounting(checked, facts, request);
  return { ...counted, outcome: standingAlone(counted.outcome) };
}

/** The program's own answer, which of a guard is worth nothing alone: for tests of guards, and for sets. */
export function answerCounting(checked: Checked, facts: Facts, request: Request): Counted {
  const admitted = admit(checked, facts, request);
  if (isDenial(admitted)) return { outcome: denied(admitted.deny), rulesTotal: 0, errorsTotal: 0, steps: 0n };
  return decide(judgeRules(checked, admitted, request.digest), admitted.scope, checked);
}

/** What rules on all actions say of an action that is not declared here (spec 10.6). */
export function answerOthers(checked: Checked, facts: Facts, request: Request): Counted {
  const { actions, rules } = withOthers(checked);
  return answerCounting({ ...checked, kind: "guard", actions, rules }, facts, { ...request, action: "*" });
}
