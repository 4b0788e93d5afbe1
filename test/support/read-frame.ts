/** Reads the fields of a frame as docs/abi.md describes it, by itself, into the values of canonical JSON. */
import { recordFields, slotBytes, type Type, type Types } from "@polity/runtime/layout.ts";
import type { ActionLayout } from "@polity/runtime/manifest.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";

export function readFrame(
  bytes: Uint8Array,
  action: ActionLayout,
  types: Types,
  approvals = 0,
): Record<string, unknown> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let next = 160 + action.fixedBytes + approvals * 64;
  const fields: Record<string, unknown> = {};
  for (const { name, type, offset } of action.fields) {
    if (offset === null) continue;
    const value = readValue(type, 160 + offset);
    if (value !== undefined) fields[name] = value;
  }
  for (let at = 0; at < approvals; at += 1) readText(160 + action.fixedBytes + at * 64 + 8);
  if (next !== bytes.length) throw new Error(`${bytes.length - next} bytes left over`);
  return fields;

  function zero(at: number, end: number): void {
    for (let offset = at; offset < end; offset += 1) {
      if (bytes[offset] !== 0) throw new Error(`byte ${offset} is not zero`);
    }
  }

  function take(offset: number, count: number): number {
    if (count === 0) {
      if (offset !== 0) throw new Error("an offset to nothing");
      return next;
    }
    if (offset !== next) throw new Error(`gap or overlap: ${offset}, not ${next}`);
    return offset;
  }

  function readText(at: number, room = 0): string {
    const length = view.getUint32(at + 4, true);
    const from = take(view.getUint32(at, true), length);
    next = from + Math.ceil((length === 0 ? 0 : length + room) / 8) * 8;
    zero(from + length, next);
    return Buffer.from(bytes.subarray(from, from + length)).toString("utf8");
  }

  function readWord(at: number): number {
    zero(at + 4, at + 8);
    return view.getUint32(at, true);
  }

  function readValue(type: Type, at: number): unknown {
    switch (type.kind) {
      case "bool":
        return [false, true][readWord(at)];
      case "enum":
        return types.enums.get(type.name)![readWord(at)];
      case "int": {
        const value = view.getBigInt64(at, true);
        return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
      }
      case "decimal": {
        const value = view.getBigInt64(at, true);
        const digits = String(value < 0n ? -value : value).padStart(5, "0");
        const text = `${digits.slice(0, -4)}.${digits.slice(-4)}`.replace(/\.?0+$/, "");
        return value < 0n ? `-${text}` : text;
      }
      case "timestamp":
        return new Date(Number(view.getBigInt64(at, true))).toISOString().replace(".000Z", "Z");
      case "duration":
        return `${view.getBigInt64(at, true)}ms`;
      case "string":
      case "path":
      case "entity":
      case "ref":
        return readText(at);
      case "shaped":
        return readText(at, type.shape === "url" ? 1 : 0);
      case "record":
        return readRecord(type.name, at);
      case "optional":
        if (readWord(at) === 1) return readValue(type.of, at + 8);
        zero(at, at + slotBytes(type, types));
        return undefined;
      case "json":
        return JSON.parse(readText(at));
      case "entry":
        return [readText(at), readValue(type.of, at + 8)];
      case "map": {
        const entry: Type = { kind: "entry", of: type.of };
        const list = readValue({ ...type, kind: "list", of: entry }, at);
        return Object.fromEntries(list as [string, unknown][]);
      }
      case "list":
      case "set": {
        const count = view.getUint32(at + 4, true);
        const from = take(view.getUint32(at, true), count);
        const bytesEach = slotBytes(type.of, types);
        next = from + count * bytesEach;
        return Array.from({ length: count }, (_, index) => readValue(type.of, from + index * bytesEach));
      }
      default:
        return unreachable(type);
    }
  }

  function readRecord(name: string, at: number): Record<string, unknown> {
    const record: Record<string, unknown> = {};
    let offset = at;
    for (const field of recordFields(name, types)) {
      const value = readValue(field.type, offset);
      if (value !== undefined) record[field.name] = value;
      offset += slotBytes(field.type, types);
    }
    return record;
  }
}
