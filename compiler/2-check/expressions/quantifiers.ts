/** `any`, `all`, `count`. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import { reservedName, shadowedName } from "../messages-names.ts";
import { notCollection, wrongType } from "../messages-types.ts";
import { done, type Env, FAILED, type Outcome, type Scope } from "../scope.ts";
import { BOOL, isCollection, showType } from "../types.ts";
import { isTypeName } from "../world.ts";

type QuantifierNode = Extract<Node, { kind: "quantifier" }>;

/** What is proved outside holds inside; nothing that the body proves holds outside. */
export function checkQuantifier(node: QuantifierNode, scope: Scope, env: Env): Outcome {
  const { expr: over } = scope.check(node.over, scope, env, null);
  const isFree = checkVariable(node, scope, env);
  let member: Type | null = null;
  if (over !== null && isCollection(over.type)) member = over.type.of;
  else if (over !== null) scope.report(notCollection(node.over.span, node.op, showType(over.type)));
  const id = scope.variables.next();
  if (over !== null) scope.variables.overs.set(id, over);
  const variables = new Map(env.variables);
  if (isFree) variables.set(node.variable.text, { id, type: member });
  const { expr: body } = scope.check(node.body, scope, { ...env, variables }, BOOL);
  if (body !== null && body.type.kind !== "bool") {
    scope.report(wrongType(node.body.span, "bool", showType(body.type)));
    return FAILED;
  }
  if (over === null || body === null || member === null || !isFree || !isCollection(over.type)) return FAILED;
  const type: Type = node.op === "count" ? { kind: "int", min: 0n, max: BigInt(over.type.max) } : BOOL;
  const mayErr = over.mayErr || body.mayErr;
  const variable = node.variable.text;
  return done({ kind: "quantifier", op: node.op, variable, id, over, body, type, span: node.span, mayErr });
}

function checkVariable(node: QuantifierNode, scope: Scope, env: Env): boolean {
  const { variable } = node;
  const name = variable.text;
  if (name === "now" || name === "trust") {
    scope.report(reservedName(variable, "a word of the request cannot be a variable"));
    return false;
  }
  const what = env.variables.has(name)
    ? "a variable here"
    : scope.fields.has(name)
      ? "a field"
      : isTypeName(name, scope.world.types)
        ? "the name of a type"
        : null;
  if (what === null) return true;
  scope.report(shadowedName(variable, what));
  return false;
}
