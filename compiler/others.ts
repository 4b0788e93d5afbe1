/** A program as it judges an action that only other members of its policy set declare. */
import type { Action, Checked, Rule } from "./checked.ts";

/** Behind the declared actions one more, `*`, if there are rules on all actions: these judge it. */
export function withOthers(checked: Checked): Pick<Checked, "actions" | "rules"> {
  const { actions, others, rules } = checked;
  if (others === null) return { actions, rules };
  const withCase = (rule: Rule): Rule => {
    const one = others.cases.get(rule.name);
    return one === undefined ? rule : { ...rule, cases: [...rule.cases, one] };
  };
  const all: readonly Action[] = [...actions, others.action];
  return { actions: all, rules: rules.map(withCase) };
}
