/** `let x = …` in a rule. */
import type { Let, RuleDeclaration } from "../ast.ts";
import type { Binding, Bindings } from "./bindings.ts";
import { uniqueNames } from "./declarations.ts";
import { checkValue } from "./expressions/expression.ts";
import { doubt } from "./expressions/operands.ts";
import { measure } from "./expressions/substitution.ts";
import { expansionTooLarge } from "./messages-definitions.ts";
import { reservedName, shadowedName } from "./messages-names.ts";
import { unusedDeclaration } from "./messages-warnings.ts";
import { NO_ENV, type Scope, takenBy } from "./scope.ts";
import type { World } from "./world.ts";

/** What the rule may name: the scope's bindings and its own, each of which may use those before it. */
export function checkLets(lets: readonly Let[], scope: Scope, used: Set<string>): Bindings {
  let bindings = scope.bindings;
  for (const one of uniqueNames(lets, "a `let` of this rule", scope.world.source, scope.report)) {
    bindings = new Map([
      ...bindings,
      [one.name.text, bindingOf(one, { ...scope, bindings, within: "let" }, used)],
    ]);
  }
  return bindings;
}

function bindingOf({ name, value }: Let, scope: Scope, used: Set<string>): Binding {
  const what = takenBy(name.text, scope, NO_ENV);
  if (name.text === "now" || name.text === "trust") {
    scope.report(reservedName(name, "it is a word of every request"));
  } else if (what !== null) scope.report(shadowedName(name, what));
  const { expr } = checkValue(value, scope, NO_ENV);
  const isTooLarge = expr !== null && measure(expr) === null;
  if (isTooLarge) {
    scope.report(expansionTooLarge(value.span, name.text, "it has too many parts, or too many levels"));
  }
  const { bindings, fields } = scope;
  const onUse = () => void used.add(name.text);
  const isBroken = expr === null || isTooLarge;
  return {
    kind: "let",
    name,
    body: value,
    bindings,
    fields,
    doubt: doubt(value, scope, NO_ENV),
    isBroken,
    onUse,
  };
}

export function warnUnusedLets(
  { lets }: RuleDeclaration,
  used: ReadonlySet<string>,
  { report }: World,
): void {
  for (const { name } of lets) if (!used.has(name.text)) report(unusedDeclaration(name, "`let`"));
}
