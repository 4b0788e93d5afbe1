/**
 * Rules on many actions make the same family for each of them: rows and keys that are equal stand in memory
 * once. What is equal is found by what it is made of, and is then the same object.
 */
import type { IrBucket, IrColumn } from "../ir-families.ts";
import type { Family } from "./families.ts";
import type { KeyKind, Plan, PlannedPart } from "./family-plan.ts";

/** The constants that a subject is compared with, sorted, and their numbers from 1. */
export interface Keys {
  readonly sorted: readonly (string | bigint)[];
  readonly numbers: ReadonlyMap<string | bigint, number>;
}

/** Grows while a program is lowered. */
export interface Shared {
  readonly keys: Map<string, Keys[]>;
  readonly rows: Map<string, Rows[]>;
}

interface Rows {
  readonly family: Family;
  readonly keys: readonly Keys[];
  readonly buckets: readonly IrBucket[];
}

export function nothingShared(): Shared {
  return { keys: new Map(), rows: new Map() };
}

export function keysOf(kind: KeyKind, constants: ReadonlySet<string | bigint>, { keys }: Shared): Keys {
  const sorted = [...constants].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const group = groupOf(keys, `${kind} ${sorted.length} ${String(sorted[0])}`);
  const known = group.find((other) => other.sorted.every((key, at) => key === sorted[at]));
  if (known !== undefined) return known;
  const made: Keys = { sorted, numbers: new Map(sorted.map((key, at) => [key, at + 1])) };
  group.push(made);
  return made;
}

/** Of what buckets are made but for the rules and the numbers of keys. */
export interface Making {
  readonly plan: Plan;
  readonly parts: readonly (PlannedPart & { readonly shift: number })[];
  readonly columns: readonly IrColumn[];
}

export function sharedBuckets(
  family: Family,
  keys: readonly Keys[],
  { plan: { order, varying }, parts, columns }: Making,
  { rows }: Shared,
  make: () => readonly IrBucket[],
): readonly IrBucket[] {
  const made = [
    [family[0]?.id, family.length, [...varying.values()]],
    parts.map(({ kind, constant, isMember, shift }) => [kind, constant, isMember, shift]),
    [order?.constant, order?.isDescending, columns],
  ];
  const group = groupOf(rows, JSON.stringify(made));
  const known = group.find((other) => isSame(other, family, keys));
  if (known !== undefined) return known.buckets;
  const buckets = make();
  group.push({ family, keys, buckets });
  return buckets;
}

/** A rule on several actions has the same constants for each, where its clauses are the same. */
function isSame(other: Rows, family: Family, keys: readonly Keys[]): boolean {
  return (
    other.family.every((rule, at) => {
      return rule.id === family[at]?.id && rule.constants === family[at]?.constants;
    }) && other.keys.every((one, at) => one === keys[at])
  );
}

function groupOf<T>(groups: Map<string, T[]>, key: string): T[] {
  const group = groups.get(key) ?? [];
  groups.set(key, group);
  return group;
}
