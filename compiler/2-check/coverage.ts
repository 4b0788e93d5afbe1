/** Which restricting rules reach which action (language.md, "Files, scope, sets"). */
import type { Verdict } from "../ast.ts";
import type { Checked } from "../checked.ts";
import { type Diagnostic, sortDiagnostics } from "../diagnostic.ts";
import { unrestrictedAction } from "./messages-warnings.ts";

export interface ActionCoverage {
  readonly action: string;
  /** Names of its rules by verdict, in order. */
  readonly rules: ReadonlyMap<Verdict, readonly string[]>;
}

const VERDICTS: readonly Verdict[] = ["allow", "hold", "deny", "quarantine", "terminate"];

export function coverageOf(checked: Checked): readonly ActionCoverage[] {
  return checked.actions.map(({ name }) => {
    const on = checked.rules.filter((rule) => rule.cases.some((one) => one.action === name));
    const rules = new Map<Verdict, readonly string[]>();
    for (const verdict of VERDICTS) {
      const names = on.filter((rule) => rule.verdict === verdict).map((rule) => rule.name);
      if (names.length > 0) rules.set(verdict, names);
    }
    return { action: name, rules };
  });
}

/**
 * Actions that no rule restricts: given only when somebody asks for the table. `isRestricted` knows the other
 * members of a set, any of which may refuse what this one grants.
 */
export function checkCoverage(
  checked: Checked,
  isRestricted: (action: string) => boolean = () => false,
): readonly Diagnostic[] {
  const bare = coverageOf(checked).filter(
    ({ action, rules }) => !isRestricted(action) && [...rules.keys()].every((one) => one === "allow"),
  );
  const names = new Set(bare.map(({ action }) => action));
  return sortDiagnostics(
    checked.actions
      .filter(({ name }) => names.has(name))
      .map(({ name, span }) => unrestrictedAction(span, name)),
  );
}
