/** Members of policy sets, made of one generated program: they share its types and its facts. */
import type { Case, Checked, Rule } from "../../../compiler/checked.ts";
import type { Random } from "./random.ts";

export interface GeneratedMember {
  readonly name: string;
  readonly checked: Checked;
  readonly shadow: boolean;
}

/** The program itself, then one or two that say less: some actions are gone, or it has become a guard. */
export function generateMembers(random: Random, checked: Checked): readonly GeneratedMember[] {
  const members: GeneratedMember[] = [{ name: "m0", checked, shadow: false }];
  for (let at = random.between(1, 2); at > 0; at -= 1) {
    const isLess = random.chance(0.8) && checked.actions.length > 1;
    const some = isLess ? withoutAction(checked, random.pick(checked.actions).name) : checked;
    const member = random.chance(0.5) ? asGuard(some) : some;
    members.push({ name: `m${members.length}`, checked: member, shadow: random.chance(0.25) });
  }
  return members;
}

function withoutAction(checked: Checked, action: string): Checked {
  const rules = checked.rules
    .map((rule) => ({ ...rule, cases: rule.cases.filter((one) => one.action !== action) }))
    .filter(({ cases }) => cases.length > 0);
  const actions = checked.actions.filter(({ name }) => name !== action);
  return { ...withRules(checked, rules), actions };
}

function asGuard(checked: Checked): Checked {
  const rules = checked.rules.filter(({ verdict }) => verdict !== "allow");
  return { ...withRules(checked, rules), kind: "guard" };
}

function withRules(checked: Checked, rules: readonly Rule[]): Checked {
  const { others } = checked;
  const kept = new Map<string, Case>();
  for (const { name } of rules) {
    const one = others?.cases.get(name);
    if (one !== undefined) kept.set(name, one);
  }
  return {
    ...checked,
    rules,
    others: others === null || kept.size === 0 ? null : { action: others.action, cases: kept },
  };
}
