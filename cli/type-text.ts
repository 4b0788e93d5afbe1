import { INT_MAX, INT_MIN, SHAPE_BYTES, STRING_BYTES_DEFAULT, type Type } from "@polity/runtime/layout.ts";
import { decimalText } from "@polity/runtime/scalars.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";

/** A type as a policy writes it, with its ranges and bounds: a host must keep to them. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case "bool":
    case "timestamp":
    case "duration":
      return type.kind;
    case "int":
      return `int${rangeText(type.min, type.max, String)}`;
    case "decimal":
      return `decimal${rangeText(type.min, type.max, decimalText)}`;
    case "string":
      return `string${type.id ? " id" : ""}${boundText(type.bytesMax)}`;
    case "json":
      return `json max ${type.bytesMax}`;
    case "path":
      return `path${boundText(type.bytesMax)}`;
    case "shaped":
      return `${type.shape}${type.bytesMax === SHAPE_BYTES.get(type.shape) ? "" : ` max ${type.bytesMax}`}`;
    case "enum":
    case "record":
    case "entity":
      return type.name;
    case "ref":
      return `ref ${type.name}`;
    case "optional":
      return `${typeText(type.of)}?`;
    case "entry":
      return `entry of map<${typeText(type.of)}>`;
    case "list":
    case "set":
    case "map":
      return `${type.kind}<${typeText(type.of)}>${type.min === 0 ? "" : ` min ${type.min}`} max ${type.max}`;
    default:
      return unreachable(type);
  }
}

function rangeText(min: bigint, max: bigint, textOf: (value: bigint) => string): string {
  return min === INT_MIN && max === INT_MAX ? "" : ` ${textOf(min)}..${textOf(max)}`;
}

function boundText(bytesMax: number): string {
  return bytesMax === STRING_BYTES_DEFAULT ? "" : ` max ${bytesMax}`;
}
