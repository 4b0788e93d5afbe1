/** How large the types of a manifest are when its records are written out. */
import { type Field, SLOT_BYTES, type Type, type Types } from "./layout.ts";
import { refuse } from "./shape.ts";
import { unreachable } from "./unreachable.ts";

/** A hostile manifest must exhaust neither stack nor memory when records are written out. */
const DEPTH_MAX = 32;
const NODES_MAX = 10_000;
export const FIXED_BYTES_MAX = 1 << 20;
const LEAF: Extent = { bytes: SLOT_BYTES, nodes: 1, depth: 0 };

/** What a type comes to when every record in it is written out. */
interface Extent {
  /** Where the value stands, as `slotBytes` counts. */
  readonly bytes: number;
  readonly nodes: number;
  readonly depth: number;
}

/** By record name; null while a record is being measured, so that one inside itself is met. */
export type Extents = Map<string, Extent | null>;

/** Every name is known, no record contains itself, and nothing is large beyond reason when written out. */
export function measure(fields: readonly Field[], types: Types, extents: Extents, where: string): Extent {
  let [bytes, nodes, depth] = [0, 1, 0];
  for (const field of fields) {
    const extent = measureType(field.type, types, extents, `${where}.${field.name}`);
    bytes += extent.bytes;
    nodes += extent.nodes;
    depth = Math.max(depth, extent.depth);
  }
  if (bytes > FIXED_BYTES_MAX || nodes > NODES_MAX || depth >= DEPTH_MAX) refuse(where, "too large a type");
  return { bytes, nodes, depth: depth + 1 };
}

function measureType(type: Type, types: Types, extents: Extents, where: string): Extent {
  switch (type.kind) {
    case "enum":
      if (!types.enums.has(type.name)) refuse(where, `unknown enum ${type.name}`);
      return LEAF;
    case "entity":
    case "ref":
      if (!types.entities.has(type.name)) refuse(where, `unknown entity type ${type.name}`);
      return LEAF;
    case "record":
      return measureRecord(type.name, types, extents, where);
    case "optional": {
      if (type.of.kind === "optional") refuse(where, "optional of optional");
      const extent = measureType(type.of, types, extents, where);
      return { ...extent, bytes: extent.bytes + SLOT_BYTES };
    }
    case "entry":
      return refuse(where, "unknown type");
    case "list":
    case "set":
    case "map": {
      const of = type.of.kind;
      if (of === "optional" || of === "list" || of === "set" || of === "map")
        refuse(where, `${type.kind} of ${of}`);
      if (type.kind === "set" && of === "record") refuse(where, "set of record");
      return { ...measureType(type.of, types, extents, where), bytes: SLOT_BYTES };
    }
    case "bool":
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
    case "string":
    case "path":
    case "json":
    case "shaped":
      return LEAF;
    default:
      return unreachable(type);
  }
}

export function measureRecord(record: string, types: Types, extents: Extents, where: string): Extent {
  const known = extents.get(record);
  if (known === null) refuse(where, `record ${record} contains itself`);
  if (known !== undefined) return known;
  const fields = types.records.get(record) ?? refuse(where, `unknown record ${record}`);
  extents.set(record, null);
  const extent = measure(fields, types, extents, record);
  extents.set(record, extent);
  return extent;
}
