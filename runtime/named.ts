/** Whom a request names: nobody of these can approve it. */
import type { CarriedEntity } from "./carried.ts";
import { parseJson } from "./json.ts";
import { type Field, recordFields, type Type, type Types } from "./layout.ts";
import { unreachable } from "./unreachable.ts";

/** Types are ASCII names, so that no two entities are one text. */
export type Names = ReadonlySet<string>;

export function nameText(type: string, id: string): string {
  return `${type} ${id}`;
}

/** By fields in canonical form, at any depth; references name too. */
export function namesIn(fields: readonly Field[], values: unknown, types: Types): Names {
  const names = new Set<string>();
  addFields(names, fields, values, types);
  return names;
}

/** By the attributes and the parents of what is carried. */
export function namesInCarried(entities: readonly CarriedEntity[]): Names {
  const names = new Set<string>();
  for (const { of, attributes, parents } of entities) {
    const parsed = parseJson(attributes, { depthMax: DEPTH_MAX });
    if (parsed.ok) addFields(names, of.declared, parsed.value, of.types);
    for (const { type, id } of parents) names.add(nameText(type, id));
  }
  return names;
}

/** Deeper than any type can be: what is parsed here was just written. */
const DEPTH_MAX = 1000;

function addFields(names: Set<string>, fields: readonly Field[], values: unknown, types: Types): void {
  const members = (values ?? {}) as Readonly<Record<string, unknown>>;
  for (const { name, type } of fields) {
    if (Object.hasOwn(members, name)) addValue(names, type, members[name], types);
  }
}

function addValue(names: Set<string>, type: Type, value: unknown, types: Types): void {
  switch (type.kind) {
    case "entity":
    case "ref":
      names.add(nameText(type.name, String(value)));
      return;
    case "record":
      addFields(names, recordFields(type.name, types), value, types);
      return;
    case "optional":
      addValue(names, type.of, value, types);
      return;
    case "list":
    case "set":
    case "map":
      for (const one of Object.values(value as object)) addValue(names, type.of, one, types);
      return;
    case "bool":
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
    case "string":
    case "path":
    case "shaped":
    case "enum":
    case "json":
    case "entry":
      return;
    default:
      unreachable(type);
  }
}
