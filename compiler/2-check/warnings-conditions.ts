import type { RuleDeclaration } from "../ast.ts";
import type { Expr } from "../checked.ts";
import type { Scope } from "./scope.ts";

export function checkConditions(
  _rule: RuleDeclaration,
  _clauses: { readonly when: Expr | null; readonly unless: Expr | null },
  _scope: Scope,
): void {}
