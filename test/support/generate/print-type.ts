/** Types and values as source text. */
import {
  COLLECTION_DEFAULT,
  INT_MIN,
  SHAPE_BYTES,
  STRING_BYTES_DEFAULT,
  type Type,
} from "@polity/runtime/layout.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";

/** `string? max 9`: the question mark stands before ranges and bounds. */
export function printType(type: Type, optional = ""): string {
  switch (type.kind) {
    case "bool":
    case "timestamp":
    case "duration":
      return type.kind + optional;
    case "int":
      return `int${optional}${type.min === INT_MIN ? "" : ` ${type.min}..${type.max}`}`;
    case "decimal": {
      const range = type.min === INT_MIN ? "" : ` ${printDecimal(type.min)}..${printDecimal(type.max)}`;
      return `decimal${optional}${range}`;
    }
    case "string": {
      const max = bound("max", type.bytesMax, STRING_BYTES_DEFAULT);
      return `string${optional}${type.id ? " id" : ""}${max}`;
    }
    case "json":
      return `json${optional}${bound("max", type.bytesMax, 4_096)}`;
    case "path":
      return `path${optional}${bound("max", type.bytesMax, STRING_BYTES_DEFAULT)}`;
    case "shaped": {
      const usual = SHAPE_BYTES.get(type.shape) ?? 0;
      return `${type.shape}${optional}${bound("max", type.bytesMax, usual)}`;
    }
    case "enum":
    case "record":
    case "entity":
      return type.name + optional;
    case "ref":
      return `ref ${type.name}${optional}`;
    case "optional":
      return printType(type.of, "?");
    case "entry":
      return `entry<${printType(type.of)}>`;
    case "list":
    case "set":
    case "map": {
      const bounds = bound("min", type.min, 0) + bound("max", type.max, COLLECTION_DEFAULT);
      return `${type.kind}<${printType(type.of)}>${optional}${bounds}`;
    }
    default:
      return unreachable(type);
  }
}

function bound(word: string, value: number, standard: number): string {
  return value === standard ? "" : ` ${word} ${value}`;
}

/** From the scaled value, always with a fraction. */
export function printDecimal(scaled: bigint): string {
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(5, "0");
  const fraction = digits.slice(-4).replace(/0{1,3}$/, "");
  return `${scaled < 0n ? "-" : ""}${digits.slice(0, -4)}.${fraction}`;
}

export function printText(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/** RFC 3339; years 1 to 9999. */
export function printTimestamp(ms: bigint): string {
  return new Date(Number(ms)).toISOString();
}

/** Largest units first, none of them zero; `0s` for nothing. */
export function printDuration(ms: bigint): string {
  let rest = ms < 0n ? -ms : ms;
  let text = "";
  for (const [unit, size] of UNITS) {
    const count = rest / size;
    rest %= size;
    if (count > 0n) text += `${count}${unit}`;
  }
  return text === "" ? "0s" : `${ms < 0n ? "-" : ""}${text}`;
}

const UNITS = [
  ["d", 86_400_000n],
  ["h", 3_600_000n],
  ["m", 60_000n],
  ["s", 1_000n],
  ["ms", 1n],
] as const;
