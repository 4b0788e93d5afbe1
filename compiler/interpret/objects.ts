/**
 * What JavaScript objects say. Only own enumerable properties count, so that a prototype can say nothing. A
 * getter is not called: its property is there, but it has the value undefined, which is of no type. What
 * throws when it is touched says nothing.
 */
import { type Denial, INVALID, TOO_LARGE } from "./denial.ts";

/** What stands in an array; one with more than `max` places is not looked into. A hole is not a value. */
export function readItems(raw: unknown, max: number): readonly unknown[] | Denial {
  try {
    if (!Array.isArray(raw)) return INVALID;
    if (raw.length > max) return TOO_LARGE;
    const items: unknown[] = [];
    for (let index = 0; index < raw.length; index += 1) {
      items.push(Object.getOwnPropertyDescriptor(raw, index)?.value);
    }
    return items;
  } catch {
    return INVALID;
  }
}

/** Own enumerable properties by name; undefined for what is not an object, or an array. */
export function ownData(raw: unknown): ReadonlyMap<string, unknown> | undefined {
  try {
    if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return undefined;
    // Nothing comes of it but an error where a proxy answers nobody: hosts walk prototypes to pass them over.
    Object.getPrototypeOf(raw);
    const data = new Map<string, unknown>();
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(raw))) {
      if (property.enumerable === true) data.set(name, property.value);
    }
    return data;
  } catch {
    // A proxy may throw at any touch.
    return undefined;
  }
}

/** Neither an instance of a class nor a Map nor a Date, whose meaning is not in their properties. */
export function isPlain(raw: unknown): boolean {
  try {
    const prototype: unknown = Object.getPrototypeOf(raw);
    return prototype === null || prototype === Object.prototype;
  } catch {
    return false;
  }
}
