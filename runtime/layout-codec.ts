/** The manifest's `layout`: named types, subject and actions, as canonical JSON and back. */
import { type Extents, FIXED_BYTES_MAX, measure, measureRecord } from "./extent.ts";
import {
  COLLECTION_MAX,
  type EntityType,
  type Field,
  INT_MAX,
  INT_MIN,
  type Setting,
  SHAPE_BYTES,
  type Shape,
  STRING_BYTES_MAX,
  slotBytes,
  type Type,
  type Types,
} from "./layout.ts";
import type { ActionLayout, FieldLayout, Manifest } from "./manifest.ts";
import {
  array,
  ascending,
  bigint,
  bool,
  integer,
  members,
  name,
  refuse,
  someMembers,
  text,
} from "./shape.ts";
import { readTables, tablesJson } from "./tables-codec.ts";
import { typeJson } from "./type-json.ts";
import { unreachable } from "./unreachable.ts";

export interface Layout {
  readonly types: Types;
  readonly subject: Manifest["subject"];
  readonly actions: readonly ActionLayout[];
  readonly others?: ActionLayout;
}

const FROM = { from: "request" };

// ---- writing

export function layoutJson(
  types: Types,
  subject: Manifest["subject"],
  actions: readonly ActionLayout[],
  others?: ActionLayout,
): Readonly<Record<string, unknown>> {
  return {
    actions: actions.map((action) => ({ ...fieldsJson(action), name: action.name })),
    entities: sortedNames(types.entities).map((entity) => {
      const { groups, attributes, fromRequest } = types.entities.get(entity)!;
      return { attributes: attributes.map(fieldJson), ...(fromRequest && FROM), groups, name: entity };
    }),
    enums: sortedNames(types.enums).map((enumName) => ({
      members: types.enums.get(enumName)!,
      name: enumName,
    })),
    records: sortedNames(types.records).map((record) => ({
      fields: types.records.get(record)!.map(fieldJson),
      name: record,
    })),
    ...(others !== undefined && { others: fieldsJson(others) }),
    ...(types.settings !== undefined && { settings: types.settings.map(settingJson) }),
    subject: subject === null ? null : { entity: subject.entity, field: subject.field },
    ...(types.tables !== undefined && { tables: tablesJson(types.tables) }),
  };
}

function fieldsJson({ fields, fixedBytes }: ActionLayout): Readonly<Record<string, unknown>> {
  const placed = fields.map((field) => ({ ...fieldJson(field), offset: field.offset }));
  return { fields: placed, fixed_bytes: fixedBytes };
}

/** The position of a name in this order is its number in frames, facts and results. */
export function sortedNames(named: ReadonlyMap<string, unknown>): string[] {
  return [...named.keys()].sort();
}

export function fieldJson(field: Field): Readonly<Record<string, unknown>> {
  return { name: field.name, type: typeJson(field.type) };
}

function settingJson(setting: Setting): Readonly<Record<string, unknown>> {
  return { ...fieldJson(setting), standard: setting.standard };
}

// ---- reading

export function readLayout(json: unknown): Layout {
  const layout = someMembers(
    json,
    "layout",
    ["actions", "entities", "enums", "records", "subject"],
    ["others", "settings", "tables"],
  );
  const enums = named(array(layout.enums, "enums", readEnum), "enums");
  const records = named(array(layout.records, "records", readRecord), "records");
  const entities = named(array(layout.entities, "entities", readEntity), "entities");
  const types: Types = { enums, records, entities };
  const extents: Extents = new Map();
  for (const record of records.keys()) measureRecord(record, types, extents, "records");
  for (const [entity, { groups, attributes, fromRequest }] of entities) {
    for (const group of groups) {
      const above = entities.get(group) ?? refuse(entity, `unknown group ${group}`);
      if (above.fromRequest && !fromRequest) refuse(entity, `${group} is of requests`);
    }
    measure(attributes, types, extents, entity);
  }
  const actions = array(layout.actions, "actions", (action, where) =>
    readAction(action, where, types, extents),
  );
  named(
    actions.map((action) => [action.name, action]),
    "actions",
  );
  const others = "others" in layout ? { others: readOthers(layout.others, types, extents) } : {};
  const settings = "settings" in layout ? { settings: readSettings(layout.settings, types, extents) } : {};
  const tables = "tables" in layout ? { tables: readTables(layout.tables, types) } : {};
  return {
    types: { ...types, ...settings, ...tables },
    subject: readSubject(layout.subject, types),
    actions,
    ...others,
  };
}

function named<T>(entries: readonly (readonly [string, T])[], where: string): Map<string, T> {
  ascending(
    entries.map(([key]) => key),
    where,
  );
  return new Map(entries);
}

function readEnum(json: unknown, where: string): [string, readonly string[]] {
  const declared = members(json, where, ["members", "name"]);
  const names = array(declared.members, where, name);
  if (names.length === 0 || new Set(names).size !== names.length)
    refuse(where, "members are missing or repeated");
  return [name(declared.name, where), names];
}

function readRecord(json: unknown, where: string): [string, readonly Field[]] {
  const declared = members(json, where, ["fields", "name"]);
  return [name(declared.name, where), readFields(declared.fields, where)];
}

function readEntity(json: unknown, where: string): [string, EntityType] {
  const declared = someMembers(json, where, ["attributes", "groups", "name"], ["from"]);
  const groups = array(declared.groups, where, name);
  ascending(groups, where);
  const source = "from" in declared && { fromRequest: true as const };
  if (source && declared.from !== "request") refuse(where, "`from` is not `request`");
  return [
    name(declared.name, where),
    { groups, attributes: readFields(declared.attributes, where), ...source },
  ];
}

