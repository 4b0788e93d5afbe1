/** Values of the language from values of JavaScript: from JSON, or made by a caller. */
import {
  DURATION_MAX,
  ENTITY_ID_BYTES_MAX,
  type Field,
  KEY_BYTES_MAX,
  recordFields,
  TIMESTAMP_MAX,
  TIMESTAMP_MIN,
  type Type,
  type Types,
} from "@polity/runtime/layout.ts";
import type { Value } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import { type Denial, INVALID, isDenial, MISSING, OUT_OF_RANGE, TOO_LARGE, UNKNOWN_FIELD } from "./denial.ts";
import { decodeDocument } from "./document.ts";
import { isPlain, ownData, readItems } from "./objects.ts";
import { canonicalPath } from "./path.ts";
import { readDecimal, readDuration, readInt, readTimestamp } from "./scalars.ts";
import { readShaped } from "./shaped.ts";
import { utf8Bytes } from "./text.ts";
import { canonicalSet, compareText } from "./values.ts";

/**
 * The fields of a request, a record or the attributes of an entity: unknown names first, then by name
 * (spec 9.2).
 */
export function decodeFields(
  raw: unknown,
  fields: readonly Field[],
  types: Types,
): ReadonlyMap<string, Value> | Denial {
  const given = ownData(raw);
  if (given === undefined || (given.size === 0 && !isPlain(raw))) return INVALID;
  for (const name of given.keys()) {
    if (!fields.some((field) => field.name === name)) return UNKNOWN_FIELD;
  }
  const values = new Map<string, Value>();
  for (const { name, type } of fields) {
    const value = given.has(name) ? decode(given.get(name), type, types) : decodeAbsent(type);
    if (isDenial(value)) return value;
    values.set(name, value);
  }
  return values;
}

/** (spec 4.5.1) */
function decodeAbsent(type: Type): undefined | Denial {
  return type.kind === "optional" ? undefined : MISSING;
}

/** One value that is there. A path stays as it was written until `resolvePaths`. */
function decode(raw: unknown, type: Type, types: Types): Value | Denial {
  switch (type.kind) {
    case "bool":
      return typeof raw === "boolean" ? raw : INVALID;
    case "int":
      return withinRange(readInt(raw), type.min, type.max);
    case "decimal":
      return withinRange(readDecimal(raw), type.min, type.max);
    case "timestamp":
      return withinRange(readTimestamp(raw), TIMESTAMP_MIN, TIMESTAMP_MAX);
    case "duration":
      return withinRange(readDuration(raw), -DURATION_MAX, DURATION_MAX);
    case "string":
      if (type.id && !(typeof raw === "string" && /^[A-Za-z0-9._:@/-]+$/.test(raw))) return INVALID;
      return decodeText(raw, type.bytesMax);
    case "path":
    case "shaped":
      return decodeText(raw, type.bytesMax);
    case "enum": {
      const member = typeof raw === "string" ? (types.enums.get(type.name)?.indexOf(raw) ?? -1) : -1;
      return member === -1 ? INVALID : { member };
    }
    case "entity": {
      const id = decodeId(raw);
      return typeof id === "string" ? { type: type.name, id } : id;
    }
    case "ref": {
      const id = decodeId(raw);
      return typeof id === "string" ? { type: type.name, id, isRef: true } : id;
    }
    case "record":
      return decodeFields(raw, recordFields(type.name, types), types);
    case "optional":
      return decode(raw, type.of, types);
    case "list":
    case "set":
      return decodeCollection(raw, type, types);
    case "map":
      return decodeMap(raw, type, types);
    case "json":
      return decodeDocument(raw, type.bytesMax);
    case "entry":
      return INVALID;
    default:
      return unreachable(type);
  }
}

/** (spec 4.1.2) */
function withinRange(value: bigint | undefined, min: bigint, max: bigint): bigint | Denial {
  if (value === undefined) return INVALID;
  return value < min || value > max ? OUT_OF_RANGE : value;
}

