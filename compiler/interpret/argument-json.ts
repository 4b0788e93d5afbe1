/** An argument of an obligation as JSON: as in a request, but entities say their type (spec 8.5.3). */
import type { Argument } from "@polity/runtime/decision.ts";
import { recordFields, type Type, type Types } from "@polity/runtime/layout.ts";
import type { EntityValue, Value } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import { writeDecimal, writeTimestamp } from "./write-scalars.ts";

export function argumentJson(value: Value, type: Type, types: Types): Argument {
  switch (type.kind) {
    case "bool":
      return value as boolean;
    case "int":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case "decimal":
      return writeDecimal(value as bigint);
    case "timestamp":
      return writeTimestamp(value as bigint);
    case "duration":
      return `${value as bigint}ms`;
    case "string":
    case "path":
    case "shaped":
      return value as string;
    case "json":
      // A document is given as its canonical text.
      return (value as { readonly text: string }).text;
    case "map":
      return mapJson((value as { readonly entries: ReadonlyMap<string, Value> }).entries, type.of, types);
    case "entry":
      throw new Error("no argument is an entry of a map");
    case "enum":
      return types.enums.get(type.name)?.[(value as { readonly member: number }).member] ?? "";
    case "entity":
    case "ref": {
      const { type: name, id } = value as EntityValue;
      return { type: name, id };
    }
    case "optional":
      return argumentJson(value, type.of, types);
    case "list":
    case "set":
      return (value as readonly Value[]).map((member) => argumentJson(member, type.of, types));
    case "record":
      return recordJson(value as ReadonlyMap<string, Value>, type.name, types);
    default:
      return unreachable(type);
  }
}

/** Fields by name, absent ones left out. */
function recordJson(record: ReadonlyMap<string, Value>, name: string, types: Types): Argument {
  const members: [string, Argument][] = [];
  for (const field of recordFields(name, types)) {
    const value = record.get(field.name);
    if (value !== undefined) members.push([field.name, argumentJson(value, field.type, types)]);
  }
  return Object.fromEntries(members);
}

function mapJson(map: ReadonlyMap<string, Value>, of: Type, types: Types): Argument {
  return Object.fromEntries([...map].map(([key, value]) => [key, argumentJson(value, of, types)]));
}

/** The bytes by which obligations are compared: no spaces, keys in the order of UTF-16 (RFC 8785). */
export function argumentText(argument: Argument): string {
  if (typeof argument !== "object") return JSON.stringify(argument);
  if (isList(argument)) return `[${argument.map(argumentText).join(",")}]`;
  const members = Object.entries(argument).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${argumentText(value)}`).join(",")}}`;
}

function isList(argument: Argument): argument is readonly Argument[] {
  return Array.isArray(argument);
}
