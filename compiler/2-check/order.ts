/**
 * Orders that depend on no locale: names by code units, text by UTF-8 bytes, members of sets by docs/abi.md.
 */
import type { EntityValue, Value } from "../checked.ts";

/** For identifiers, which are ASCII: code units and bytes agree. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return compareNames(a.name, b.name);
}

export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The order of UTF-8 bytes is the order of code points; that of UTF-16 units differs above the BMP. */
function compareText(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length) {
    const x = a.codePointAt(i) ?? 0;
    const y = b.codePointAt(i) ?? 0;
    if (x !== y) return x - y;
    i += x > 0xffff ? 2 : 1;
  }
  return a.length - b.length;
}

export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

export function compareEntities(a: EntityValue, b: EntityValue): number {
  return compareNames(a.type, b.type) || compareText(a.id, b.id);
}

/** The canonical order of two members of one set; both have the set's member type. */
export function compareMembers(a: Value, b: Value): number {
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (typeof a === "bigint" && typeof b === "bigint") return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (isEnum(a) && isEnum(b)) return a.member - b.member;
  if (isEntity(a) && isEntity(b)) return compareEntities(a, b);
  return 0;
}

function isEnum(value: Value): value is { readonly member: number } {
  return typeof value === "object" && "member" in value;
}

function isEntity(value: Value): value is EntityValue {
  return typeof value === "object" && "id" in value;
}
