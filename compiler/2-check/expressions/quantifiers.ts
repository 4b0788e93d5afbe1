/** `any`, `all`, `count`, and `sum`, `min`, `max`. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import { rangeOf, sizeOf } from "../abstract.ts";
import { sumBounds } from "../intervals.ts";
import { wrongParts } from "../messages-collections.ts";
import { reservedName, shadowedName } from "../messages-names.ts";
import { certainError, notCollection, wrongType } from "../messages-types.ts";
import { done, type Env, FAILED, type Outcome, type Scope, takenBy } from "../scope.ts";
import { BOOL, DURATION, isOrdered, isSized, memberOf, type SizedType, showType } from "../types.ts";
import { allRows, rowsOf, tableNamed } from "./tables.ts";

type QuantifierNode = Extract<Node, { kind: "quantifier" }>;

/** What it goes over, and what it asks or takes of each member. */
interface Parts {
  readonly variable: string;
  readonly id: number;
  readonly over: Expr;
  readonly body: Expr;
  readonly collection: SizedType;
}

export function checkQuantifier(
  node: QuantifierNode,
  scope: Scope,
  env: Env,
  expected: Type | null,
): Outcome {
  const { op, span } = node;
  if (op === "sum" || op === "min" || op === "max") {
    const wanted = expected === null || !isOrdered(expected) ? null : expected;
    const parts = checkParts(node, scope, env, wanted);
    return parts === null ? FAILED : checkAggregate(node, op, parts, scope);
  }
  const parts = checkParts(node, scope, env, BOOL);
  if (parts === null) return FAILED;
  const { collection, ...rest } = parts;
  if (rest.body.type.kind !== "bool") {
    scope.report(wrongType(node.body.span, "bool", showType(rest.body.type)));
    return FAILED;
  }
  const type: Type = op === "count" ? { kind: "int", min: 0n, max: BigInt(collection.max) } : BOOL;
  const mayErr = rest.over.mayErr || rest.body.mayErr;
  return done({ kind: "quantifier", op, ...rest, type, span, mayErr });
}

/** What is proved outside holds inside; nothing that the body proves holds outside. */
function checkParts(node: QuantifierNode, scope: Scope, env: Env, expected: Type | null): Parts | null {
  const table = tableNamed(node.over, scope);
  const over =
    table === null ? scope.check(node.over, scope, env, null).expr : allRows(table, node.over.span);
  const isFree = checkVariable(node, scope, env);
  let member: Type | null = null;
  if (over !== null && isSized(over.type)) member = memberOf(over.type);
  else if (over !== null) scope.report(notCollection(node.over.span, node.op, showType(over.type)));
  const id = scope.variables.next();
  if (over !== null) scope.variables.overs.set(id, over);
  const variables = new Map(env.variables);
  if (isFree) variables.set(node.variable.text, { id, type: member });
  const { expr: body } = scope.check(node.body, scope, { ...env, variables }, expected);
  if (over === null || body === null || !isFree || !isSized(over.type)) return null;
  const variable = node.variable.text;
  if (table === null) return { variable, id, over, body, collection: over.type };
  const rows = rowsOf(node.op, table, { name: variable, id }, over, body, scope);
  if (rows === null || !isSized(rows.type)) return null;
  scope.variables.overs.set(id, rows);
  return { variable, id, over: rows, body, collection: rows.type };
}

/** `int` and `decimal` carry the range of the result; the least of nothing is absent. */
function checkAggregate(
  { span, body: bodyNode }: QuantifierNode,
  op: "sum" | "min" | "max",
  { collection, ...parts }: Parts,
  scope: Scope,
): Outcome {
  const { over, body } = parts;
  const { type } = body;
  const range = rangeOf(body);
  if (!isOrdered(type) || range === null || (op === "sum" && type.kind === "timestamp")) {
    const times = op === "sum" ? "numbers or durations" : "numbers or times";
    scope.report(wrongParts(bodyNode.span, op, showType(type), times));
    return FAILED;
  }
  const mayErr = over.mayErr || body.mayErr;
  if (op === "sum") {
    const { result, mayOverflow } = sumBounds(sizeOf(over), range);
    if (result === null) {
      scope.report(certainError(span, "overflow"));
      return FAILED;
    }
    const of: Type = type.kind === "duration" ? DURATION : { ...type, ...result };
    const summed = { ...parts, op, mayOverflow, type: of, span, mayErr: mayErr || mayOverflow };
    return done({ kind: "aggregate", ...summed });
  }
  const least: Type = type.kind === "int" || type.kind === "decimal" ? { ...type, ...range } : type;
  const isThere = collection.min > 0;
  const of: Type = isThere ? least : { kind: "optional", of: least };
  return done({ kind: "aggregate", op, ...parts, mayOverflow: false, type: of, span, mayErr });
}

function checkVariable(node: QuantifierNode, scope: Scope, env: Env): boolean {
  const { variable } = node;
  const name = variable.text;
  if (name === "now" || name === "trust") {
    scope.report(reservedName(variable, "a word of the request cannot be a variable"));
    return false;
  }
  const what = takenBy(name, scope, env);
  if (what === null) return true;
  scope.report(shadowedName(variable, what));
  return false;
}
