/** The code that checks and decodes slots, by type. */
import {
  DURATION_MAX,
  type Shape,
  SLOT_BYTES,
  slotBytes,
  TIMESTAMP_MAX,
  TIMESTAMP_MIN,
  type Type,
  type Types,
} from "@polity/runtime/layout.ts";
import { unreachable } from "../diagnostic.ts";
import type { IrStruct } from "../ir.ts";
import { number } from "./expression.ts";
import { entityIndex, isCarried, membersOf, typeIndex } from "./names.ts";

type Collection = Type & { kind: "list" | "set" | "map" };

const CANONICAL: Readonly<Record<Shape, string>> = {
  url: "canonicalUrl",
  email: "canonicalEmail",
  image: "canonicalImage",
  host: "canonicalHost",
  host_pattern: "canonicalPattern",
  ip: "canonicalIp",
  cidr: "canonicalCidr",
};

/** The text as it arrives. */
function decoderOf(shape: Shape): string {
  return shape === "url" ? "decodeUrlText" : "decodeText";
}

function decoderOfEntity(name: string, types: Types): string {
  return isCarried(types, name) ? "decodeCarried" : "decodeEntity";
}

/** Collection types met so far, with a function for each. */
export interface Decoders {
  readonly types: Types;
  readonly collections: Map<string, { readonly index: number; readonly text: string }>;
}

/**
 * Fields of actions, whose places are known, have decoders of their own where that is of use. Entities are
 * looked up when all fields have been read.
 */
export function decodeFields(struct: IrStruct, decoders: Decoders): readonly string[] {
  const lines = struct.slots.flatMap(({ type, offset }) => {
    const each = decode(type, "ARRIVED", offset, decoders);
    return each.map((line) => line.replace(/^decode(?=(?:Bool|Enum|Id|Entity)\()/, "field"));
  });
  const entities = lines.filter((line) => line.startsWith("fieldEntity("));
  return [...lines, ...entities.map((line) => line.replace("fieldEntity", "lookUpEntity"))];
}

/** Statements that decode the slot at `offset` from the address `from`, an expression. */
function decode(type: Type, from: string, offset: number, decoders: Decoders): readonly string[] {
  const { types } = decoders;
  const at = offset === 0 ? from : `${from} + ${offset}`;
  switch (type.kind) {
    case "bool":
      return [`decodeBool(${at});`];
    case "int":
    case "decimal":
      return [`decodeNumber(${at}, ${number(type.min)}, ${number(type.max)});`];
    case "timestamp":
      return [`decodeNumber(${at}, ${TIMESTAMP_MIN}, ${TIMESTAMP_MAX});`];
    case "duration":
      return [`decodeNumber(${at}, ${-DURATION_MAX}, ${DURATION_MAX});`];
    case "string":
      return [`${type.id ? "decodeId" : "decodeText"}(${at}, ${type.bytesMax});`];
    case "json":
      return [`decodeDocument(${at}, ${type.bytesMax});`];
    case "path":
      return [`decodePath(${at}, ${type.bytesMax});`];
    case "shaped":
      return [
        `${decoderOf(type.shape)}(${at}, ${type.bytesMax});`,
        `${CANONICAL[type.shape]}(${at} + shift, shift);`,
      ];
    case "enum":
      return [`decodeEnum(${at}, ${membersOf(types, type)});`];
    case "entity":
      return [`${decoderOfEntity(type.name, types)}(${at}, ${entityIndex(types, type.name)});`];
    case "ref":
      return [`decodeRef(${at}, ${entityIndex(types, type.name)});`];
    case "record":
      return [`record${typeIndex(types.records.keys(), type.name)}(${at});`];
    case "optional": {
      const inner = decode(type.of, from, offset + SLOT_BYTES, decoders);
      return [
        `if (decodePresence(${at}, ${slotBytes(type.of, types)})) {`,
        ...inner.map((line) => `  ${line}`),
        "}",
      ];
    }
    case "entry":
      return [`decodeKey(${at});`, ...decode(type.of, from, offset + SLOT_BYTES, decoders)];
    case "list":
    case "set":
    case "map":
      return [`collection${collection(type, decoders)}(${at});`];
    default:
      return unreachable(type);
  }
}

export function decodeStruct(struct: IrStruct, decoders: Decoders): readonly string[] {
  return struct.slots.flatMap((slot) => decode(slot.type, "p", slot.offset, decoders));
}

function collection(type: Collection, decoders: Decoders): number {
  const key = JSON.stringify(type, (_, value) => (typeof value === "bigint" ? value.toString() : value));
  const known = decoders.collections.get(key);
  if (known !== undefined) return known.index;
  const index = decoders.collections.size;
  const stride = slotBytes(memberOf(type), decoders.types);
  const text = [
    `function collection${index}(p: usize): void {`,
    `  const count = decodeCollection(p, ${type.min}, ${type.max}, ${stride});`,
    "  if (count == 0) return;",
    "  const at = membersOf(p + shift) - shift;",
    ...members(type, stride, decoders).map((line) => `  ${line}`),
    "}",
  ].join("\n");
  decoders.collections.set(key, { index, text });
  return index;
}

function memberOf(type: Collection): Type {
  return type.kind === "map" ? { kind: "entry", of: type.of } : type.of;
}

/** A set's members are plain, so that no collection is met inside one. */
function members(type: Collection, stride: number, decoders: Decoders): readonly string[] {
  const of = memberOf(type);
  if (type.kind === "set" && of.kind === "path") return [`decodePaths(at, count, ${of.bytesMax});`];
  if (type.kind === "set" && of.kind === "entity") {
    const decoder = isCarried(decoders.types, of.name) ? "decodeCarriedSet" : "decodeEntities";
    return [`${decoder}(at, count, ${entityIndex(decoders.types, of.name)});`];
  }
  if (type.kind === "set" && of.kind === "shaped") return shapedSet(of);
  const each = decode(of, `at + i * ${stride}`, 0, decoders);
  const loop = ["for (let i: u32 = 0; i < count; i++) {", ...each.map((line) => `  ${line}`), "}"];
  if (type.kind === "list") return loop;
  if (type.kind === "map") return [...loop, `ascendingKeys(at, count, ${stride});`];
  return [
    ...loop,
    of.kind === "string" || of.kind === "ref" ? "ascendingText(at, count);" : "ascendingNumbers(at, count);",
  ];
}

/** Members arrive in the order of what was written; rules see them sorted anew, and no two are the same. */
function shapedSet({ shape, bytesMax }: Extract<Type, { kind: "shaped" }>): readonly string[] {
  const each = (line: string) => `for (let i: u32 = 0; i < count; i++) ${line}`;
  return [
    each(`${decoderOf(shape)}(at + i * 8, ${bytesMax});`),
    "ascendingText(at, count);",
    each(`${CANONICAL[shape]}(at + i * 8 + shift, shift);`),
    "sortPaths(at + shift, count);",
  ];
}
