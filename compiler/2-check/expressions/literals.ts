/** Literals: their types, and what surroundings make of them. */
import { DECIMAL_SCALE, INT_MAX, INT_MIN, type Shape, type Type } from "@polity/runtime/layout.ts";
import { canonicalShape } from "@polity/runtime/shaped-text.ts";
import type { Expr as Node } from "../../ast.ts";
import type { Expr, Value } from "../../checked.ts";
import { unreachable } from "../../diagnostic.ts";
import type { Span } from "../../source.ts";
import { carriedLiteral } from "../messages-entities.ts";
import { wrongShape } from "../messages-shapes.ts";
import { literalTooLarge, unknownEntityType, wrongPath } from "../messages-types.ts";
import { utf8Bytes } from "../order.ts";
import { canonicalPath } from "../paths.ts";
import { done, FAILED, type Outcome, type Scope } from "../scope.ts";
import { shaped } from "../shaped-types.ts";
import { nearest } from "../suggest.ts";
import { DURATION, plain, TIMESTAMP } from "../types.ts";
import { whyNot } from "../why-not.ts";

type NumberNode = Extract<Node, { kind: "int" | "decimal" | "timestamp" | "duration" }>;

export function literal(value: Value, type: Type, span: Span): Expr {
  return { kind: "literal", value, type, span, mayErr: false };
}

export function checkNumber(node: NumberNode, scope: Scope, expected: Type | null): Outcome {
  switch (node.kind) {
    case "timestamp":
      return done(literal(node.ms, TIMESTAMP, node.span));
    case "duration":
      return done(literal(node.ms, DURATION, node.span));
    case "int":
    case "decimal":
      return numberLiteral(node, node.value, node.span, scope, expected);
    default:
      return unreachable(node);
  }
}

/** `value` may be the negated one: the smallest number has no positive counterpart. */
export function numberLiteral(
  node: Extract<Node, { kind: "int" | "decimal" }>,
  value: bigint,
  span: Span,
  scope: Scope,
  expected: Type | null,
): Outcome {
  const isConverted = node.kind === "int" && expected !== null && plain(expected).kind === "decimal";
  const kind = isConverted ? "decimal" : node.kind;
  const exact = isConverted ? value * DECIMAL_SCALE : value;
  if (exact < INT_MIN || exact > INT_MAX) {
    scope.report(literalTooLarge(span, kind));
    return FAILED;
  }
  return done(literal(exact, { kind, min: exact, max: exact }, span));
}

export function checkText(
  node: Extract<Node, { kind: "text" }>,
  scope: Scope,
  expected: Type | null,
): Outcome {
  const bytes = Math.max(1, utf8Bytes(node.value));
  const wanted = expected === null ? null : plain(expected);
  if (wanted?.kind === "shaped") return shapedLiteral(node, wanted.shape, scope);
  if (wanted?.kind !== "path") {
    return done(literal(node.value, { kind: "string", id: false, bytesMax: bytes }, node.span));
  }
  const canonical = canonicalPath(node.value);
  if (canonical === null) {
    scope.report(wrongPath(node.span));
    return FAILED;
  }
  return done(literal(canonical, { kind: "path", bytesMax: bytes }, node.span));
}

function shapedLiteral(node: Extract<Node, { kind: "text" }>, shape: Shape, scope: Scope): Outcome {
  const canonical = canonicalShape(shape, node.value);
  if (canonical === null) {
    scope.report(wrongShape(node.span, shape, whyNot(shape, node.value)));
    return FAILED;
  }
  return done(literal(canonical, shaped(shape), node.span));
}

export function checkEntity(node: Extract<Node, { kind: "entity" }>, scope: Scope): Outcome {
  const { types, used } = scope.world;
  const name = node.type.text;
  if (!types.entities.has(name)) {
    scope.report(unknownEntityType(node.type, nearest(name, types.entities.keys())));
    return FAILED;
  }
  used.add(name);
  if (types.entities.get(name)?.fromRequest === true) {
    scope.report(carriedLiteral(node.span, name));
    return FAILED;
  }
  return done(literal({ type: name, id: node.id }, { kind: "entity", name }, node.span));
}
