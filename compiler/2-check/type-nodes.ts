/** From types as written to types. */
import {
  COLLECTION_DEFAULT,
  COLLECTION_MAX,
  DECIMAL_SCALE,
  DOCUMENT_BYTES_DEFAULT,
  INT_MAX,
  INT_MIN,
  STRING_BYTES_DEFAULT,
  STRING_BYTES_MAX,
  type Type,
} from "@polity/runtime/layout.ts";
import type { Expr } from "../ast.ts";
import type { TypeNode } from "../ast-types.ts";
import { unreachable } from "../diagnostic.ts";
import { carriedRef, refOfOther } from "./messages-entities.ts";
import { unknownType } from "./messages-names.ts";
import {
  boundOutOfLimits,
  literalTooLarge,
  optionalOfOptional,
  wrongMember,
  wrongModifier,
  wrongRange,
} from "./messages-types.ts";
import { shaped } from "./shaped-types.ts";
import { nearest } from "./suggest.ts";
import { BUILT_IN_TYPES, DECIMAL, DURATION, INT, isSized, TIMESTAMP } from "./types.ts";
import type { Report } from "./world.ts";

export interface TypeNames {
  readonly kinds: ReadonlyMap<string, "enum" | "record" | "entity">;
  /** Of those, the entities that come with requests. */
  readonly carried: ReadonlySet<string>;
  readonly used: Set<string>;
  readonly report: Report;
}

type NamedNode = Extract<TypeNode, { kind: "named" }>;
type CollectionNode = Extract<TypeNode, { kind: "collection" }>;

/** Null where the type is wrong; everything wrong with it is reported. */
export function resolveType(node: TypeNode, names: TypeNames): Type | null {
  switch (node.kind) {
    case "named":
      return resolveNamed(node, names);
    case "collection":
      return resolveCollection(node, names);
    case "optional": {
      const of = resolveType(node.of, names);
      if (node.of.kind === "optional") {
        names.report(optionalOfOptional(node.span));
        return null;
      }
      return of === null ? null : { kind: "optional", of };
    }
    default:
      return unreachable(node);
  }
}

function resolveNamed(node: NamedNode, names: TypeNames): Type | null {
  if (node.ref && !isEntity(node, names)) return null;
  const type = namedType(node, names);
  if (type === null) return null;
  const misplaced: string[] = [];
  if (node.id && type.kind !== "string") misplaced.push("`id`");
  if (node.max !== null && !takesMax(type)) misplaced.push("`max`");
  if (node.range !== null && type.kind !== "int" && type.kind !== "decimal") misplaced.push("range");
  for (const modifier of misplaced) names.report(wrongModifier(node.span, node.name.text, modifier));
  if (misplaced.length > 0) return null;
  if (type.kind === "int" || type.kind === "decimal") return withRange(type, node, names.report);
  return node.ref && type.kind === "entity" ? { kind: "ref", name: type.name } : type;
}

function isEntity({ name }: NamedNode, { kinds, carried, report }: TypeNames): boolean {
  if (carried.has(name.text)) {
    report(carriedRef(name.span, name.text));
    return false;
  }
  if (kinds.get(name.text) === "entity") return true;
  const entities = [...kinds].flatMap(([other, kind]) => (kind === "entity" ? [other] : []));
  report(refOfOther(name, nearest(name.text, entities)));
  return false;
}

/** Text of which there is no longest; the other shapes have a longest one. */
function takesMax(type: Type): boolean {
  return (
    type.kind === "string" ||
    type.kind === "path" ||
    type.kind === "json" ||
    (type.kind === "shaped" && type.shape === "url")
  );
}

