/** Set and list literals: constants only, of one type. */
import { COLLECTION_MAX, type Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import type { Expr, Value } from "../../checked.ts";
import { duplicateElement, notConstant, tooMany, unclearType, wrongType } from "../messages-types.ts";
import { compareMembers } from "../order.ts";
import { done, type Env, FAILED, type Outcome, type Scope } from "../scope.ts";
import { isCollection, plain, sameType, showType } from "../types.ts";
import { literal } from "./literals.ts";
import { doubt } from "./operands.ts";
import { union } from "./presence.ts";

type CollectionNode = Extract<Node, { kind: "collection" }>;

export function checkCollection(
  node: CollectionNode,
  scope: Scope,
  env: Env,
  expected: Type | null,
): Outcome {
  const wanted = expected === null ? null : plain(expected);
  const member = wanted !== null && isCollection(wanted) ? wanted.of : null;
  if (node.elements.length > COLLECTION_MAX) {
    scope.report(tooMany(node.span, "members", node.elements.length, COLLECTION_MAX));
    return FAILED;
  }
  if (node.elements.length === 0) {
    if (member !== null) return done(collection(node, [], member));
    const hint = "an empty collection is clear only beside one whose type is declared";
    scope.report(unclearType(node.span, `this empty ${node.shape}`, hint));
    return FAILED;
  }
  const elements = checkElements(node, scope, env, member);
  const first = elements?.[0];
  if (elements === null || first === undefined) return FAILED;
  let type = first.type;
  let isWrong = false;
  for (const element of elements) {
    if (sameType(element.type, type)) type = union(type, element.type);
    else {
      scope.report(wrongType(element.span, showType(first.type), showType(element.type)));
      isWrong = true;
    }
  }
  if (isWrong || (node.shape === "set" && hasDuplicates(elements, scope))) return FAILED;
  const values = elements.map((element) => (element.kind === "literal" ? element.value : undefined));
  return done(collection(node, node.shape === "set" ? values.sort(compareMembers) : values, type));
}

function collection(node: CollectionNode, values: readonly Value[], of: Type): Expr {
  const count = values.length;
  return literal(values, { kind: node.shape, of, min: count, max: count }, node.span);
}

/** Where nothing is expected, the surest element says what the others are: `{1, 2.5}` holds decimals. */
function checkElements(
  node: CollectionNode,
  scope: Scope,
  env: Env,
  member: Type | null,
): readonly Expr[] | null {
  let wanted = member;
  if (wanted === null) {
    const surest = node.elements.toSorted((a, b) => doubt(a, scope, env) - doubt(b, scope, env))[0];
    if (surest !== undefined && isConstant(surest)) {
      wanted = scope.check(surest, scope, env, null).expr?.type ?? null;
      if (wanted === null) return null;
    }
  }
  const elements: Expr[] = [];
  for (const element of node.elements) {
    const expr = checkElement(element, node, scope, env, wanted);
    if (expr !== null) elements.push(expr);
  }
  return elements.length === node.elements.length ? elements : null;
}

function checkElement(
  element: Node,
  node: CollectionNode,
  scope: Scope,
  env: Env,
  wanted: Type | null,
): Expr | null {
  if (!isConstant(element)) {
    scope.report(notConstant(element.span, `a ${node.shape} in braces or brackets`));
    return null;
  }
  const { expr } = scope.check(element, scope, env, wanted);
  if (expr === null || expr.kind === "literal") return expr;
  scope.report(notConstant(element.span, `a ${node.shape} in braces or brackets`));
  return null;
}

const CONSTANT_FORMS: ReadonlySet<Node["kind"]> = new Set([
  "name",
  "bool",
  "int",
  "decimal",
  "text",
  "timestamp",
  "duration",
  "entity",
  "missing",
] as const);

/** By its form; a bare word may still turn out to be a field. */
function isConstant(node: Node): boolean {
  if (node.kind === "select") return node.of.kind === "name";
  if (node.kind === "negate") return isConstant(node.of);
  return CONSTANT_FORMS.has(node.kind);
}

function hasDuplicates(elements: readonly Expr[], scope: Scope): boolean {
  const seen: { readonly value: Value; readonly span: Expr["span"] }[] = [];
  for (const element of elements) {
    if (element.kind === "literal") seen.push({ value: element.value, span: element.span });
  }
  seen.sort((a, b) => compareMembers(a.value, b.value) || a.span.start - b.span.start);
  let found = false;
  for (const [index, { value, span }] of seen.entries()) {
    const before = seen[index - 1];
    if (before === undefined || compareMembers(before.value, value) !== 0) continue;
    scope.report(duplicateElement(span));
    found = true;
  }
  return found;
}
