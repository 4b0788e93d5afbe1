/** The entities of a store in the orders that matter: by type as given, groups first, by number. */
import { compareIds } from "./facts-names.ts";
import type { Store } from "./facts-store.ts";

/** By type, and within a type as given; the entities of type t begin at `from[t]`. */
export function byType({ schema, names, entities }: Store): {
  readonly order: Int32Array;
  readonly from: Int32Array;
} {
  const from = new Int32Array(schema.types.length + 1);
  const { items } = names.types;
  for (let at = 0; at < entities.count; at += 1) from[items[entities.items[at]!]! + 1]! += 1;
  for (let type = 0; type < schema.types.length; type += 1) from[type + 1]! += from[type]!;
  const next = from.slice();
  const order = new Int32Array(entities.count);
  for (let at = 0; at < entities.count; at += 1) {
    const type = items[entities.items[at]!]!;
    order[next[type]!] = at;
    next[type]! += 1;
  }
  return { order, from };
}

/** The same with each type by the UTF-8 bytes of the ids: an entity's place there is its number. */
export function byNumber({ names, entities }: Store, order: Int32Array, from: Int32Array): Int32Array {
  const sorted = order.slice();
  const compare = (a: number, b: number) => compareIds(names, entities.items[a]!, entities.items[b]!);
  for (let type = 0; type + 1 < from.length; type += 1) {
    const [start, end] = [from[type]!, from[type + 1]!];
    for (let at = start + 1; at < end; at += 1) {
      if (compare(sorted[at - 1]!, sorted[at]!) < 0) continue;
      // Snapshots are often in order; others are sorted.
      sorted.subarray(start, end).sort(compare);
      break;
    }
  }
  return sorted;
}

/** Who is directly in whom: the members of entity g are `members[from[g]]` up to `from[g + 1]`. */
export interface Members {
  readonly from: Int32Array;
  readonly members: Int32Array;
}

/** Every parent is there. `groups` are the parents as entities, as the store has them as names. */
export function membersOf({ entities, parentsFrom }: Store, groups: Int32Array, order: Int32Array): Members {
  const from = new Int32Array(entities.count + 1);
  for (const group of groups) from[group + 1]! += 1;
  for (let at = 0; at < entities.count; at += 1) from[at + 1]! += from[at]!;
  const next = from.slice();
  const members = new Int32Array(groups.length);
  for (const entity of order) {
    for (let at = parentsFrom.items[entity]!; at < parentsFrom.items[entity + 1]!; at += 1) {
      const group = groups[at]!;
      members[next[group]!] = entity;
      next[group]! += 1;
    }
  }
  return { from, members };
}

/**
 * Those without open groups are set aside, again and again; who is left is in a cycle or below one, and the
 * first of them is the answer.
 */
export function groupsFirst(
  { entities, parentsFrom }: Store,
  order: Int32Array,
  { from, members }: Members,
): Int32Array | number {
  const open = new Int32Array(entities.count);
  const sorted = new Int32Array(entities.count);
  let count = 0;
  for (const entity of order) {
    open[entity] = parentsFrom.items[entity + 1]! - parentsFrom.items[entity]!;
    if (open[entity] !== 0) continue;
    sorted[count] = entity;
    count += 1;
  }
  for (let at = 0; at < count; at += 1) {
    const group = sorted[at]!;
    for (let k = from[group]!; k < from[group + 1]!; k += 1) {
      const entity = members[k]!;
      open[entity]! -= 1;
      if (open[entity] !== 0) continue;
      sorted[count] = entity;
      count += 1;
    }
  }
  if (count === entities.count) return sorted;
  return order.find((entity) => open[entity] !== 0) ?? 0;
}
