/** Rows of tables: one by its key, or those that a quantifier goes over. */
import type { Table, Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import type { Expr } from "../../checked.ts";
import { noPrefix, wrongKeyCount } from "../messages-entities.ts";
import { wrongType } from "../messages-types.ts";
import { done, type Env, FAILED, type Outcome, type Scope } from "../scope.ts";
import { sameType, showType } from "../types.ts";
import { operandsOf } from "../walk.ts";
import { asReference } from "./refs.ts";

/** The table that a bare word names; null for everything else. */
export function tableNamed(node: Node, scope: Scope): Table | null {
  if (node.kind !== "name") return null;
  const binding = scope.bindings.get(node.name);
  if (binding?.kind !== "table") return null;
  binding.onUse();
  return scope.world.types.tables?.find(({ name }) => name === node.name) ?? null;
}

/** `grant[agent, tool]` */
export function checkLookup(
  node: Extract<Node, { kind: "index" }>,
  table: Table,
  scope: Scope,
  env: Env,
): Outcome {
  if (node.args.length !== table.key.length) {
    scope.report(wrongKeyCount(node.span, table.name, table.key, node.args.length));
    return FAILED;
  }
  const keys: Expr[] = [];
  for (const [at, argument] of node.args.entries()) {
    const key = checkKey(argument, columnType(table, at, scope), scope, env);
    if (key !== null) keys.push(key);
  }
  if (keys.length !== node.args.length) return FAILED;
  const type: Type = { kind: "optional", of: { kind: "record", name: table.name } };
  const mayErr = keys.some((key) => key.mayErr);
  return done({ kind: "lookup", table: table.name, keys, type, span: node.span, mayErr });
}

function checkKey(argument: Node, type: Type, scope: Scope, env: Env): Expr | null {
  const { expr } = scope.check(argument, scope, env, type);
  if (expr === null) return null;
  const key = asReference(expr, type);
  if (sameType(key.type, type)) return key;
  scope.report(wrongType(argument.span, showType(type), showType(expr.type)));
  return null;
}

function columnType({ name, key }: Table, at: number, { world }: Scope): Type {
  return world.records.get(name)?.get(key[at] ?? "") ?? { kind: "bool" };
}

/** All rows, until it is known which of them the body is about. */
export function allRows({ name, max }: Table, span: Expr["span"]): Expr {
  const type: Type = { kind: "list", of: { kind: "record", name }, min: 0, max };
  return { kind: "rows", table: name, prefix: [], type, span, mayErr: false };
}

/**
 * The rows that a body is about: it begins with `g.column == value` for the first columns of the key, joined
 * by `and`; under `all` with `g.column != value`, joined by `or`. For all others it is decided by that alone.
 */
export function rowsOf(
  op: string,
  table: Table,
  variable: { readonly name: string; readonly id: number },
  over: Expr,
  body: Expr,
  scope: Scope,
): Expr | null {
  const isAll = op === "all";
  const values = new Map<string, Expr>();
  if (op === "any" || op === "count" || isAll) {
    for (const part of parts(body, isAll ? "or" : "and")) {
      const fixed = fixedBy(part, isAll, variable.id);
      if (fixed === null) break;
      if (!values.has(fixed.column)) values.set(fixed.column, fixed.value);
    }
  }
  const prefix: Expr[] = [];
  for (const column of table.key) {
    const value = values.get(column);
    if (value === undefined) break;
    prefix.push(value);
  }
  if (prefix.length < table.per) {
    scope.report(noPrefix(over.span, op, variable.name, table.key.slice(0, table.per)));
    return null;
  }
  const isWhole = prefix.length === table.key.length;
  const type: Type = {
    kind: "list",
    of: { kind: "record", name: table.name },
    min: 0,
    max: isWhole ? 1 : table.max,
  };
  return { kind: "rows", table: table.name, prefix, type, span: over.span, mayErr: false };
}

/** In the order of evaluation. */
function parts(expr: Expr, kind: "and" | "or"): readonly Expr[] {
  const found: Expr[] = [];
  let left = expr;
  while (left.kind === kind) {
    found.unshift(...parts(left.right, kind));
    left = left.left;
  }
  return [left, ...found];
}

interface Fixed {
  readonly column: string;
  readonly value: Expr;
}

function fixedBy(expr: Expr, negated: boolean, variable: number): Fixed | null {
  if (expr.kind !== "equal" || expr.negated !== negated) return null;
  return fixedTo(expr.left, expr.right, variable) ?? fixedTo(expr.right, expr.left, variable);
}

function fixedTo(column: Expr, value: Expr, variable: number): Fixed | null {
  if (column.kind !== "attribute" || column.of.kind !== "variable" || column.of.id !== variable) return null;
  return value.mayErr || mentions(value, variable) ? null : { column: column.name, value };
}

function mentions(expr: Expr, variable: number): boolean {
  if (expr.kind === "variable" && expr.id === variable) return true;
  return operandsOf(expr).some((operand) => mentions(operand, variable));
}
