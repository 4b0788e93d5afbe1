/** How large a value is, or may become at most by its type: what its cost depends on. */
import {
  ENTITY_ID_BYTES_MAX,
  KEY_BYTES_MAX,
  recordFields,
  type Type,
  type Types,
} from "@polity/runtime/layout.ts";
import type { Value } from "./checked.ts";
import { unreachable } from "./diagnostic.ts";

export interface Extent {
  /** Values within, this one included. */
  readonly slots: bigint;
  /** Eight bytes of text each, begun ones included, at any depth. */
  readonly words: bigint;
  /** At any depth. */
  readonly entities: bigint;
  /** Of the collection itself; 0 for everything else. */
  readonly members: bigint;
  /** Slots and words of the largest member. */
  readonly memberSize: bigint;
}

const SLOT: Extent = { slots: 1n, words: 0n, entities: 0n, members: 0n, memberSize: 0n };
export const NOTHING: Extent = { ...SLOT, slots: 0n };

/** The most that a value of the type can take. */
export function extentOfType(type: Type, types: Types): Extent {
  switch (type.kind) {
    case "bool":
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
    case "enum":
      return SLOT;
    case "string":
    case "path":
    case "json":
      return { ...SLOT, words: wordsOf(type.bytesMax) };
    case "shaped":
      // A URL without a path gets one.
      return { ...SLOT, words: wordsOf(type.bytesMax + 1) };
    case "entity":
      return { ...SLOT, entities: 1n };
    case "ref":
      return { ...SLOT, words: wordsOf(ENTITY_ID_BYTES_MAX), entities: 1n };
    case "optional": {
      const within = extentOfType(type.of, types);
      return { ...within, slots: within.slots + 1n };
    }
    case "record":
      return sum(recordFields(type.name, types).map((field) => extentOfType(field.type, types)));
    case "entry":
      return sum([ENTRY_KEY, extentOfType(type.of, types)]);
    case "list":
    case "set":
    case "map": {
      const of = extentOfType(memberOf(type), types);
      const members = BigInt(type.max);
      return {
        slots: 1n + members * of.slots,
        words: members * of.words,
        entities: members * of.entities,
        members,
        memberSize: of.slots + of.words,
      };
    }
    default:
      return unreachable(type);
  }
}

const ENTRY_KEY: Extent = { ...SLOT, words: wordsOf(KEY_BYTES_MAX) };

function memberOf(type: Extract<Type, { kind: "list" | "set" | "map" }>): Type {
  return type.kind === "map" ? { kind: "entry", of: type.of } : type.of;
}

/** An entry's. */
const PARTS = ["key", "value"];

/** What a value takes. Never more than its type allows. */
export function extentOfValue(value: Value): Extent {
  if (value === undefined) return SLOT;
  if (typeof value === "string") return { ...SLOT, words: wordsOf(utf8Bytes(value)) };
  if (Array.isArray(value)) {
    const members = value.map((member: Value) => extentOfValue(member));
    const { slots, words, entities } = sum(members);
    let memberSize = 0n;
    for (const one of members) {
      if (one.slots + one.words > memberSize) memberSize = one.slots + one.words;
    }
    return { slots: slots + 1n, words, entities, members: BigInt(members.length), memberSize };
  }
  if (value instanceof Map) return sum([...value.values()].map((field: Value) => extentOfValue(field)));
  if (typeof value === "object" && "document" in value) {
    return { ...SLOT, words: wordsOf(utf8Bytes(value.text)) };
  }
  if (typeof value === "object" && "entries" in value) {
    const { entries } = value as { readonly entries: ReadonlyMap<string, Value> };
    return extentOfValue(
      [...entries].map((entry): Value => new Map(PARTS.map((name, at) => [name, entry[at]]))),
    );
  }
  if (typeof value === "object" && "id" in value) {
    const words = value.isRef === true ? wordsOf(utf8Bytes(value.id)) : 0n;
    return { ...SLOT, words, entities: 1n };
  }
  return SLOT;
}

function sum(parts: readonly Extent[]): Extent {
  let [slots, words, entities] = [0n, 0n, 0n];
  for (const part of parts) {
    slots += part.slots;
    words += part.words;
    entities += part.entities;
  }
  return { slots, words, entities, members: 0n, memberSize: 0n };
}

function wordsOf(bytes: number): bigint {
  return BigInt(Math.ceil(bytes / 8));
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
