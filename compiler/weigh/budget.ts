/** Actions that cost more than a budget allows. */
import type { Checked } from "../checked.ts";
import { type Diagnostic, sortDiagnostics } from "../diagnostic.ts";
import { overBudget } from "./messages.ts";
import { weigh } from "./weigh.ts";

/** One for each action that may take more steps than that, about what takes the most. */
export function checkBudget(checked: Checked, budget: bigint): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const [index, { action, decodeSteps, ruleSteps, culprit }] of weigh(checked).entries()) {
    const steps = decodeSteps + ruleSteps;
    const declared = checked.actions[index]?.span;
    if (steps <= budget || declared === undefined) continue;
    const isReading = culprit === null || culprit.steps < decodeSteps;
    const most = isReading
      ? `reading the frame takes ${decodeSteps} of them: bound what it may hold (\`max\`)`
      : `\`${culprit.rule}\` takes ${culprit.steps} of them: bound what it looks at (\`max\`)`;
    found.push(overBudget(isReading ? declared : culprit.span, action, steps, budget, most));
  }
  return sortDiagnostics(found);
}
