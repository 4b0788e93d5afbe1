/** The order and the equality of values (spec 4.4.3). */
import type { EntityValue, Value } from "../checked.ts";

/**
 * Text is ordered by its UTF-8 bytes, which is the order of its code points. UTF-16 units would put what lies
 * above U+FFFF (its units begin at D800) before U+E000 to U+FFFF.
 */
export function compareText(a: string, b: string): number {
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    const left = a.codePointAt(at) ?? 0;
    const right = b.codePointAt(at) ?? 0;
    if (left !== right) return left < right ? -1 : 1;
    if (left > 0xffff) at += 1;
  }
  return a.length - b.length;
}

/** Canonical order of two members of one set: bool, number, time, text, path, enum member or entity. */
export function compareMembers(a: Value, b: Value): number {
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (typeof a === "bigint" && typeof b === "bigint") return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (isMember(a) && isMember(b)) return a.member - b.member;
  if (isEntity(a) && isEntity(b)) return compareText(a.type, b.type) || compareText(a.id, b.id);
  throw new Error("members of a set are of one plain type");
}

/** A set as it is kept: in canonical order; undefined where a member occurs twice. */
export function canonicalSet(members: readonly Value[]): readonly Value[] | undefined {
  const sorted = [...members].sort(compareMembers);
  for (const [index, member] of sorted.entries()) {
    if (index > 0 && compareMembers(sorted[index - 1], member) === 0) return undefined;
  }
  return sorted;
}

/**
 * Equality of two values of one type (spec 5.4.1, 4.3.3). Absent equals absent: it occurs only inside
 * records.
 */
export function isEqual(a: Value, b: Value): boolean {
  if (isArray(a) && isArray(b)) {
    return a.length === b.length && a.every((member, index) => isEqual(member, b[index]));
  }
  if (isRecord(a) && isRecord(b)) return [...a].every(([name, value]) => isEqual(value, b.get(name)));
  if (isMap(a) && isMap(b)) {
    const equals = ([key, value]: readonly [string, Value]) =>
      b.entries.has(key) && isEqual(value, b.entries.get(key));
    return a.entries.size === b.entries.size && [...a.entries].every(equals);
  }
  // Canonical text: two documents have the same one exactly when they are equal (spec 4.9.1).
  if (isDocument(a) && isDocument(b)) return a.text === b.text;
  if (isMember(a) && isMember(b)) return a.member === b.member;
  if (isEntity(a) && isEntity(b)) return a.type === b.type && a.id === b.id;
  return a === b;
}

function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isRecord(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}

export function isMap(value: Value): value is { readonly entries: ReadonlyMap<string, Value> } {
  return typeof value === "object" && !isArray(value) && !isRecord(value) && "entries" in value;
}

/** What a quantifier meets: the members, or a map's entries, each as a record (spec 4.8.4). */
export function membersOf(value: Value): readonly Value[] {
  if (!isMap(value)) return value as readonly Value[];
  return [...value.entries].map(
    ([key, of]) =>
      new Map([
        ["key", key],
        ["value", of],
      ]),
  );
}

function isDocument(value: Value): value is Extract<Value, { readonly document: unknown }> {
  return typeof value === "object" && "document" in value;
}

/** An enum member. */
function isMember(value: Value): value is { readonly member: number } {
  return typeof value === "object" && !isArray(value) && !isRecord(value) && "member" in value;
}

function isEntity(value: Value): value is EntityValue {
  return typeof value === "object" && !isArray(value) && !isRecord(value) && "id" in value;
}

/** Every entity in a value, at any depth, and every one that a reference names. */
export function entitiesIn(value: Value): readonly EntityValue[] {
  if (isEntity(value)) return [value];
  if (isArray(value)) return value.flatMap(entitiesIn);
  if (isRecord(value)) return [...value.values()].flatMap(entitiesIn);
  if (isMap(value)) return [...value.entries.values()].flatMap(entitiesIn);
  return [];
}
