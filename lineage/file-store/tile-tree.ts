/** Roots and proofs of a tree whose hashes lie in tiles (RFC 6962, 2.1), for every size that it has had. */
import type { Sha256 } from "@polity/runtime/hash.ts";
import { consistencyRanges, inclusionRanges, type LeafRange, nodesOf } from "../proof-ranges.ts";
import { nodePlace } from "../tiles.ts";
import { emptyRoot, HASH_BYTES, nodeHash } from "../tree.ts";

/** The hashes of a tile, as many as there are; rejects where there is none. */
export type TileHashes = (level: number, index: number, widthMin: number) => Promise<Uint8Array>;

export interface TileTree {
  /** Of the first `size` leaves. */
  readonly root: (size: number) => Promise<Uint8Array>;
  /** RFC 6962, 2.1.1: the leaf's sibling first. */
  readonly inclusionProof: (index: number, size: number) => Promise<Uint8Array[]>;
  /** RFC 6962, 2.1.2; empty for 0 and for `to`. */
  readonly consistencyProof: (from: number, to: number) => Promise<Uint8Array[]>;
}

export function makeTileTree(hashes: TileHashes, sha256: Sha256): TileTree {
  async function node(height: number, index: number): Promise<Uint8Array> {
    const { level, index: tile, first, count } = nodePlace({ height, index });
    const bytes = await hashes(level, tile, first + count);
    let row: Uint8Array[] = Array.from({ length: count }, (_, at) => {
      return bytes.slice((first + at) * HASH_BYTES, (first + at + 1) * HASH_BYTES);
    });
    while (row.length > 1) {
      row = Array.from({ length: row.length / 2 }, (_, at) =>
        nodeHash(row[2 * at]!, row[2 * at + 1]!, sha256),
      );
    }
    return row[0]!;
  }

  async function hashOf(range: LeafRange): Promise<Uint8Array> {
    const nodes: Uint8Array[] = [];
    for (const { height, index } of nodesOf(range)) nodes.push(await node(height, index));
    return nodes.reduceRight((right, left) => nodeHash(left, right, sha256));
  }

  async function hashesOf(ranges: readonly LeafRange[]): Promise<Uint8Array[]> {
    const found: Uint8Array[] = [];
    for (const range of ranges) found.push(await hashOf(range));
    return found;
  }

  return {
    root: async (size) => (size === 0 ? emptyRoot(sha256) : hashOf({ begin: 0, end: size })),
    inclusionProof: (index, size) => hashesOf(inclusionRanges(index, size)),
    consistencyProof: (from, to) => hashesOf(consistencyRanges(from, to)),
  };
}
