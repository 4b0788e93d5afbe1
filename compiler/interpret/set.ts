/** What a policy set answers, said as its clauses say it (spec 10.3, 10.4, 10.5, 10.6). */
import type { Obligation, Outcome, Reason, Verdict } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import { RULES_LISTED_MAX } from "@polity/runtime/layout.ts";
import type { Checked, EntityValue, Value } from "../checked.ts";
import { argumentText } from "./argument-json.ts";
import { decodeCarried, type Foreign, namedByCarried } from "./carried.ts";
import { checkTimes } from "./checks.ts";
import { type Denial, isDenial } from "./denial.ts";
import type { Entity, Facts } from "./facts.ts";
import { decodeHeader } from "./header.ts";
import { decodeFields } from "./input.ts";
import { answerCounting, answerOthers, type Request } from "./interpret.ts";
import { ownData, readItems } from "./objects.ts";
import { compareText, entitiesIn } from "./values.ts";
import { type Counted, denied } from "./verdict.ts";

export interface Member {
  readonly name: string;
  readonly kind: "policy" | "guard";
  readonly shadow: boolean;
  readonly outcome: Outcome;
}

export type SetOutcome = Pick<Outcome, "verdict" | "code" | "granted" | "rules" | "errors" | "obligations">;

const FROM_STRICTEST: readonly Verdict[] = ["terminate", "quarantine", "deny", "hold", "allow"];

/** (spec 10.3, 10.4) */
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

/** (spec 10.5, 8.5.7) */
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

/** A member's answer with how many of its rules fired and erred. */
export interface Answered extends Member {
  readonly rulesTotal: number;
  readonly errorsTotal: number;
}

/** What is said together, with reasons and totals, and by whom. */
export interface SetAnswer {
  readonly outcome: Outcome;
  readonly rulesTotal: number;
  readonly errorsTotal: number;
  /** By name. */
  readonly members: readonly Answered[];
}

export function decideSet(judges: readonly Judge[], request: Request): SetAnswer {
  return answerTogether(answerMembers(judges, request));
}

export function answerTogether(answered: readonly Answered[]): SetAnswer {
  const members = [...answered].sort((a, b) => compareText(a.name, b.name));
  const counted = members.filter(({ shadow }) => !shadow);
  const together = judgeSet(members);
  const deciding = counted.filter(({ outcome }) => outcome.verdict === together.verdict);
  const shadow = counted
    .flatMap(({ name, outcome }) => (outcome.shadow ?? []).map((rule) => `${name}/${rule}`))
    .sort(compareText);
  const outcome: Outcome = {
    ...together,
    rules: together.rules.slice(0, RULES_LISTED_MAX),
    errors: together.errors.slice(0, RULES_LISTED_MAX),
    reasons: deciding.flatMap(({ name, outcome }) => named(name, outcome.reasons)),
    notes: counted.flatMap(({ name, outcome }) => named(name, outcome.notes)),
    ...(shadow.length > 0 && { shadow: shadow.slice(0, RULES_LISTED_MAX) }),
  };
  const rulesTotal = counted.reduce((sum, one) => sum + one.rulesTotal, 0);
  const errorsTotal = counted.reduce((sum, one) => sum + one.errorsTotal, 0);
  return { outcome, rulesTotal, errorsTotal, members };
}

function named(member: string, told: readonly Reason[]): readonly Reason[] {
  return told.map(({ rule, parts }) => ({ rule: `${member}/${rule}`, parts }));
}

type Said = Pick<Answered, "outcome" | "rulesTotal" | "errorsTotal">;

function before(outcome: Outcome): Said {
  return { outcome, rulesTotal: 0, errorsTotal: 0 };
}

/** (spec 10.1, 10.6) */
export function answerMembers(judges: readonly Judge[], request: Request): readonly Answered[] {
  const declares = ({ checked }: Judge) => checked.actions.some(({ name }) => name === request.action);
  const counted = judges.filter(({ shadow }) => !shadow);
  const isKnown = counted.some(declares);
  return judges.map((judge): Answered => {
    const { name, shadow, checked } = judge;
    const foreign = foreignTo(judge, counted);
    if (declares(judge)) return { name, shadow, kind: checked.kind, ...ofOwn(judge, foreign, request) };
    const said = isKnown ? ofOthers(judge, judges, foreign, request) : before(denied("input.unknown_action"));
    return { name, shadow, kind: "guard", ...said };
  });
}

