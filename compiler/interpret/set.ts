/** What a policy set answers, said as its clauses say it (spec 10.2, 10.3, 10.4, 10.5). */
import type { Code, Obligation, Outcome, Verdict } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Checked } from "../checked.ts";
import { argumentText } from "./argument-json.ts";
import { decodeCarried } from "./carried.ts";
import { checkTimes } from "./checks.ts";
import { isDenial } from "./denial.ts";
import type { Facts } from "./facts.ts";
import { decodeHeader } from "./header.ts";
import { decodeFields } from "./input.ts";
import { answerCounting, answerOthers, type Request } from "./interpret.ts";
import { compareText } from "./values.ts";
import { denied } from "./verdict.ts";

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

/** A program as a member, with the facts as it knows them. */
export interface Judge extends Omit<Member, "kind" | "outcome"> {
  readonly checked: Checked;
  readonly facts: Facts;
}

/** (spec 10.1, 10.5) */
export function answerMembers(judges: readonly Judge[], request: Request): readonly Member[] {
  const declares = ({ checked }: Judge) => checked.actions.some(({ name }) => name === request.action);
  const isKnown = judges.some((judge) => declares(judge) && !judge.shadow);
  return judges.map((judge): Member => {
    const { name, shadow, checked, facts } = judge;
    if (declares(judge)) {
      return { name, shadow, kind: checked.kind, outcome: answerCounting(checked, facts, request).outcome };
    }
    const outcome = isKnown ? ofOthers(judge, judges, request) : denied("input.unknown_action");
    return { name, shadow, kind: "guard", outcome };
  });
}

/** Its rules on all actions see the shared fields; where it has none, only its time is looked at. */
function ofOthers({ checked, facts }: Judge, judges: readonly Judge[], request: Request): Outcome {
  const { others } = checked;
  if (others !== null) {
    const refused = refusedByLead(judges, request);
    if (refused !== null) return denied(refused);
    const isShared = (key: string) => others.action.fields.some(({ name }) => name === key);
    const given = Object.entries(request.fields as Readonly<Record<string, unknown>>);
    const fields = Object.fromEntries(given.filter(([key]) => isShared(key)));
    return answerOthers(checked, facts, { ...request, fields }).outcome;
  }
  const header = decodeHeader(request.header as Header);
  if (isDenial(header)) return denied(header.deny);
  const untimely = checkTimes(checked, header);
  return untimely === null ? { ...denied("no_rule"), verdict: "allow" } : denied(untimely.deny);
}

/** What the first policy that declares the action, or else the first guard, says of the fields. */
function refusedByLead(judges: readonly Judge[], { action, fields, entities }: Request): Code | null {
  const byRank = [...judges].sort((a, b) => rank(a) - rank(b) || compareText(a.name, b.name));
  for (const { checked } of byRank) {
    const declared = checked.actions.find(({ name }) => name === action);
    if (declared === undefined) continue;
    const decoded = decodeFields(fields, declared.fields, checked.types);
    const carried = isDenial(decoded) ? decoded : decodeCarried(checked, entities);
    return isDenial(carried) ? carried.deny : null;
  }
  return null;
}

function rank({ shadow, checked }: Judge): number {
  return shadow ? 2 : checked.kind === "guard" ? 1 : 0;
}
