/**
 * The types of values that cross into an evaluator and where they lie in memory. The compiler and the host
 * share this file, so that they cannot disagree about an offset. See docs/abi.md, "Slots".
 */

import { unreachable } from "./unreachable.ts";

export type Type =
  | { readonly kind: "bool" }
  /** Both ends included. */
  | { readonly kind: "int"; readonly min: bigint; readonly max: bigint }
  /** Scaled by 10^4: `0.01` is 100n. Both ends included. */
  | { readonly kind: "decimal"; readonly min: bigint; readonly max: bigint }
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  | { readonly kind: "timestamp" }
  /** Milliseconds. */
  | { readonly kind: "duration" }
  /** `bytesMax` counts UTF-8 bytes; `id` limits the characters to `[A-Za-z0-9._:@/-]`, at least one. */
  | { readonly kind: "string"; readonly id: boolean; readonly bytesMax: number }
  | { readonly kind: "path"; readonly bytesMax: number }
  | { readonly kind: "shaped"; readonly shape: Shape; readonly bytesMax: number }
  | { readonly kind: "enum"; readonly name: string }
  | { readonly kind: "record"; readonly name: string }
  | { readonly kind: "entity"; readonly name: string }
  /** The id of an entity that the facts may lack; `name` is the entity type. */
  | { readonly kind: "ref"; readonly name: string }
  | { readonly kind: "optional"; readonly of: Type }
  | { readonly kind: "list"; readonly of: Type; readonly min: number; readonly max: number }
  | { readonly kind: "set"; readonly of: Type; readonly min: number; readonly max: number }
  /** Of text of 1 to 256 bytes to values; `of` is the values' type. */
  | { readonly kind: "map"; readonly of: Type; readonly min: number; readonly max: number }
  /** A document as canonical JSON text (docs/abi.md, "Documents"); `bytesMax` counts that text. */
  | { readonly kind: "json"; readonly bytesMax: number }
  /** A key and its value, where an expression goes over a map: no field has this type. */
  | { readonly kind: "entry"; readonly of: Type };

/** Text that is read at the door into the one canonical form of what it says. */
export type Shape = "url" | "email" | "image" | "host" | "host_pattern" | "ip" | "cidr";

export interface Field {
  readonly name: string;
  readonly type: Type;
}

export interface EntityType {
  /** Names of the entity types that may be its parents, sorted. */
  readonly groups: readonly string[];
  /** Sorted by name. */
  readonly attributes: readonly Field[];
  /** Its entities come with the request that names them, and none is in the facts. */
  readonly fromRequest?: true;
}

/** Named types. Record fields and entity attributes are sorted by name, enum members stay as declared. */
export interface Types {
  readonly enums: ReadonlyMap<string, readonly string[]>;
  readonly records: ReadonlyMap<string, readonly Field[]>;
  readonly entities: ReadonlyMap<string, EntityType>;
  /** Sorted by name; left out where there are none. */
  readonly settings?: readonly Setting[];
  /** Sorted by name; left out where there are none. */
  readonly tables?: readonly Table[];
}

/** Its rows are records of the same name. */
export interface Table {
  readonly name: string;
  /** Names of columns: no two rows have the same values in them. */
  readonly key: readonly string[];
  /** Of rows that agree in so many of the key's first columns there are `max` at most. */
  readonly per: number;
  readonly max: number;
}

/** A value that the facts may say. */
export interface Setting extends Field {
  /** What it is where they do not: as JSON writes it. */
  readonly standard: unknown;
}

/** What an identifier is made of. */
export const ID_TEXT = /^[A-Za-z0-9._:@/-]+$/;

export const INT_MIN = -(2n ** 63n);
export const INT_MAX = 2n ** 63n - 1n;
/** 10^4: decimals have four fractional digits. */
export const DECIMAL_SCALE = 10_000n;
/** 0001-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z, in milliseconds. */
export const TIMESTAMP_MIN = -62_135_596_800_000n;
export const TIMESTAMP_MAX = 253_402_300_799_999n;
/** Durations from outside lie within ±10^15 ms, about 31,700 years, so that one sum can be proved safe. */
export const DURATION_MAX = 1_000_000_000_000_000n;
export const STRING_BYTES_DEFAULT = 1_024;
export const STRING_BYTES_MAX = 65_536;
/** Bytes of shaped text as it arrives, where its type does not say: the longest that there can be. */
export const SHAPE_BYTES: ReadonlyMap<Shape, number> = new Map([
  ["url", STRING_BYTES_DEFAULT],
  ["email", 255],
  ["image", 512],
  ["host", 254],
  ["host_pattern", 257],
  ["ip", 45],
  ["cidr", 49],
]);
export const COLLECTION_DEFAULT = 64;
/** Columns of a key. */
export const KEY_COLUMNS_MAX = 8;
export const COLLECTION_MAX = 4_096;
/** Keys of maps, in UTF-8 bytes; at least one. */
export const KEY_BYTES_MAX = 256;
/** Arrays and objects of a document inside each other; the outermost counts as 1. */
export const DOCUMENT_DEPTH_MAX = 32;
export const DOCUMENT_BYTES_DEFAULT = 4_096;
export const TRUST_MAX = 1_000n;
/** Entity ids, in UTF-8 bytes; at least one. */
export const ENTITY_ID_BYTES_MAX = 256;
export const APPROVALS_MAX = 16;
/** Entities that one request carries, and parents of each. */
export const CARRIED_MAX = 64;
export const CARRIED_PARENTS_MAX = 16;
/** How many rule ids a result lists; totals are exact. */
export const RULES_LISTED_MAX = 256;

/** Behind the ids of a result, where the policy has obligations: the address of those that bind, and zero. */
export const RESULT_TAIL_BYTES = 8;

export const SLOT_BYTES = 8;

/** Bytes that a value of this type takes where it stands; text and members of collections lie elsewhere. */
export function slotBytes(type: Type, types: Types): number {
  switch (type.kind) {
    case "optional":
    case "entry":
      return SLOT_BYTES + slotBytes(type.of, types);
    case "record":
      return fieldsBytes(recordFields(type.name, types), types);
    case "bool":
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
    case "string":
    case "path":
    case "shaped":
    case "enum":
    case "entity":
    case "ref":
    case "list":
    case "set":
    case "map":
    case "json":
      return SLOT_BYTES;
    default:
      return unreachable(type);
  }
}

export function recordFields(name: string, types: Types): readonly Field[] {
  const fields = types.records.get(name);
  if (fields === undefined) throw new Error(`unknown record ${name}`);
  return fields;
}

export function fieldsBytes(fields: readonly Field[], types: Types): number {
  let bytes = 0;
  for (const field of fields) bytes += slotBytes(field.type, types);
  return bytes;
}

/** Offset of a field from the start of its record (or of an action's fixed part, or of the attributes). */
export function fieldOffset(fields: readonly Field[], name: string, types: Types): number {
  let offset = 0;
  for (const field of fields) {
    if (field.name === name) return offset;
    offset += slotBytes(field.type, types);
  }
  throw new Error(`unknown field ${name}`);
}

/** What rows of tables can be sorted by. */
export const KEY_KINDS: ReadonlySet<Type["kind"]> = new Set([
  "bool",
  "int",
  "decimal",
  "timestamp",
  "duration",
  "string",
  "path",
  "shaped",
  "enum",
  "entity",
  "ref",
] as const);

/** Rounds up to whole slots: text is padded with zeros so that it can be compared eight bytes at a time. */
export function padded(bytes: number): number {
  return (bytes + SLOT_BYTES - 1) & -SLOT_BYTES;
}
