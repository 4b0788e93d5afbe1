/** The compiler's front half: from text to a checked program. It assembles nothing, so it starts fast. */
import type { ActionCost } from "@polity/runtime/manifest.ts";
import { parse } from "./1-parse/parse.ts";
import { check } from "./2-check/check.ts";
import { costsOf } from "./3-lower/costs.ts";
import type { Checked } from "./checked.ts";
import { hasErrors, type Phase, sortDiagnostics } from "./diagnostic.ts";
import type { Source } from "./source.ts";
import { type Culprit, weigh } from "./weigh/weigh.ts";

/**
 * Checks a policy. The value is null exactly when a diagnostic is an error. What the parser could not read is
 * not checked any further where nothing sensible can follow from it; all diagnostics come in source order.
 */
export function compile(source: Source): Phase<Checked | null> {
  const parsed = parse(source);
  const checked = check(source, parsed.value);
  const diagnostics = sortDiagnostics([...parsed.diagnostics, ...checked.diagnostics]);
  return { value: hasErrors(diagnostics) ? null : checked.value, diagnostics };
}

export interface Cost extends ActionCost {
  /** What takes the most; null for an action without rules. */
  readonly culprit: Culprit | null;
}

/** What each action costs at most (spec 12), in the order of the program's. */
export function costs(checked: Checked): readonly Cost[] {
  const weights = weigh(checked);
  return costsOf(checked, weights).map((cost, index) => ({
    ...cost,
    culprit: weights[index]?.culprit ?? null,
  }));
}
