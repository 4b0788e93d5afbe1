/** Random declarations: enums, records, entities, subject, shared fields and actions. */
import {
  COLLECTION_DEFAULT,
  type EntityType,
  type Field,
  INT_MAX,
  INT_MIN,
  SHAPE_BYTES,
  type Shape,
  STRING_BYTES_DEFAULT,
  type Type,
  type Types,
} from "@polity/runtime/layout.ts";
import { type GeneratedObligation, generateObligations } from "./declared-obligations.ts";
import type { Random } from "./random.ts";

export interface Schema {
  readonly types: Types;
  /** Names of the enums that have an order. */
  readonly ordered: ReadonlySet<string>;
  readonly subject: { readonly field: string; readonly entity: string } | null;
  readonly shared: readonly Field[];
  /** With their values as source text. */
  readonly settings: readonly (Field & { readonly value: string })[];
  readonly obligations: readonly GeneratedObligation[];
  readonly actions: readonly { readonly name: string; readonly fields: readonly Field[] }[];
}

/** Ids that every entity type has in facts, so that policies may name them. */
export const LITERAL_IDS = ["e1", "e2"] as const;

interface Declared {
  readonly enums: readonly string[];
  readonly records: readonly string[];
  readonly entities: readonly string[];
}

export function generateSchema(random: Random): Schema {
  const enums = new Map<string, readonly string[]>();
  for (let n = 0; n < random.between(1, 3); n += 1) {
    enums.set(`Kind${n}`, ["red", "green", "blue", "grey"].slice(0, random.between(1, 4)));
  }
  const ordered = new Set(random.some([...enums.keys()], 0.6));
  const entityNames = ["User", "Team", "Asset"].slice(0, random.between(1, 3));
  const records = new Map<string, readonly Field[]>();
  for (let n = 0; n < random.between(0, 3); n += 1) {
    const declared = { enums: [...enums.keys()], records: [...records.keys()], entities: entityNames };
    records.set(`Rec${n}`, generateFields(random, "r", random.between(1, 3), declared));
  }
  const declared = { enums: [...enums.keys()], records: [...records.keys()], entities: entityNames };
  const entities = new Map<string, EntityType>();
  for (const name of entityNames) {
    const attributes = generateFields(random, "a", random.between(0, 6), declared);
    entities.set(name, { groups: [...random.some(entityNames, 0.5)].sort(), attributes });
  }
  const subject = random.chance(0.6) ? { field: "agent", entity: random.pick(entityNames) } : null;
  const shared = generateFields(random, "s", random.between(0, 2), declared);
  const actions = ["act0", "act1", "act2", "act3"]
    .slice(0, random.between(1, 4))
    .map((name) => ({ name, fields: generateFields(random, "f", random.between(1, 6), declared) }));
  const fieldsOf = (prefix: string, count: number) => generateFields(random, prefix, count, declared);
  const obligations = generateObligations(random, fieldsOf, actions);
  const types = { enums, records, entities };
  return { types, ordered, subject, shared, settings: [], obligations, actions };
}

/** Sorted by name, as the checker keeps them. */
function generateFields(random: Random, prefix: string, count: number, declared: Declared): readonly Field[] {
  const fields: Field[] = [];
  for (let n = 0; n < count; n += 1)
    fields.push({ name: `${prefix}${n}`, type: generateType(random, declared) });
  return fields;
}

function generateType(random: Random, declared: Declared): Type {
  const kind = random.below(20);
  if (kind < 5) return { kind: "optional", of: generatePresent(random, declared) };
  return generatePresent(random, declared);
}

function generatePresent(random: Random, declared: Declared): Type {
  const kind = random.below(21);
  if (kind === 20) return { kind: "json", bytesMax: random.pick([4_096, 4_096, 64, 12]) };
  if (kind < 3) {
    const of = generatePlain(random, declared);
    const bounds = generateBounds(random);
    // A set of an enum with one member cannot have two.
    const least = ["bool", "int", "decimal", "enum"].includes(of.kind) ? 1 : 2;
    return { kind: "set", of, ...bounds, min: Math.min(bounds.min, least) };
  }
  if (kind < 6) {
    const isMap = kind === 5;
    const isRecord = declared.records.length > 0 && random.chance(0.5);
    const of: Type = isRecord
      ? { kind: "record", name: random.pick(declared.records) }
      : generatePlain(random, declared);
    return { kind: isMap ? "map" : "list", of, ...generateBounds(random) };
  }
  if (kind < 8 && declared.records.length > 0) return { kind: "record", name: random.pick(declared.records) };
  return generatePlain(random, declared);
}

function generateBounds(random: Random): { readonly min: number; readonly max: number } {
  if (random.chance(0.3)) return { min: 0, max: COLLECTION_DEFAULT };
  const max = random.between(1, 6);
  return { min: random.chance(0.5) ? random.between(0, Math.min(2, max)) : 0, max };
}

function generatePlain(random: Random, declared: Declared): Type {
  switch (random.pick(PLAIN_KINDS)) {
    case "bool":
      return { kind: "bool" };
    case "int":
      return generateInt(random);
    case "decimal":
      return generateDecimal(random);
    case "timestamp":
      return { kind: "timestamp" };
    case "duration":
      return { kind: "duration" };
    case "string":
      return generateString(random);
    case "path":
      return { kind: "path", bytesMax: random.chance(0.5) ? STRING_BYTES_DEFAULT : random.between(4, 20) };
    case "shaped": {
      const shape = random.pick(SHAPES);
      const isShort = shape === "url" && random.chance(0.3);
      return {
        kind: "shaped",
        shape,
        bytesMax: isShort ? random.pick([12, 16, 24]) : (SHAPE_BYTES.get(shape) ?? 0),
      };
    }
    case "enum":
      return { kind: "enum", name: random.pick(declared.enums) };
    case "entity":
      return { kind: "entity", name: random.pick(declared.entities) };
    case "ref":
      return { kind: "ref", name: random.pick(declared.entities) };
  }
}

const SHAPES: readonly Shape[] = [
  "url",
  "url",
  "email",
  "image",
  "host",
  "host",
  "host_pattern",
  "ip",
  "ip",
  "cidr",
];

const PLAIN_KINDS = [
  "bool",
  "int",
  "int",
  "decimal",
  "timestamp",
  "duration",
  "string",
  "string",
  "path",
  "shaped",
  "shaped",
  "enum",
  "entity",
  "entity",
  "ref",
] as const;

function generateInt(random: Random): Type {
  if (random.chance(0.4)) return { kind: "int", min: INT_MIN, max: INT_MAX };
  const min = BigInt(random.pick([0, -10, -1, 1, -1_000_000]));
  return { kind: "int", min, max: min + BigInt(random.pick([0, 1, 10, 100, 2_000_000])) };
}

function generateDecimal(random: Random): Type {
  if (random.chance(0.4)) return { kind: "decimal", min: INT_MIN, max: INT_MAX };
  const min = BigInt(random.pick([0, 100, -25_000, 1]));
  return { kind: "decimal", min, max: min + BigInt(random.pick([0, 1, 10_000, 1_234_567, 10_000_000_000])) };
}

function generateString(random: Random): Type {
  const bytesMax = random.chance(0.4) ? STRING_BYTES_DEFAULT : random.between(1, 12);
  return { kind: "string", id: random.chance(0.3), bytesMax };
}