/** (spec 10.8) */
function foreignTo({ checked }: Judge, counted: readonly Judge[]): Foreign {
  const foreign = new Map<string, Checked>();
  for (const other of counted) {
    for (const type of other.checked.types.entities.keys()) {
      if (!checked.types.entities.has(type)) foreign.set(type, other.checked);
    }
  }
  return foreign;
}

function ofOwn({ checked, facts }: Judge, foreign: Foreign, request: Request): Said {
  const { actions, types } = checked;
  const declared = actions.find(({ name }) => name === request.action)?.fields ?? [];
  const fields = decodeFields(request.fields, declared, types);
  const carried = isDenial(fields) ? fields : decodeCarried(checked, request.entities, foreign);
  if (isDenial(carried)) return before(denied(carried.deny));
  return saidOf(answerCounting(checked, facts, asSeen(request, foreign, carried, [])));
}

/** Its rules on all actions see the shared fields; where it has none, only its time is looked at. */
function ofOthers(
  { checked, facts }: Judge,
  judges: readonly Judge[],
  foreign: Foreign,
  request: Request,
): Said {
  const { others } = checked;
  if (others !== null) {
    const lead = readByLead(judges, request);
    if (isDenial(lead)) return before(denied(lead.deny));
    const isShared = (key: string) => others.action.fields.some(({ name }) => name === key);
    const given = Object.entries(request.fields as Readonly<Record<string, unknown>>);
    const fields = Object.fromEntries(given.filter(([key]) => isShared(key)));
    const seen = asSeen(request, foreign, lead.carried, entitiesIn(lead.fields));
    return saidOf(answerOthers(checked, facts, { ...seen, fields }));
  }
  const header = decodeHeader(request.header as Header);
  if (isDenial(header)) return before(denied(header.deny));
  const untimely = checkTimes(checked, header);
  return before(untimely === null ? { ...denied("no_rule"), verdict: "allow" } : denied(untimely.deny));
}

function saidOf({ outcome, rulesTotal, errorsTotal }: Counted): Said {
  return { outcome, rulesTotal, errorsTotal };
}

/**
 * Without what is carried or approves and is of a type that the member does not declare; and without
 * approvals by somebody whom the request names where the member does not look (spec 10.8).
 */
function asSeen(
  request: Request,
  foreign: Foreign,
  carried: readonly Entity[],
  inFields: readonly EntityValue[],
): Request {
  const unseen = [...inFields, ...namedByCarried(carried.filter(({ type }) => foreign.has(type)))];
  const isOfFacts = (type: string) => foreign.get(type)?.types.entities.get(type)?.fromRequest === undefined;
  const own = keepItems(request.entities, (at) => !foreign.has(carried[at]?.type ?? ""));
  const seen = own === undefined ? request : { ...request, entities: own };
  const header = decodeHeader(request.header);
  if (isDenial(header)) return seen;
  const said = ownData(request.header) ?? new Map<string, unknown>();
  const approvals = keepItems(said.get("approvals"), (at) => {
    const { type, id } = header.approvals[at]?.approver ?? { type: "", id: "" };
    if (foreign.has(type) && isOfFacts(type)) return false;
    return !unseen.some((named) => named.type === type && named.id === id);
  });
  return { ...seen, header: Object.fromEntries([...said, ["approvals", approvals]]) as unknown as Header };
}

/** Of a list that has been read already; undefined where there is none. */
function keepItems(raw: unknown, isKept: (at: number) => boolean): readonly unknown[] | undefined {
  const items = readItems(raw, Number.POSITIVE_INFINITY);
  return isDenial(items) ? undefined : items.filter((_, at) => isKept(at));
}

interface ReadRequest {
  readonly fields: ReadonlyMap<string, Value>;
  readonly carried: readonly Entity[];
}

/** What the first policy that declares the action, or else the first guard, makes of the request. */
function readByLead(judges: readonly Judge[], { action, fields, entities }: Request): ReadRequest | Denial {
  const byRank = [...judges].sort((a, b) => rank(a) - rank(b) || compareText(a.name, b.name));
  const counted = judges.filter(({ shadow }) => !shadow);
  for (const judge of byRank) {
    const { checked } = judge;
    const declared = checked.actions.find(({ name }) => name === action);
    if (declared === undefined) continue;
    const decoded = decodeFields(fields, declared.fields, checked.types);
    if (isDenial(decoded)) return decoded;
    const carried = decodeCarried(checked, entities, foreignTo(judge, counted));
    return isDenial(carried) ? carried : { fields: decoded, carried };
  }
  return { deny: "input.unknown_action" };
}

function rank({ shadow, checked }: Judge): number {
  return shadow ? 2 : checked.kind === "guard" ? 1 : 0;
}