/** Fields outside of the layout, with types of it. */
export function readFieldsOf(json: unknown, where: string, types: Types): readonly Field[] {
  const fields = readFields(json, where);
  measure(fields, types, new Map(), where);
  return fields;
}

function readFields(json: unknown, where: string): Field[] {
  const fields = array(json, where, (field, at) => {
    const { name: fieldName, type } = members(field, at, ["name", "type"]);
    return { name: name(fieldName, at), type: readType(type, at, 0) };
  });
  ascending(
    fields.map((field) => field.name),
    where,
  );
  return fields;
}

/** There is at least one where there is a list, and each has the type that the language allows. */
function readSettings(json: unknown, types: Types, extents: Extents): readonly Setting[] {
  const settings = array(json, "settings", (setting, where): Setting => {
    const read = members(setting, where, ["name", "standard", "type"]);
    return { name: name(read.name, where), type: readType(read.type, where, 0), standard: read.standard };
  });
  if (settings.length === 0) refuse("settings", "none");
  ascending(
    settings.map((setting) => setting.name),
    "settings",
  );
  measure(settings, types, extents, "settings");
  return settings;
}

function readSubject(json: unknown, types: Types): Manifest["subject"] {
  if (json === null) return null;
  const subject = members(json, "subject", ["entity", "field"]);
  const entity = name(subject.entity, "subject");
  if (!types.entities.has(entity)) refuse("subject", `unknown entity type ${entity}`);
  return { field: name(subject.field, "subject"), entity };
}

function readAction(json: unknown, where: string, types: Types, extents: Extents): ActionLayout {
  const { name: action, ...rest } = members(json, where, ["fields", "fixed_bytes", "name"]);
  return { name: name(action, where), ...readPlaced(rest, where, types, extents) };
}

/** The shared fields alone. */
function readOthers(json: unknown, types: Types, extents: Extents): ActionLayout {
  const rest = members(json, "others", ["fields", "fixed_bytes"]);
  return { name: "*", ...readPlaced(rest, "others", types, extents) };
}

function readPlaced(
  action: Readonly<Record<string, unknown>>,
  where: string,
  types: Types,
  extents: Extents,
): Omit<ActionLayout, "name"> {
  const fields = array(action.fields, where, (field, at): FieldLayout => {
    const read = members(field, at, ["name", "offset", "type"]);
    const offset = read.offset === null ? null : integer(read.offset, at, 0, FIXED_BYTES_MAX);
    return { name: name(read.name, at), type: readType(read.type, at, 0), offset };
  });
  ascending(
    fields.map((field) => field.name),
    where,
  );
  measure(fields, types, extents, where);
  let bytes = 0;
  for (const field of fields) {
    if (field.offset === null) continue;
    if (field.offset !== bytes) refuse(where, `${field.name} is not where its order puts it`);
    bytes += slotBytes(field.type, types);
  }
  if (action.fixed_bytes !== bytes) refuse(where, "wrong number of fixed bytes");
  return { fields, fixedBytes: bytes };
}

const TYPE_KEYS = new Map([
  ["bool", ["kind"]],
  ["timestamp", ["kind"]],
  ["duration", ["kind"]],
  ["int", ["kind", "max", "min"]],
  ["decimal", ["kind", "max", "min"]],
  ["string", ["bytes_max", "id", "kind"]],
  ["path", ["bytes_max", "kind"]],
  ["json", ["bytes_max", "kind"]],
  ["shaped", ["bytes_max", "kind", "shape"]],
  ["enum", ["kind", "name"]],
  ["record", ["kind", "name"]],
  ["entity", ["kind", "name"]],
  ["ref", ["kind", "name"]],
  ["optional", ["kind", "of"]],
  ["list", ["kind", "max", "min", "of"]],
  ["set", ["kind", "max", "min", "of"]],
  ["map", ["kind", "max", "min", "of"]],
]);

/** `depth` counts what a type stands in: an optional list of members is the deepest that the language has. */
function readType(json: unknown, where: string, depth: number): Type {
  if (depth > 2) refuse(where, "types nested too deep");
  const kind = (json as { kind?: unknown } | null)?.kind as Type["kind"];
  const keys = TYPE_KEYS.get(kind);
  if (keys === undefined) refuse(where, "unknown type");
  const type = members(json, where, keys);
  switch (kind) {
    case "bool":
    case "timestamp":
    case "duration":
      return { kind };
    case "int":
    case "decimal": {
      const [min, max] = [bigint(type.min, where), bigint(type.max, where)];
      return min <= max && min >= INT_MIN && max <= INT_MAX
        ? { kind, min, max }
        : refuse(where, "empty range");
    }
    case "string":
      return {
        kind,
        id: bool(type.id, where),
        bytesMax: integer(type.bytes_max, where, 0, STRING_BYTES_MAX),
      };
    case "path":
    case "json":
      return { kind, bytesMax: integer(type.bytes_max, where, 0, STRING_BYTES_MAX) };
    case "shaped": {
      const shape = type.shape as Shape;
      if (!SHAPE_BYTES.has(shape)) refuse(where, "unknown shape");
      return { kind, shape, bytesMax: integer(type.bytes_max, where, 0, STRING_BYTES_MAX) };
    }
    case "enum":
    case "record":
    case "entity":
    case "ref":
      return { kind, name: text(type.name, where) };
    case "optional":
      return { kind, of: readType(type.of, where, depth + 1) };
    case "entry":
      return refuse(where, "unknown type");
    case "list":
    case "set":
    case "map": {
      const max = integer(type.max, where, 0, COLLECTION_MAX);
      return { kind, of: readType(type.of, where, depth + 1), min: integer(type.min, where, 0, max), max };
    }
    default:
      return unreachable(kind);
  }
}
