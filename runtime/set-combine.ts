/** How the answers of a policy set's members become one (docs/spec.md, 10): no priorities, no overrides. */
import { type Obligation, type Reason, VERDICT_NUMBERS, type Verdict } from "./decision.ts";
import { canonicalJson } from "./json.ts";
import { RULES_LISTED_MAX } from "./layout.ts";
import type { Decision } from "./result.ts";
import { compareText } from "./text-order.ts";

export interface MemberAnswer {
  /** Of the set, one for each member. */
  readonly name: string;
  /** A policy to which the action is not declared answers as a guard. */
  readonly kind: "policy" | "guard";
  /** Reported, never counted. */
  readonly shadow: boolean;
  /** The member's own answer: a guard that restricts nothing allows without granting. */
  readonly decision: Decision;
}

/** Rules and reasons are named `member/rule`. */
export interface SetDecision extends Decision {
  /** By name, shadow members too. */
  readonly members: readonly MemberAnswer[];
}

/**
 * Permitted if at least one policy is there, every one grants and no member restricts; else the most
 * restrictive verdict, and at least `deny` where no policy is there.
 */
export function combine(answers: readonly MemberAnswer[]): SetDecision {
  const members = [...answers].sort((a, b) => compareText(a.name, b.name));
  const counted = members.filter(({ shadow }) => !shadow);
  const policies = counted.filter(({ kind }) => kind === "policy");
  const granted = policies.length > 0 && policies.every(({ decision }) => decision.granted);
  const verdict = strictest([
    ...counted.map(({ decision }) => decision.verdict),
    ...(granted ? [] : (["deny"] as const)),
  ]);
  const deciding = counted.filter(({ decision }) => decision.verdict === verdict);
  const isGranting = verdict === "allow" || verdict === "hold";
  const first = deciding.find(({ decision }) => decision.code === "rule") ?? deciding[0];
  const rules = counted.flatMap((one) => one.decision.rules.map((rule) => named(one, rule)));
  const errors = counted.flatMap((one) =>
    one.decision.errors.map(({ rule, kind }) => ({ rule: named(one, rule), kind })),
  );
  const shadow = counted.flatMap((one) => (one.decision.shadow ?? []).map((rule) => named(one, rule)));
  const reasons = deciding.flatMap((one) => explained(one, one.decision.explained.reasons));
  const notes = counted.flatMap((one) => explained(one, one.decision.explained.notes));
  return Object.freeze({
    verdict,
    code: first?.decision.code ?? "no_rule",
    granted,
    rules: rules.sort(compareText).slice(0, RULES_LISTED_MAX),
    errors: errors.sort((a, b) => compareText(a.rule, b.rule)).slice(0, RULES_LISTED_MAX),
    rulesTotal: counted.reduce((sum, { decision }) => sum + decision.rulesTotal, 0),
    errorsTotal: counted.reduce((sum, { decision }) => sum + decision.errorsTotal, 0),
    reasons: deciding.flatMap(({ decision }) => decision.reasons),
    notes: counted.flatMap(({ decision }) => decision.notes),
    explained: { reasons, notes },
    obligations: merged((isGranting ? counted : deciding).flatMap(({ decision }) => decision.obligations)),
    // Every member has judged the same fields, so that one list speaks for all.
    paths: verdict === "allow" ? (policies[0]?.decision.paths ?? []) : [],
    ...(shadow.length > 0 && { shadow: shadow.sort(compareText).slice(0, RULES_LISTED_MAX) }),
    members: Object.freeze(members),
  });
}

function strictest(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce((a, b) => (VERDICT_NUMBERS[b] > VERDICT_NUMBERS[a] ? b : a), "allow");
}

function named({ name }: MemberAnswer, rule: string): string {
  return `${name}/${rule}`;
}

function explained(member: MemberAnswer, reasons: readonly Reason[]): readonly Reason[] {
  return reasons.map(({ rule, parts }) => ({ rule: named(member, rule), parts }));
}

/** Equal ones once, by name, then by the bytes of their arguments; a space comes before every name's end. */
function merged(obligations: readonly Obligation[]): readonly Obligation[] {
  const unique = new Map<string, Obligation>();
  for (const one of obligations) {
    unique.set(`${one.name} ${canonicalJson(one.arguments)} ${one.when}`, one);
  }
  return [...unique.keys()].sort(compareText).map((key) => unique.get(key)!);
}
