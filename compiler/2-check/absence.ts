import type { RuleDeclaration } from "../ast.ts";
import type { Approval, Expr } from "../checked.ts";
import type { Scope } from "./scope.ts";

export interface Clauses {
  readonly when: Expr | null;
  readonly unless: Expr | null;
  readonly approval: Approval | null;
}

export function checkAbsence(_rule: RuleDeclaration, _clauses: Clauses, _scope: Scope): void {}
