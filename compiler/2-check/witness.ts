/** `for any c in xs, ys`: a rule about some member, and which one it was. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Witness as Node, RuleDeclaration } from "../ast.ts";
import type { Expr, Witness } from "../checked.ts";
import type { Span } from "../source.ts";
import { literal } from "./expressions/literals.ts";
import { isFromFacts } from "./expressions/membership.ts";
import { union } from "./expressions/presence.ts";
import { reservedName, shadowedName } from "./messages-names.ts";
import { notCollection, wrongType } from "./messages-types.ts";
import { type Env, NO_ENV, type Scope, takenBy } from "./scope.ts";
import { BOOL, isCollection, sameType, showType } from "./types.ts";
import { operandsOf } from "./walk.ts";

export interface OpenWitness {
  readonly node: Node;
  readonly id: number;
  readonly overs: readonly Expr[];
  /** What the other clauses may use. */
  readonly env: Env;
  readonly isWhole: boolean;
}

interface Clauses {
  readonly when: Expr | null;
  readonly unless: Expr | null;
}

export function openWitness(node: Node, scope: Scope): OpenWitness {
  const { variable } = node;
  const what = takenBy(variable.text, scope, NO_ENV);
  const isReserved = variable.text === "now" || variable.text === "trust";
  if (isReserved) scope.report(reservedName(variable, "it is a word of every request"));
  else if (what !== null) scope.report(shadowedName(variable, what));
  const overs: Expr[] = [];
  let type: Type | null = null;
  for (const over of node.overs) {
    const { expr } = scope.check(over, scope, NO_ENV, null);
    if (expr === null) continue;
    if (!isCollection(expr.type)) {
      scope.report(notCollection(over.span, "for any", showType(expr.type)));
    } else if (type !== null && !sameType(type, expr.type.of)) {
      scope.report(wrongType(over.span, showType(type), showType(expr.type.of)));
    } else {
      type = type === null ? expr.type.of : union(type, expr.type.of);
      overs.push(expr);
    }
  }
  const id = scope.variables.next();
  scope.variables.sources.set(id, overs);
  const origin = originOf(overs, scope);
  if (origin !== null) scope.variables.overs.set(id, origin);
  const env = { ...NO_ENV, variables: new Map([[variable.text, { id, type }]]) };
  const isWhole = overs.length === node.overs.length && what === null && !isReserved;
  return { node, id, overs, env, isWhole };
}

/** What is known of every member: where it comes from, if that is one place; or that facts say it. */
function originOf(overs: readonly Expr[], scope: Scope): Expr | null {
  const [first, ...others] = overs;
  if (first === undefined || others.length === 0) return first ?? null;
  const isFact = overs.every((over) => isFromFacts(over, scope));
  return isFact ? literal(undefined, first.type, first.span) : null;
}

/** `any(c in xs: when and not unless) or any(c in ys: …)`; null where a part of it was wrong. */
export function closeWitness(
  { node, id, overs, isWhole }: OpenWitness,
  { when, unless }: Clauses,
  declaration: RuleDeclaration,
): { readonly clauses: Clauses; readonly found: Witness } | null {
  const isMissing =
    (declaration.when !== null && when === null) || (declaration.unless !== null && unless === null);
  if (!isWhole || isMissing) return null;
  const variable = node.variable.text;
  const end = unless?.span.end ?? when?.span.end ?? node.span.end;
  const span: Span = { start: node.span.start, end };
  const condition = conditionOf(when, unless, node.span);
  let whole: Expr | null = null;
  for (const over of overs) {
    const mayErr = over.mayErr || condition.mayErr;
    const any: Expr = {
      kind: "quantifier",
      op: "any",
      variable,
      id,
      over,
      body: condition,
      type: BOOL,
      span,
      mayErr,
    };
    whole =
      whole === null
        ? any
        : { kind: "or", left: whole, right: any, type: BOOL, span, mayErr: whole.mayErr || mayErr };
  }
  if (whole === null) return null;
  return { clauses: { when: whole, unless: null }, found: { variable, id, overs, condition } };
}

function conditionOf(when: Expr | null, unless: Expr | null, span: Span): Expr {
  const not: Expr | null =
    unless === null
      ? null
      : { kind: "not", of: unless, type: BOOL, span: unless.span, mayErr: unless.mayErr };
  if (when === null || not === null) return when ?? not ?? literal(true, BOOL, span);
  const both = { start: when.span.start, end: not.span.end };
  return { kind: "and", left: when, right: not, type: BOOL, span: both, mayErr: when.mayErr || not.mayErr };
}

/** Where an expression names the variable; null where it does not. */
export function useOf(id: number, expr: Expr): Span | null {
  if (expr.kind === "variable" && expr.id === id) return expr.span;
  for (const operand of operandsOf(expr)) {
    const found = useOf(id, operand);
    if (found !== null) return found;
  }
  return null;
}
