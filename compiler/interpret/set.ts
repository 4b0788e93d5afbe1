/** What a policy set answers, said as its clauses say it (spec 10.2, 10.3, 10.4). */
import type { Obligation, Outcome, Verdict } from "@polity/runtime/decision.ts";
import { argumentText } from "./argument-json.ts";
import { compareText } from "./values.ts";

export interface Member {
  readonly name: string;
  readonly kind: "policy" | "guard";
  readonly shadow: boolean;
  readonly outcome: Outcome;
}

export type SetOutcome = Pick<Outcome, "verdict" | "code" | "granted" | "rules" | "errors" | "obligations">;

const FROM_STRICTEST: readonly Verdict[] = ["terminate", "quarantine", "deny", "hold", "allow"];

/** (spec 10.2) */
export function judgeSet(all: readonly Member[]): SetOutcome {
  const members = all.filter(({ shadow }) => !shadow).sort((a, b) => compareText(a.name, b.name));
  const isSaid = (verdict: Verdict) => members.some(({ outcome }) => outcome.verdict === verdict);
  const granted =
    members.some(({ kind }) => kind === "policy") &&
    !members.some(({ kind, outcome }) => kind === "policy" && !outcome.granted);
  const verdict = FROM_STRICTEST.find((one) => isSaid(one) || (one === "deny" && !granted)) ?? "deny";
  const deciding = members.filter(({ outcome }) => outcome.verdict === verdict).map(({ outcome }) => outcome);
  const binding =
    verdict === "allow" || verdict === "hold" ? members.map(({ outcome }) => outcome) : deciding;
  return {
    verdict,
    granted,
    code: deciding.find(({ code }) => code === "rule")?.code ?? deciding[0]?.code ?? "no_rule",
    rules: members
      .flatMap(({ name, outcome }) => outcome.rules.map((rule) => `${name}/${rule}`))
      .sort(compareText),
    errors: members
      .flatMap(({ name, outcome }) => outcome.errors.map((one) => ({ ...one, rule: `${name}/${one.rule}` })))
      .sort((a, b) => compareText(a.rule, b.rule)),
    obligations: once(binding.flatMap(({ obligations }) => obligations)),
  };
}

/** (spec 10.4, 8.5.7) */
function once(obligations: readonly Obligation[]): readonly Obligation[] {
  const order = (a: Obligation, b: Obligation) =>
    compareText(a.name, b.name) ||
    compareText(argumentText(a.arguments), argumentText(b.arguments)) ||
    compareText(a.when, b.when);
  const sorted = [...obligations].sort(order);
  return sorted.filter((one, at) => at === 0 || order(sorted[at - 1] as Obligation, one) !== 0);
}
