/** What the sets of a run have answered, and how that came about. */
import type { SetDecision } from "@polity/runtime/index.ts";
import { increment } from "./counts.ts";
import type { GroupMember } from "./groups.ts";

const WHO = ["policy", "guard", "member without the action"];

export const SET_ROWS: readonly string[] = [
  "set permits",
  "set permits beside a guard",
  "set permits beside a member without the action",
  "set permits though a shadow member restricts",
  ...["hold", "deny", "quarantine", "terminate"].flatMap((verdict) =>
    WHO.map((who) => `set: ${verdict} by a ${who}`),
  ),
  ...WHO.map((who) => `set: deny for an error of a ${who}`),
  "set: deny, a policy grants nothing",
  "set: deny, one policy grants and another does not",
  "set: deny, no policy declares the action",
  "set: deny, no member declares the action",
  "set: deny, only a shadow member declares the action",
  "set: deny, only some members are out of date",
  "set: deny, fields that the policies refuse",
  "set: deny, a member trapped",
  "set: deny, a member has no instance",
  "set: deny, a member was replaced",
  "set: restricted though every policy grants",
  "set: obligations of several members",
  "set: equal obligations are one",
  "set: entities come with the request",
];

/** Notes one decision. */
export function coverSet(
  rows: Map<string, number>,
  decided: SetDecision,
  group: readonly GroupMember[],
  action: string,
): void {
  const note = (row: string) => increment(rows, row);
  const who = new Map(group.map((one) => [one.name, whoOf(one, action)]));
  const counted = decided.members.filter(({ shadow }) => !shadow);
  const policies = counted.filter(({ kind }) => kind === "policy");
  if (decided.verdict === "allow") {
    note("set permits");
    for (const { name, kind } of counted) {
      if (kind === "policy") continue;
      note(`set permits beside a ${who.get(name)}`);
    }
    const shadows = decided.members.filter(({ shadow }) => shadow);
    if (shadows.some(({ decision }) => decision.verdict !== "allow")) {
      note("set permits though a shadow member restricts");
    }
  } else if (decided.granted) note("set: restricted though every policy grants");
  for (const { name, decision } of counted) {
    const { verdict, code } = decision;
    if (verdict !== decided.verdict || verdict === "allow") continue;
    if (code === "rule") note(`set: ${verdict} by a ${who.get(name)}`);
    if (code.startsWith("error.")) note(`set: deny for an error of a ${who.get(name)}`);
    if (code === "no_rule") note("set: deny, a policy grants nothing");
    if (code === "host.trap") note("set: deny, a member trapped");
    if (code === "host.not_ready") note("set: deny, a member has no instance");
    if (code === "host.mismatch") note("set: deny, a member was replaced");
    if (code.startsWith("input.") && code !== "input.unknown_action") {
      note("set: deny, fields that the policies refuse");
    }
  }
  const granting = policies.filter(({ decision }) => decision.granted).length;
  if (granting > 0 && granting < policies.length) note("set: deny, one policy grants and another does not");
  const outdated = counted.filter(({ decision }) => /^(?:policy|containment)\./.test(decision.code));
  if (outdated.length > 0 && outdated.length < counted.length) {
    note("set: deny, only some members are out of date");
  }
  coverUndeclared(note, decided, who);
  const obliging = counted.filter(({ decision }) => decision.obligations.length > 0);
  const given = obliging.reduce((sum, { decision }) => sum + decision.obligations.length, 0);
  if (obliging.length > 1 && decided.obligations.length > 0) note("set: obligations of several members");
  if (decided.verdict === "allow" && decided.obligations.length < given)
    note("set: equal obligations are one");
}

function coverUndeclared(
  note: (row: string) => void,
  { members }: SetDecision,
  who: ReadonlyMap<string, string>,
): void {
  const declares = (name: string) => who.get(name) !== "member without the action";
  const counted = members.filter(({ shadow }) => !shadow);
  if (!members.some(({ name }) => declares(name))) note("set: deny, no member declares the action");
  else if (!counted.some(({ name }) => declares(name))) {
    note("set: deny, only a shadow member declares the action");
  } else if (!counted.some(({ name }) => who.get(name) === "policy")) {
    note("set: deny, no policy declares the action");
  }
}

function whoOf({ checked }: GroupMember, action: string): string {
  const isDeclared = checked.actions.some(({ name }) => name === action);
  return isDeclared ? checked.kind : "member without the action";
}
