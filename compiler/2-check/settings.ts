/** `setting x: T = v`: values that the facts may replace within their type. */

import type { Setting, Type, Types } from "@polity/runtime/layout.ts";
import type { SettingDeclaration } from "../ast.ts";
import type { Value } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { NO_BINDINGS } from "./bindings.ts";
import { CHECKS, checkValue } from "./expressions/expression.ts";
import { notConstantValue, outsideOf } from "./messages-definitions.ts";
import { wrongSettingType } from "./messages-entities.ts";
import { wrongType } from "./messages-types.ts";
import { utf8Bytes } from "./order.ts";
import { NO_ENV, newScope, type Scope } from "./scope.ts";
import { decimalText } from "./test-values.ts";
import { timestampText } from "./time-text.ts";
import { resolveType } from "./type-nodes.ts";
import { carriedNames, fits, isCollection, sameType, showType, typeNames } from "./types.ts";
import type { World } from "./world.ts";

const ID_CHARACTERS = /^[A-Za-z0-9._:@/-]+$/;

/** Null after a report. */
export function settingOf({ name, type: node, value }: SettingDeclaration, world: World): Setting | null {
  const { types, used, report } = world;
  const names = { kinds: typeNames(types), carried: carriedNames(types), used, report };
  const type = resolveType(node, names);
  if (type === null) return null;
  if (!mayBeSetting(type)) {
    world.report(wrongSettingType(node.span, showType(type)));
    return null;
  }
  const scope: Scope = { ...newScope(world, "", new Map(), NO_BINDINGS, CHECKS), within: "const" };
  const { expr } = checkValue(value, scope, NO_ENV, type);
  if (expr === null) return null;
  if (expr.kind !== "literal") {
    world.report(notConstantValue(value.span, name.text));
    return null;
  }
  if (!sameType(expr.type, type)) {
    world.report(wrongType(value.span, showType(type), showType(expr.type)));
    return null;
  }
  if (!isWithin(expr.value, expr.type, type)) {
    const written = ({ start, end }: Span) => world.source.text.slice(start, end);
    world.report(outsideOf(value.span, { value: written(value.span) }, written(node.span)));
    return null;
  }
  return { name: name.text, type, standard: jsonOf(expr.value, type, world.types) };
}

/** Plain values and collections of them; an entity might not exist, and a setting is always there. */
function mayBeSetting(type: Type): boolean {
  if (isCollection(type)) return mayBeSetting(type.of);
  return !["entity", "ref", "record", "optional", "map", "json"].includes(type.kind);
}

/** Of a literal all is known, also what types leave open: bytes, characters, the number of members. */
function isWithin(value: Value, found: Type, type: Type): boolean {
  if (typeof value === "string") {
    if (type.kind === "string" && type.id && !ID_CHARACTERS.test(value)) return false;
    return !("bytesMax" in type) || utf8Bytes(value) <= type.bytesMax;
  }
  if (Array.isArray(value) && isCollection(type) && isCollection(found)) {
    const { of, min, max } = type;
    const inner = found.of;
    return value.length >= min && value.length <= max && value.every((member) => isMember(member, inner, of));
  }
  return fits(found, type);
}

function isMember(value: Value, found: Type, type: Type): boolean {
  if (typeof value !== "bigint") return isWithin(value, found, type);
  return type.kind === "int" || type.kind === "decimal" ? value >= type.min && value <= type.max : true;
}

/** As a facts file writes it. */
function jsonOf(value: Value, type: Type, types: Types): unknown {
  switch (type.kind) {
    case "bool":
    case "string":
    case "path":
    case "shaped":
      return value;
    case "int": {
      const number = Number(value as bigint);
      return Number.isSafeInteger(number) ? number : String(value);
    }
    case "decimal":
      return decimalText(value as bigint);
    case "timestamp":
      return timestampText(value as bigint);
    case "duration":
      return `${value as bigint}ms`;
    case "enum":
      return types.enums.get(type.name)?.[(value as { readonly member: number }).member];
    case "list":
    case "set":
      return (value as readonly Value[]).map((member) => jsonOf(member, type.of, types));
    case "optional":
    case "record":
    case "entity":
    case "ref":
    case "map":
    case "entry":
    case "json":
      throw new Error(`no setting has type ${type.kind}`);
    default:
      return unreachable(type);
  }
}