function namedType(node: NamedNode, names: TypeNames): Type | null {
  const name = node.name.text;
  const kind = names.kinds.get(name);
  if (kind !== undefined) {
    names.used.add(name);
    return { kind, name };
  }
  switch (name) {
    case "bool":
      return { kind: "bool" };
    case "int":
      return INT;
    case "decimal":
      return DECIMAL;
    case "timestamp":
      return TIMESTAMP;
    case "duration":
      return DURATION;
    case "string":
    case "url":
    case "json":
    case "path": {
      const max = node.max ?? BigInt(name === "json" ? DOCUMENT_BYTES_DEFAULT : STRING_BYTES_DEFAULT);
      if (max < 1n || max > BigInt(STRING_BYTES_MAX)) {
        names.report(boundOutOfLimits(node.span, `\`max\` of a \`${name}\``, 1n, BigInt(STRING_BYTES_MAX)));
        return null;
      }
      const bytesMax = Number(max);
      if (name === "url") return shaped(name, bytesMax);
      if (name === "json") return { kind: "json", bytesMax };
      return name === "path" ? { kind: "path", bytesMax } : { kind: "string", id: node.id, bytesMax };
    }
    case "email":
    case "image":
    case "host":
    case "host_pattern":
    case "ip":
    case "cidr":
      return shaped(name);
    default:
      names.report(unknownType(node.name, nearest(name, [...BUILT_IN_TYPES, ...names.kinds.keys()])));
      return null;
  }
}

function withRange(
  type: Extract<Type, { kind: "int" | "decimal" }>,
  node: NamedNode,
  report: Report,
): Type | null {
  if (node.range === null) return type;
  const min = rangeEnd(node.range.from, type.kind, report);
  const max = rangeEnd(node.range.to, type.kind, report);
  if (min === null || max === null) return null;
  if (min > max) {
    const span = { start: node.range.from.span.start, end: node.range.to.span.end };
    report(wrongRange(span, "the range ends before it begins", "write the smaller number first"));
    return null;
  }
  return { kind: type.kind, min, max };
}

function rangeEnd(expr: Expr, kind: "int" | "decimal", report: Report): bigint | null {
  const negated = expr.kind === "negate";
  const literal = negated ? expr.of : expr;
  if (literal.kind === "missing") return null;
  const isInt = literal.kind === "int";
  if (!isInt && !(literal.kind === "decimal" && kind === "decimal")) {
    const hint = literal.kind === "decimal" ? "an `int` has no fraction" : null;
    report(wrongRange(expr.span, `the range of \`${kind}\` is written with its literals`, hint));
    return null;
  }
  const scaled = isInt && kind === "decimal" ? literal.value * DECIMAL_SCALE : literal.value;
  const value = negated ? -scaled : scaled;
  if (value >= INT_MIN && value <= INT_MAX) return value;
  report(literalTooLarge(expr.span, kind));
  return null;
}

function resolveCollection(node: CollectionNode, names: TypeNames): Type | null {
  const of = resolveType(node.of, names);
  const limit = BigInt(COLLECTION_MAX);
  const max = node.max ?? BigInt(COLLECTION_DEFAULT);
  const min = node.min ?? 0n;
  let isWrong = of === null;
  if (of !== null && !mayBeMember(of, node.shape)) {
    names.report(wrongMember(node.of.span, node.shape, showMember(of)));
    isWrong = true;
  }
  if (max < 1n || max > limit) {
    names.report(boundOutOfLimits(node.span, `\`max\` of a ${node.shape}`, 1n, limit));
    isWrong = true;
  } else if (min < 0n || min > max) {
    names.report(boundOutOfLimits(node.span, `\`min\` of this ${node.shape}`, 0n, max));
    isWrong = true;
  }
  if (isWrong || of === null) return null;
  return { kind: node.shape, of, min: Number(min), max: Number(max) };
}

function mayBeMember(type: Type, shape: "list" | "set" | "map"): boolean {
  if (type.kind === "optional" || type.kind === "json" || isSized(type)) return false;
  return type.kind !== "record" || shape !== "set";
}

function showMember(type: Type): string {
  if (type.kind === "optional") return `${showMember(type.of)}?`;
  if (type.kind === "ref") return `ref ${type.name}`;
  if (type.kind === "shaped") return type.shape;
  return "name" in type ? type.name : type.kind;
}