/** Well-formed text of so many UTF-8 bytes (spec 4.2.1, 4.2.2). */
function decodeText(raw: unknown, bytesMax: number): string | Denial {
  if (typeof raw !== "string" || !raw.isWellFormed()) return INVALID;
  return utf8Bytes(raw) > bytesMax ? TOO_LARGE : raw;
}

/** The id of an entity. */
export function decodeId(raw: unknown): string | Denial {
  return raw === "" ? INVALID : decodeText(raw, ENTITY_ID_BYTES_MAX);
}

/** An object, its keys in the order of their bytes (spec 4.8.1, 4.8.2). */
function decodeMap(
  raw: unknown,
  type: Extract<Type, { readonly kind: "map" }>,
  types: Types,
): Value | Denial {
  const given = ownData(raw);
  if (given === undefined || (given.size === 0 && !isPlain(raw))) return INVALID;
  // A getter says nothing, in a map as in a list.
  if ([...given.values()].includes(undefined)) return INVALID;
  if (given.size > type.max) return TOO_LARGE;
  if (given.size < type.min) return OUT_OF_RANGE;
  const entries = new Map<string, Value>();
  for (const [key, item] of [...given].sort(([a], [b]) => compareText(a, b))) {
    if (key === "" || !key.isWellFormed()) return INVALID;
    if (utf8Bytes(key) > KEY_BYTES_MAX) return TOO_LARGE;
    const value = decode(item, type.of, types);
    if (isDenial(value)) return value;
    entries.set(key, value);
  }
  return { entries };
}

/** (spec 4.4.1) */
function decodeCollection(
  raw: unknown,
  type: Extract<Type, { readonly kind: "list" | "set" }>,
  types: Types,
): readonly Value[] | Denial {
  const items = readItems(raw, type.max);
  if (isDenial(items)) return items;
  if (items.length < type.min) return OUT_OF_RANGE;
  const members: Value[] = [];
  for (const item of items) {
    const member = decode(item, type.of, types);
    if (isDenial(member)) return member;
    members.push(member);
  }
  return type.kind === "list" ? members : (canonicalSet(members) ?? INVALID);
}

/** Puts canonical paths in the place of written ones. Two writings of one path in a set are a duplicate. */
function resolvePaths(value: Value, type: Type, types: Types): Value | Denial {
  if (value === undefined) return undefined;
  switch (type.kind) {
    case "path":
      return canonicalPath(value as string) ?? INVALID;
    case "shaped":
      return readShaped(type.shape, value as string) ?? INVALID;
    case "optional":
      return resolvePaths(value, type.of, types);
    case "record":
      return resolveFields(value as ReadonlyMap<string, Value>, recordFields(type.name, types), types);
    case "list":
    case "set": {
      const members: Value[] = [];
      for (const member of value as readonly Value[]) {
        const resolved = resolvePaths(member, type.of, types);
        if (isDenial(resolved)) return resolved;
        members.push(resolved);
      }
      return type.kind === "list" ? members : (canonicalSet(members) ?? INVALID);
    }
    case "map": {
      const entries = new Map<string, Value>();
      for (const [key, of] of (value as { readonly entries: ReadonlyMap<string, Value> }).entries) {
        const resolved = resolvePaths(of, type.of, types);
        if (isDenial(resolved)) return resolved;
        entries.set(key, resolved);
      }
      return { entries };
    }
    case "bool":
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
    case "string":
    case "enum":
    case "entity":
    case "ref":
    case "entry":
    case "json":
      return value;
    default:
      return unreachable(type);
  }
}

export function resolveFields(
  values: ReadonlyMap<string, Value>,
  fields: readonly Field[],
  types: Types,
): ReadonlyMap<string, Value> | Denial {
  const resolved = new Map<string, Value>();
  for (const { name, type } of fields) {
    const value = resolvePaths(values.get(name), type, types);
    if (isDenial(value)) return value;
    resolved.set(name, value);
  }
  return resolved;
}
