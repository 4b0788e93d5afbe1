/**
 * The right edge of a growing tree (RFC 6962, 2.1) in tiles: all that is needed to go on, and to know the
 * root. Memory does not grow with the tree.
 */
import type { Sha256 } from "@polity/runtime/hash.ts";
import { TILE_BYTES_MAX, TILE_LEVELS, TILE_WIDTH } from "./tiles.ts";
import { emptyRoot, HASH_BYTES, nodeHash } from "./tree.ts";

export interface FullTile {
  readonly level: number;
  readonly index: number;
  /** 256 hashes. */
  readonly hashes: Uint8Array;
}

export interface TreeEdge {
  /** Leaves. */
  readonly size: number;
  /** Takes a leaf hash; returns the tiles that are full with it, from level 0 up: most often none. */
  readonly append: (leaf: Uint8Array) => readonly FullTile[];
  readonly root: () => Uint8Array;
  /** A copy of the hashes of the partial tile at a level; empty where there is none. */
  readonly partial: (level: number) => Uint8Array;
}

interface Level {
  hashes: Uint8Array;
  /** Hashes of the partial tile. */
  width: number;
  /** Tiles before it. */
  index: number;
  /** Roots of complete subtrees over these hashes, the largest first: one for each 1 of the width. */
  peaks: Uint8Array[];
}

const NONE: readonly FullTile[] = [];

/**
 * The edge of the tree whose partial tiles are given, from level 0 up, each with its hashes (empty where the
 * tile is not there) and with the number of full tiles before it. Nothing given: an empty tree.
 */
export function makeTreeEdge(
  sha256: Sha256,
  partials: readonly { readonly hashes: Uint8Array; readonly index: number }[] = [],
): TreeEdge {
  const levels = Array.from({ length: TILE_LEVELS }, (): Level => {
    return { hashes: new Uint8Array(TILE_BYTES_MAX), width: 0, index: 0, peaks: [] };
  });
  let size = 0;
  for (const [at, { hashes, index }] of partials.entries()) {
    const level = levels[at]!;
    level.index = index;
    for (let from = 0; from < hashes.length; from += HASH_BYTES) {
      push(level, hashes.slice(from, from + HASH_BYTES), sha256);
    }
    size += level.width * TILE_WIDTH ** at;
  }
  return {
    get size() {
      return size;
    },
    append(leaf) {
      size += 1;
      const full = push(levels[0]!, leaf, sha256);
      return full === null ? NONE : carry(levels, full, sha256);
    },
    root: () => rootOf(levels, sha256),
    partial: (at) => levels[at]!.hashes.slice(0, levels[at]!.width * HASH_BYTES),
  };
}

/** The root of the tile where it is full with this hash; then the next tile begins with its first hash. */
function push(level: Level, hash: Uint8Array, sha256: Sha256): Uint8Array | null {
  level.hashes.set(hash, level.width * HASH_BYTES);
  let node = hash;
  for (let count = level.width; count % 2 === 1; count = (count - 1) / 2) {
    node = nodeHash(level.peaks.pop()!, node, sha256);
  }
  level.width += 1;
  level.peaks.push(node);
  return level.width === TILE_WIDTH ? node : null;
}

/** Ends full tiles from level 0 up. */
function carry(levels: readonly Level[], rootOfFirst: Uint8Array, sha256: Sha256): readonly FullTile[] {
  const tiles: FullTile[] = [];
  let root: Uint8Array | null = rootOfFirst;
  for (let at = 0; root !== null; at += 1) {
    const level = levels[at]!;
    tiles.push({ level: at, index: level.index, hashes: level.hashes });
    level.hashes = new Uint8Array(TILE_BYTES_MAX);
    level.width = 0;
    level.index += 1;
    level.peaks = [];
    // No tree has so many leaves that the last level is ever full.
    root = push(levels[at + 1]!, root, sha256);
  }
  return tiles;
}

function rootOf(levels: readonly Level[], sha256: Sha256): Uint8Array {
  const root = levels
    .flatMap(({ peaks }, at) => peaks.map((peak, place) => ({ peak, at, place })))
    .sort((a, b) => b.at - a.at || a.place - b.place)
    .map(({ peak }) => peak);
  return root.length === 0
    ? emptyRoot(sha256)
    : root.reduceRight((right, left) => nodeHash(left, right, sha256));
}
