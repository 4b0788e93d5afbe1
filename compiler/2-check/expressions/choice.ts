/** `if c then a else b`. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import { wrongOperands, wrongType } from "../messages-types.ts";
import { bothFacts, eitherFacts } from "../narrowing.ts";
import { type Env, FAILED, type Outcome, outcome, type Scope } from "../scope.ts";
import { BOOL, sameType, showType } from "../types.ts";
import { doubt } from "./operands.ts";
import { union } from "./presence.ts";

type ChoiceNode = Extract<Node, { kind: "if" }>;

/** What the condition proves holds in the part that it leads to. The surer part says what the other is. */
export function checkChoice(node: ChoiceNode, scope: Scope, env: Env, expected: Type | null): Outcome {
  const condition = scope.check(node.condition, scope, env, BOOL);
  if (condition.expr !== null && condition.expr.type.kind !== "bool") {
    scope.report(wrongType(node.condition.span, "bool", showType(condition.expr.type)));
    return FAILED;
  }
  const whenHeld: Env = { ...env, proved: bothFacts(env.proved, condition.whenTrue) };
  const whenNot: Env = { ...env, proved: bothFacts(env.proved, condition.whenFalse) };
  const isOtherwiseFirst = doubt(node.otherwise, scope, env) < doubt(node.value, scope, env);
  let otherwise = isOtherwiseFirst ? scope.check(node.otherwise, scope, whenNot, expected) : null;
  const value = scope.check(node.value, scope, whenHeld, otherwise?.expr?.type ?? expected);
  otherwise ??= scope.check(node.otherwise, scope, whenNot, value.expr?.type ?? expected);
  if (condition.expr === null || value.expr === null || otherwise.expr === null) return FAILED;
  const types = [value.expr.type, otherwise.expr.type] as const;
  if (!sameType(...types)) {
    scope.report(wrongOperands(node.span, "if", types.map(showType), "two values of one type"));
    return FAILED;
  }
  const parts = [condition.expr, value.expr, otherwise.expr];
  return outcome(
    {
      kind: "choose",
      condition: condition.expr,
      value: value.expr,
      otherwise: otherwise.expr,
      type: union(...types),
      span: node.span,
      mayErr: parts.some((part) => part.mayErr),
    },
    eitherFacts(
      bothFacts(condition.whenTrue, value.whenTrue),
      bothFacts(condition.whenFalse, otherwise.whenTrue),
    ),
    eitherFacts(
      bothFacts(condition.whenTrue, value.whenFalse),
      bothFacts(condition.whenFalse, otherwise.whenFalse),
    ),
  );
}
