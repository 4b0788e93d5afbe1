/** The right edge of a tree, read from its tiles: what a writer goes on from, and what it looks at again. */
import { equalBytes, type Sha256 } from "@polity/runtime/hash.ts";
import { hashesAt, TILE_LEVELS, TILE_WIDTH, tileWidth } from "../tiles.ts";
import { HASH_BYTES } from "../tree.ts";
import { makeTreeEdge, type TreeEdge } from "../tree-edge.ts";
import type { TileReader } from "./tile-read.ts";

export interface RightEdge {
  readonly edge: TreeEdge;
  /** The entries of the last bundle that is not full. */
  readonly tail: readonly Uint8Array[];
}

/**
 * Of the tree of `size` leaves. Rejects where a file is missing or the last entries are not those of the
 * tile; whether it is the right tree, its root says.
 */
export async function readRightEdge(tiles: TileReader, size: number, sha256: Sha256): Promise<RightEdge> {
  const partials: { readonly hashes: Uint8Array; readonly index: number }[] = [];
  for (let level = 0; level < TILE_LEVELS; level += 1) {
    const index = Math.floor(hashesAt(level, size) / TILE_WIDTH);
    const width = tileWidth(level, index, size);
    const hashes = width === 0 ? new Uint8Array() : await tiles.hashes(level, index, width);
    partials.push({ hashes: hashes.subarray(0, width * HASH_BYTES), index });
  }
  const width = size % TILE_WIDTH;
  const tail = width === 0 ? [] : await tiles.bundle((size - width) / TILE_WIDTH, width);
  return { edge: makeTreeEdge(sha256, partials), tail: tail.slice(0, width) };
}

export function hasRoot({ edge }: RightEdge, size: number, root: Uint8Array): boolean {
  return edge.size === size && equalBytes(edge.root(), root);
}
