/** Equality of constant values. */
import type { Value } from "../checked.ts";

/** Both have one type; records and absent values are no constants and equal nothing. */
export function isSameValue(a: Value, b: Value): boolean {
  if (typeof a !== "object" || typeof b !== "object") return a === b;
  if (isArray(a) && isArray(b)) {
    return a.length === b.length && a.every((value, index) => isSameValue(value, b[index]));
  }
  if ("member" in a && "member" in b) return a.member === b.member;
  return "id" in a && "id" in b && a.type === b.type && a.id === b.id;
}

function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
