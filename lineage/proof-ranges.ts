/** Over which leaves the hashes of a proof are, whoever has the tree (RFC 6962, 2.1.1 and 2.1.2). */
import type { TreeNode } from "./tiles.ts";

/** Leaves from `begin` up to, not including, `end`; `begin` is a multiple of the power of two above. */
export interface LeafRange {
  readonly begin: number;
  readonly end: number;
}

/** For the leaf at `index` < `size`: one range a hash, the leaf's sibling first. */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const middle = begin + leftWidth(end - begin);
    if (index < middle) {
      ranges.push({ begin: middle, end });
      end = middle;
    } else {
      ranges.push({ begin, end: middle });
      begin = middle;
    }
  }
  return ranges.reverse();
}

/** That the first `to` leaves begin with the first `from` <= `to`; none for 0 and for `to`. */
export function consistencyRanges(from: number, to: number): LeafRange[] {
  if (from === 0 || from === to) return [];
  const ranges: LeafRange[] = [];
  let [begin, end] = [0, to];
  while (end !== from) {
    const middle = begin + leftWidth(end - begin);
    if (from <= middle) {
      ranges.push({ begin: middle, end });
      end = middle;
    } else {
      ranges.push({ begin, end: middle });
      begin = middle;
    }
  }
  // Whoever knows the earlier root knows this hash where it is that root, and only there.
  if (begin > 0) ranges.push({ begin, end });
  return ranges.reverse();
}

/** The complete subtrees that make up a range, from the left, the largest first. */
export function nodesOf({ begin, end }: LeafRange): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let at = begin; at < end; ) {
    let [height, width] = [0, 1];
    for (; width * 2 <= end - at; width *= 2) height += 1;
    nodes.push({ height, index: at / width });
    at += width;
  }
  return nodes;
}

/** The largest power of two below `width`: how many leaves the left child of a node has. */
function leftWidth(width: number): number {
  let power = 1;
  while (power * 2 < width) power *= 2;
  return power;
}
