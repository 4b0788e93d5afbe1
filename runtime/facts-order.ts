/** The entities of a store in the orders that matter: by type as given, groups first, by number. */
import { compareIds, type Names } from "./facts-names.ts";
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
  for (let type = 0; type + 1 < from.length; type += 1) {
    const [start, end] = [from[type]!, from[type + 1]!];
    for (let at = start + 1; at < end; at += 1) {
      const [one, other] = [entities.items[sorted[at - 1]!]!, entities.items[sorted[at]!]!];
      if (compareIds(names, one, other) < 0) continue;
      // Snapshots are often in order; others are sorted.
      sortByIds(names, entities.items, sorted.subarray(start, end), 0);
      break;
    }
  }
  return sorted;
}

const FEW = 16;
/** Behind three bytes of 9 bits each there is room for the place of 64 million entities. */
const PLACES = 2 ** 26;

/**
 * By three bytes at a time, packed into one number with the place: numbers are sorted by the platform, in a
 * tenth of the time that it takes to compare ids. All of these agree in their first `skip` bytes.
 */
function sortByIds(names: Names, named: Int32Array, part: Int32Array, skip: number): void {
  if (part.length <= FEW) {
    part.sort((a, b) => compareIds(names, named[a]!, named[b]!));
    return;
  }
  const keys = new Float64Array(part.length);
  for (let at = 0; at < part.length; at += 1) {
    keys[at] = bytesAt(names, named[part[at]!]!, skip) * PLACES + at;
  }
  keys.sort();
  const before = part.slice();
  let start = 0;
  let last = -1;
  for (let at = 0; at <= keys.length; at += 1) {
    const key = at < keys.length ? Math.floor(keys[at]! / PLACES) : -1;
    if (key !== last && at - start > 1) sortByIds(names, named, part.subarray(start, at), skip + 3);
    if (key !== last) start = at;
    last = key;
    if (at < keys.length) part[at] = before[keys[at]! % PLACES]!;
  }
}

/** Three bytes of an id, each one more than it is; 0 where there are no more, which comes first. */
function bytesAt({ bytes, starts }: Names, name: number, skip: number): number {
  const from = starts.items[name]! + skip;
  const end = starts.items[name + 1]!;
  let key = 0;
  for (let at = from; at < from + 3; at += 1) key = key * 512 + (at < end ? bytes[at]! + 1 : 0);
  return key;
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
