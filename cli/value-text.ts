/** Values in the language's own spelling, for people. */
import type { EntityValue, Value } from "@polity/compiler/checked.ts";
import { recordFields, type Type, type Types } from "@polity/runtime/layout.ts";
import { decimalText, durationText, timestampText } from "@polity/runtime/scalars.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import { visible } from "./words.ts";

/** Longer texts are cut: a failing test is explained, not printed. */
const CHARACTERS_MAX = 120;

export function valueText(value: Value, type: Type, types: Types): string {
  const text = fullText(value, type, types);
  return text.length > CHARACTERS_MAX ? `${text.slice(0, CHARACTERS_MAX - 1)}…` : text;
}

function fullText(value: Value, type: Type, types: Types): string {
  if (value === undefined) return "absent";
  switch (type.kind) {
    case "bool":
      return String(value);
    case "int":
      return String(value);
    case "decimal":
      return decimalText(value as bigint);
    case "timestamp":
      return timestampText(value as bigint);
    case "duration":
      return durationText(value as bigint);
    case "string":
    case "path":
    case "shaped":
      return visible(JSON.stringify(value));
    case "enum":
      return types.enums.get(type.name)?.[(value as { readonly member: number }).member] ?? "";
    case "entity":
    case "ref": {
      const entity = value as EntityValue;
      return `${entity.type}::${visible(JSON.stringify(entity.id))}`;
    }
    case "optional":
      return fullText(value, type.of, types);
    case "record": {
      const record = value as ReadonlyMap<string, Value>;
      const members = recordFields(type.name, types).map(
        (field) => `${field.name}: ${fullText(record.get(field.name), field.type, types)}`,
      );
      return `{ ${members.join(", ")} }`;
    }
    case "list":
    case "set": {
      const members = (value as readonly Value[]).map((member) => fullText(member, type.of, types));
      return type.kind === "list" ? `[${members.join(", ")}]` : `{${members.join(", ")}}`;
    }
    case "map": {
      const { entries } = value as { readonly entries: ReadonlyMap<string, Value> };
      const members = [...entries].map(
        ([key, of]) => `${visible(JSON.stringify(key))}: ${fullText(of, type.of, types)}`,
      );
      return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
    }
    case "json":
      return visible((value as { readonly text: string }).text);
    case "entry": {
      const entry = value as ReadonlyMap<string, Value>;
      const key = visible(JSON.stringify(entry.get("key")));
      return `${key}: ${fullText(entry.get("value"), type.of, types)}`;
    }
    default:
      return unreachable(type);
  }
}
