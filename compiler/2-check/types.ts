/** Questions about types that need no source text. */

import {
  DECIMAL_SCALE,
  type EntityType,
  INT_MAX,
  INT_MIN,
  type Type,
  type Types,
} from "@polity/runtime/layout.ts";
import { showType } from "@polity/runtime/type-text.ts";
import { unreachable } from "../diagnostic.ts";

export { showType };

export const BOOL: Type = { kind: "bool" };
export const TIMESTAMP: Type = { kind: "timestamp" };
export const DURATION: Type = { kind: "duration" };
export const INT: Type = { kind: "int", min: INT_MIN, max: INT_MAX };
export const DECIMAL: Type = { kind: "decimal", min: INT_MIN, max: INT_MAX };

export const BUILT_IN_TYPES: readonly string[] = [
  "bool",
  "int",
  "decimal",
  "string",
  "path",
  "json",
  "url",
  "email",
  "image",
  "host",
  "host_pattern",
  "ip",
  "cidr",
  "timestamp",
  "duration",
];

/** As `==` needs it: ranges, bounds and `id` apart. */
export function sameType(a: Type, b: Type): boolean {
  switch (a.kind) {
    case "enum":
    case "record":
    case "entity":
    case "ref":
      return b.kind === a.kind && b.name === a.name;
    case "optional":
    case "list":
    case "set":
    case "map":
      return b.kind === a.kind && sameType(a.of, b.of);
    case "shaped":
      return b.kind === a.kind && b.shape === a.shape;
    case "entry":
      // Entries are not compared as wholes.
      return false;
    case "bool":
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
    case "string":
    case "path":
    case "json":
      return b.kind === a.kind;
    default:
      return unreachable(a);
  }
}

/** Both are the same type apart from ranges: whether every value of `inner` is one of `outer`. */
export function fits(inner: Type, outer: Type): boolean {
  if ((inner.kind === "int" || inner.kind === "decimal") && outer.kind === inner.kind) {
    return inner.min >= outer.min && inner.max <= outer.max;
  }
  if (inner.kind === "string" && outer.kind === "string") return inner.id || !outer.id;
  if (isCollection(inner) && isCollection(outer)) {
    return inner.min >= outer.min && fits(inner.of, outer.of);
  }
  return true;
}

/** A type with what `fits` compares. */
export function showRange(type: Type): string {
  if (type.kind === "int" || type.kind === "decimal") {
    const isWhole = type.min === INT_MIN && type.max === INT_MAX;
    return isWhole ? type.kind : `${type.kind} ${showNumber(type, type.min)}..${showNumber(type, type.max)}`;
  }
  if (type.kind === "string") return type.id ? "string id" : "string";
  if (!isCollection(type)) return showType(type);
  return `${type.kind}<${showRange(type.of)}>${type.min > 0 ? ` min ${type.min}` : ""}`;
}

function showNumber({ kind }: Type, value: bigint): string {
  if (kind === "int") return String(value);
  const size = value < 0n ? -value : value;
  const fraction = String(size % DECIMAL_SCALE)
    .padStart(4, "0")
    .replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${size / DECIMAL_SCALE}${fraction === "" ? "" : `.${fraction}`}`;
}

/** The type within `T?`, or the type itself. */
export function plain(type: Type): Type {
  return type.kind === "optional" ? type.of : type;
}

export type OrderedType = Extract<Type, { kind: "int" | "decimal" | "timestamp" | "duration" }>;

export function isOrdered(type: Type): type is OrderedType {
  return (
    type.kind === "int" || type.kind === "decimal" || type.kind === "timestamp" || type.kind === "duration"
  );
}

export type CollectionType = Extract<Type, { kind: "list" | "set" }>;

export function isCollection(type: Type): type is CollectionType {
  return type.kind === "list" || type.kind === "set";
}

export type SizedType = Extract<Type, { kind: "list" | "set" | "map" }>;

/** What has members or entries, and so a size. */
export function isSized(type: Type): type is SizedType {
  return isCollection(type) || type.kind === "map";
}

/** The type of what a quantifier meets. */
export function memberOf(type: SizedType): Type {
  return type.kind === "map" ? { kind: "entry", of: type.of } : type.of;
}

/** A value of this type needs the door even where no rule reads it: entities must exist, shapes be right. */
export function needsDoor(type: Type, types: Types, seen: Set<string> = new Set()): boolean {
  switch (type.kind) {
    case "entity":
    case "path":
    case "shaped":
      return true;
    case "optional":
    case "list":
    case "set":
    case "map":
    case "entry":
      return needsDoor(type.of, types, seen);
    case "record": {
      // A record that was seen and still had no answer has none to add.
      if (seen.has(type.name)) return false;
      seen.add(type.name);
      return (types.records.get(type.name) ?? []).some((field) => needsDoor(field.type, types, seen));
    }
    case "bool":
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
    case "string":
    case "json":
    case "enum":
    case "ref":
      return false;
    default:
      return unreachable(type);
  }
}

/** What each declared name of a type stands for. */
export function typeNames({ enums, records, entities, tables = [] }: Types): ReadonlyMap<string, TypeKind> {
  const rows = new Set(tables.map(({ name }) => name));
  const named = [...records.keys()].filter((name) => !rows.has(name));
  return new Map<string, TypeKind>([
    ...[...enums.keys()].map((name) => [name, "enum"] as const),
    ...named.map((name) => [name, "record"] as const),
    ...[...entities.keys()].map((name) => [name, "entity"] as const),
  ]);
}

/** The entities that come with requests. */
export function carriedNames({ entities }: Types): ReadonlySet<string> {
  return new Set([...entities].flatMap(([name, { fromRequest }]) => (fromRequest === true ? [name] : [])));
}

type TypeKind = "enum" | "record" | "entity";

/** A reference is in it, at any depth. */
export function holdsRef(type: Type, types: Types, seen: Set<string> = new Set()): boolean {
  if (type.kind === "ref") return true;
  if ("of" in type) return holdsRef(type.of, types, seen);
  if (type.kind !== "record" || seen.has(type.name)) return false;
  seen.add(type.name);
  return (types.records.get(type.name) ?? []).some((field) => holdsRef(field.type, types, seen));
}

/** An entity of type `name` can be, or be below, an entity of type `group`. */
export function canBeBelow(name: string, group: string, entities: ReadonlyMap<string, EntityType>): boolean {
  const seen = new Set([name]);
  for (const current of seen) {
    if (current === group) return true;
    for (const next of entities.get(current)?.groups ?? []) seen.add(next);
  }
  return false;
}
