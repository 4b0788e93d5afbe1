/** Where everything lies: structs with their offsets, and the bytes that a frame can need at most. */
import {
  APPROVALS_MAX,
  CARRIED_MAX,
  CARRIED_PARENTS_MAX,
  ENTITY_ID_BYTES_MAX,
  type EntityType,
  type Field,
  fieldOffset,
  fieldsBytes,
  KEY_BYTES_MAX,
  padded,
  recordFields,
  SLOT_BYTES,
  slotBytes,
  type Type,
  type Types,
} from "@polity/runtime/layout.ts";
import type { ActionLayout } from "@polity/runtime/manifest.ts";
import type { Action, Checked } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import type { IrStruct, IrTable } from "../ir.ts";

const HEADER_BYTES = 160;
const APPROVAL_BYTES = 64;
/** Of an entity that a request carries: its type and its id. */
const PARENT_BYTES = 16;
/** Id and ancestors. */
const RECORD_HEAD_BYTES = 16;
/** Frames above this are refused as too large, whatever the bounds of the fields would allow. */
const FRAME_BYTES_CAP = 1_048_576;
const FACTS_HEADER_BYTES = 32;
const DIRECTORY_ENTRY_BYTES = 16;
/** An index has 26 bits for where a record is, in words of 8 bytes. */
const FACTS_BYTES_CAP = 0x2000_0000;

function struct(name: string, fields: readonly Field[], head: number, types: Types): IrStruct {
  const slots = fields.map((field) => ({
    name: field.name,
    type: field.type,
    offset: head + fieldOffset(fields, field.name, types),
  }));
  return { name, slots, bytes: head + fieldsBytes(fields, types) };
}

export function entityStructs(types: Types): readonly IrStruct[] {
  const names = [...types.entities.keys()].sort();
  return names.map((name) =>
    struct(name, types.entities.get(name)?.attributes ?? [], RECORD_HEAD_BYTES, types),
  );
}

export function recordStructs(types: Types): readonly IrStruct[] {
  return [...types.records.keys()].sort().map((name) => struct(name, recordFields(name, types), 0, types));
}

export function tableLayouts(types: Types): readonly IrTable[] {
  const { tables = [] } = types;
  return tables.map(({ name, key, per, max }) => {
    const { slots, bytes } = struct(name, recordFields(name, types), 0, types);
    return {
      name,
      bytes,
      key: key.flatMap((column) => slots.filter((slot) => slot.name === column)),
      per,
      max,
    };
  });
}

/** Offsets count from where the settings stand in the facts. */
export function settingsStruct({ settings }: Types, types: Types): IrStruct | null {
  return settings === undefined ? null : struct("settings", settings, 0, types);
}

/** The slots of an action's fixed part: the fields that the evaluator reads, by name. */
export function actionStruct(action: Action, types: Types): IrStruct {
  return struct(
    action.name,
    action.fields.filter((field) => field.read),
    0,
    types,
  );
}

export function actionLayout(action: Action, types: Types): ActionLayout {
  const { slots, bytes } = actionStruct(action, types);
  const offsets = new Map(slots.map((slot) => [slot.name, slot.offset]));
  const fields = action.fields.map((field) => ({
    name: field.name,
    type: field.type,
    offset: offsets.get(field.name) ?? null,
  }));
  return { name: action.name, fields, fixedBytes: bytes };
}

/** The largest frame that the bounds allow, in whole slots. */
export function frameBytesMax(checked: Checked): number {
  const { actions, types } = checked;
  return Math.max(
    actionFrameBytesMax([], types),
    ...actions.map(({ fields }) => actionFrameBytesMax(fields, types)),
  );
}

/** The largest frame of one action. */
export function actionFrameBytesMax(fields: Action["fields"], types: Types): number {
  let bytes = HEADER_BYTES + APPROVALS_MAX * (APPROVAL_BYTES + ENTITY_ID_BYTES_MAX);
  bytes += CARRIED_MAX * carriedBytesMax(types);
  for (const field of fields) {
    if (field.read) bytes += slotBytes(field.type, types) + variableBytesMax(field.type, types);
  }
  return Math.min(bytes, FRAME_BYTES_CAP);
}

/**
 * The largest block of facts, in whole slots. Of entities and rows there may be any number, up to half a
 * gibibyte; a policy that declares none gets a block of known size.
 */
export function factsBytesMax(types: Types): number {
  const { settings = [], tables = [] } = types;
  const isCounted = ({ fromRequest }: EntityType) => fromRequest !== true;
  if (tables.length > 0 || [...types.entities.values()].some(isCounted)) return FACTS_BYTES_CAP;
  let bytes = FACTS_HEADER_BYTES + types.entities.size * DIRECTORY_ENTRY_BYTES + fieldsBytes(settings, types);
  for (const { type } of settings) bytes += variableBytesMax(type, types);
  return Math.min(bytes, FACTS_BYTES_CAP);
}

/** The largest entity that a request can carry. */
function carriedBytesMax(types: Types): number {
  let largest = 0;
  for (const { attributes, fromRequest } of types.entities.values()) {
    if (fromRequest !== true) continue;
    let bytes = SLOT_BYTES + RECORD_HEAD_BYTES + ENTITY_ID_BYTES_MAX;
    bytes += CARRIED_PARENTS_MAX * (PARENT_BYTES + ENTITY_ID_BYTES_MAX) + fieldsBytes(attributes, types);
    for (const { type } of attributes) bytes += variableBytesMax(type, types);
    largest = Math.max(largest, bytes);
  }
  return largest;
}

function variableBytesMax(type: Type, types: Types): number {
  switch (type.kind) {
    case "bool":
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
    case "enum":
      return 0;
    case "string":
    case "path":
    case "json":
      return padded(type.bytesMax);
    case "shaped":
      return padded(type.bytesMax + (type.shape === "url" ? 1 : 0));
    case "entity":
    case "ref":
      return ENTITY_ID_BYTES_MAX;
    case "optional":
      return variableBytesMax(type.of, types);
    case "entry":
      return padded(KEY_BYTES_MAX) + variableBytesMax(type.of, types);
    case "map": {
      const entry: Type = { kind: "entry", of: type.of };
      return type.max * (slotBytes(entry, types) + variableBytesMax(entry, types));
    }
    case "list":
    case "set":
      return type.max * (slotBytes(type.of, types) + variableBytesMax(type.of, types));
    case "record": {
      let bytes = 0;
      for (const field of recordFields(type.name, types)) bytes += variableBytesMax(field.type, types);
      return bytes;
    }
    default:
      return unreachable(type);
  }
}

/** Or other shaped text. */
export function containsPath(type: Type, types: Types): boolean {
  if (type.kind === "path" || type.kind === "shaped") return true;
  if ("of" in type) return containsPath(type.of, types);
  return (
    type.kind === "record" && recordFields(type.name, types).some((field) => containsPath(field.type, types))
  );
}
