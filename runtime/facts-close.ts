/** Groups through any number of groups: the numbers of all that an entity is in, ascending. */
import type { Members } from "./facts-order.ts";
import type { Store } from "./facts-store.ts";
import { grow, makeNumbers, type Numbers } from "./growing.ts";

export interface Ancestors {
  /** By entity: how many it has. */
  readonly counts: Int32Array;
  /** Writes those of an entity to `to`. */
  readonly write: (entity: number, to: Int32Array, at: number) => void;
}

/**
 * Kept are those of groups alone; those of everybody else are the same merged once more. Null where together
 * they take more than `bytesMax`: a chain of n groups has n² / 2 of them.
 */
export function closeAncestors(
  { parentsFrom, entities }: Store,
  groups: Int32Array,
  numberOf: Int32Array,
  sorted: Int32Array,
  { from }: Members,
  bytesMax: number,
): Ancestors | null {
  const counts = new Int32Array(entities.count);
  /** By group: where its own ancestors begin among all that are kept. */
  const starts = new Int32Array(entities.count);
  const kept = makeNumbers();
  const scratch = makeNumbers();
  let bytes = 0;
  for (let at = 0; at < sorted.length; at += 1) {
    const entity = sorted[at]!;
    const first = parentsFrom.items[entity]!;
    const parents = parentsFrom.items[entity + 1]! - first;
    if (parents === 0) continue;
    const hasMembers = from[entity] !== from[entity + 1];
    // Whoever is in one group alone has those of that group and one more.
    const count = parents === 1 && !hasMembers ? counts[groups[first]!]! + 1 : gather(entity);
    counts[entity] = count;
    bytes += (count + (count & 1)) * 4;
    if (bytes > bytesMax) return null;
    if (!hasMembers) continue;
    grow(kept, kept.count + count);
    starts[entity] = kept.count;
    kept.items.set(scratch.items.subarray(0, count), kept.count);
    kept.count += count;
  }

  /** To `scratch`: the groups and what is above them, ascending, each once. */
  function gather(entity: number): number {
    scratch.count = 0;
    for (let at = parentsFrom.items[entity]!; at < parentsFrom.items[entity + 1]!; at += 1) {
      const group = groups[at]!;
      const above = counts[group]!;
      grow(scratch, scratch.count + above + 1);
      const { items } = scratch;
      items[scratch.count] = numberOf[group]!;
      const first = starts[group]!;
      for (let k = 0; k < above; k += 1) items[scratch.count + 1 + k] = kept.items[first + k]!;
      scratch.count += above + 1;
    }
    return sortOnce(scratch);
  }

  return {
    counts,
    write: (entity, to, at) => {
      const count = gather(entity);
      for (let k = 0; k < count; k += 1) to[at + k] = scratch.items[k]!;
    },
  };
}

/** Beyond that, the platform's own sorting is quicker. */
const INSERTED_MAX = 24;

function sortOnce({ items, count }: Numbers): number {
  if (count > INSERTED_MAX) items.subarray(0, count).sort();
  else {
    for (let at = 1; at < count; at += 1) {
      const value = items[at]!;
      let to = at;
      for (; to > 0 && items[to - 1]! > value; to -= 1) items[to] = items[to - 1]!;
      items[to] = value;
    }
  }
  let kept = Math.min(count, 1);
  for (let at = 1; at < count; at += 1) {
    if (items[at] === items[at - 1]) continue;
    items[kept] = items[at]!;
    kept += 1;
  }
  return kept;
}
