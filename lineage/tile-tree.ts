/**
 * A log's tree as its files have it. Nothing is taken from a file before it has been hashed up to the root
 * that was signed: the right edge when the tree is opened, every other tile through the tile above it, and
 * entries through their leaf hashes.
 */
import { digestName, equalBytes, type Sha256 } from "@polity/runtime/hash.ts";
import { consistencyRanges, inclusionRanges, type LeafRange, nodesOf } from "./proof-ranges.ts";
import { LogError } from "./store.ts";
import { makeTileCache } from "./tile-cache.ts";
import { readTile, type TileSource } from "./tile-source.ts";
import {
  BUNDLE_BYTES_MAX,
  decodeEntryBundle,
  hashesAt,
  nodePlace,
  partialTiles,
  TILE_WIDTH,
  type Tile,
  type TreeNode,
  tileAt,
} from "./tiles.ts";
import { emptyRoot, HASH_BYTES, leafHash, nodeHash } from "./tree.ts";

/** What somebody signed for. */
export interface TreeHead {
  /** Entries. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** Entries that lie in one file, with what they hash to. */
export interface Bundle {
  /** Relative to the log. */
  readonly path: string;
  /** Index of the first entry. */
  readonly first: number;
  readonly entries: readonly Uint8Array[];
  /** 32 bytes each. */
  readonly leaves: readonly Uint8Array[];
}

/** Every method rejects with a `LogError` where a file is missing, or is not what was signed for. */
export interface TileTree extends TreeHead {
  /** The hashes of a tile, one after the other: as many as it has at this size. */
  readonly hashes: (level: number, index: number) => Promise<Uint8Array>;
  /** The entries with the indices 256 * `index` and up. */
  readonly bundle: (index: number) => Promise<Bundle>;
  /** The bytes of an entry; null beyond the size. */
  readonly entry: (index: number) => Promise<Uint8Array | null>;
  /** Of an entry: 32 bytes. */
  readonly leaf: (index: number) => Promise<Uint8Array>;
  /** Of the first `size` entries. */
  readonly rootAt: (size: number) => Promise<Uint8Array>;
  /** RFC 6962, 2.1.1, at `size` entries (all of them, if left out): the leaf's sibling first. */
  readonly inclusionProof: (index: number, size?: number) => Promise<Uint8Array[]>;
  /** RFC 6962, 2.1.2. */
  readonly consistencyProof: (from: number, to?: number) => Promise<Uint8Array[]>;
}

export interface TileTreeOptions {
  readonly sha256: Sha256;
  /** How much of the files is kept in memory (default: 32 MiB); the last bundle is, however large. */
  readonly cacheBytesMax?: number;
}

const CACHE_BYTES_USUAL = 32 * 1024 * 1024;

interface State extends TileTreeOptions {
  readonly source: TileSource;
  readonly head: TreeHead;
  /** The hashes of the partial tiles, by level; what is not partial has none. */
  readonly edge: ReadonlyMap<number, Uint8Array>;
  readonly tiles: ReturnType<typeof makeTileCache<Uint8Array>>;
  readonly bundles: ReturnType<typeof makeTileCache<Bundle>>;
}

/**
 * Reads the right edge of the tree, seven tiles at most, and rejects with `log.other_root` where it does not
 * lead to the root. Whoever calls this has seen that `head` is signed.
 */
export async function openTileTree(
  source: TileSource,
  head: TreeHead,
  options: TileTreeOptions,
): Promise<TileTree> {
  const cacheBytesMax = options.cacheBytesMax ?? CACHE_BYTES_USUAL;
  const state: State = {
    ...options,
    source,
    head,
    edge: await readEdge(source, head, options.sha256),
    tiles: makeTileCache<Uint8Array>(cacheBytesMax / 4, (hashes) => hashes.length),
    bundles: makeTileCache<Bundle>((cacheBytesMax / 4) * 3, bundleBytes),
  };
  const { size, root } = head;
  return {
    size,
    root,
    hashes: (level, index) => hashesOf(state, level, index),
    bundle: (index) => state.bundles.get(`${index}`, () => readBundle(state, index)),
    entry: (index) => entryAt(state, index),
    leaf: async (index) => {
      expectWithin("index", index, size - 1);
      return nodeOf(state, { height: 0, index });
    },
    rootAt: async (earlier) => {
      expectWithin("size", earlier, size);
      return rangeHash(state, { begin: 0, end: earlier });
    },
    inclusionProof: async (index, at = size) => {
      expectWithin("size", at, size);
      expectWithin("index", index, at - 1);
      return rangeHashes(state, inclusionRanges(index, at));
    },
    consistencyProof: async (from, to = size) => {
      expectWithin("size", to, size);
      expectWithin("earlier size", from, to);
      return rangeHashes(state, consistencyRanges(from, to));
    },
  };
}

function bundleBytes({ entries, leaves }: Bundle): number {
  return entries.reduce((sum, { length }) => sum + length, leaves.length * HASH_BYTES);
}

async function readEdge(
  source: TileSource,
  { size, root }: TreeHead,
  sha256: Sha256,
): Promise<Map<number, Uint8Array>> {
  const edge = new Map<number, Uint8Array>();
  const files: string[] = [];
  let found: Uint8Array | null = null;
  for (const tile of partialTiles(size)) {
    const { path, hashes } = await readHashes(source, tile);
    files.push(path);
    edge.set(Number(tile.level), hashes);
    // What is further to the left lies higher up in the tree.
    for (const { first, count } of peaksOf(tile.width).reverse()) {
      const peak = subtreeHash(hashes, first, count, sha256);
      found = found === null ? peak : nodeHash(peak, found, sha256);
    }
  }
  found ??= emptyRoot(sha256);
  if (equalBytes(found, root)) return edge;
  const message =
    `the right edge of the tree (${files.join(", ")}) is under the root ${digestName(found)}, but the ` +
    `checkpoint of ${size} entries was signed for ${digestName(root)}: these files, or the checkpoint, ` +
    "belong to another tree; restore them from a copy, and keep both as evidence";
  throw new LogError("log.other_root", message, files[0] === undefined ? {} : { file: files[0] });
}

/** The complete subtrees over the first `width` hashes of a tile, the largest first. */
function peaksOf(width: number): { readonly first: number; readonly count: number }[] {
  const peaks: { first: number; count: number }[] = [];
  for (let first = 0, count = TILE_WIDTH; count >= 1; count /= 2) {
    if (first + count > width) continue;
    peaks.push({ first, count });
    first += count;
  }
  return peaks;
}

async function readHashes(
  source: TileSource,
  tile: Tile,
): Promise<{ readonly path: string; readonly hashes: Uint8Array }> {
  const { path, width, bytes } = await readTile(source, tile, (count) => count * HASH_BYTES);
  if (bytes.length === width * HASH_BYTES) return { path, hashes: bytes.slice(0, tile.width * HASH_BYTES) };
  const message = `${bytes.length} bytes, and ${width} hashes have ${width * HASH_BYTES}: restore it`;
  throw new LogError("log.malformed", message, { file: path });
}

function hashesOf(state: State, level: number, index: number): Promise<Uint8Array> {
  const edge = state.edge.get(level);
  const atLevel = hashesAt(level, state.head.size);
  if (edge !== undefined && index === Math.floor(atLevel / TILE_WIDTH)) return Promise.resolve(edge);
  return state.tiles.get(`${level} ${index}`, () => readFullTile(state, level, index));
}

/** A full tile, whose hash stands in the tile above it. */
async function readFullTile(state: State, level: number, index: number): Promise<Uint8Array> {
  const { source, sha256 } = state;
  const { path, hashes } = await readHashes(source, { level, index, width: TILE_WIDTH });
  const above = await hashesOf(state, level + 1, Math.floor(index / TILE_WIDTH));
  const at = (index % TILE_WIDTH) * HASH_BYTES;
  const expected = above.subarray(at, at + HASH_BYTES);
  const found = subtreeHash(hashes, 0, TILE_WIDTH, sha256);
  if (equalBytes(found, expected)) return hashes;
  const message =
    `its hashes are under ${digestName(found)}, but the tree that was signed has ${digestName(expected)} ` +
    "in this place: the file was changed; restore it from a copy";
  throw new LogError("log.other_root", message, { file: path });
}

/** Of a complete subtree over hashes of one tile: `count` is a power of two. */
export function subtreeHash(hashes: Uint8Array, first: number, count: number, sha256: Sha256): Uint8Array {
  let row: Uint8Array[] = [];
  for (let at = first; at < first + count; at += 1) {
    row.push(hashes.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES));
  }
  while (row.length > 1) {
    const above: Uint8Array[] = [];
    for (let at = 0; at < row.length; at += 2) above.push(nodeHash(row[at]!, row[at + 1]!, sha256));
    row = above;
  }
  return row[0]!;
}

async function nodeOf(state: State, node: TreeNode): Promise<Uint8Array> {
  const { level, index, first, count } = nodePlace(node);
  return subtreeHash(await hashesOf(state, level, index), first, count, state.sha256);
}

async function rangeHash(state: State, range: LeafRange): Promise<Uint8Array> {
  let hash: Uint8Array | null = null;
  for (const node of nodesOf(range).reverse()) {
    const left = await nodeOf(state, node);
    hash = hash === null ? left : nodeHash(left, hash, state.sha256);
  }
  return hash ?? emptyRoot(state.sha256);
}

async function rangeHashes(state: State, ranges: readonly LeafRange[]): Promise<Uint8Array[]> {
  const hashes: Uint8Array[] = [];
  for (const range of ranges) hashes.push(await rangeHash(state, range));
  return hashes;
}

async function entryAt(state: State, index: number): Promise<Uint8Array | null> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= state.head.size) return null;
  const at = Math.floor(index / TILE_WIDTH);
  const { first, entries } = await state.bundles.get(`${at}`, () => readBundle(state, at));
  // A copy: what is kept must not be within the caller's reach.
  return entries[index - first]!.slice();
}

async function readBundle(state: State, index: number): Promise<Bundle> {
  const { source, head, sha256 } = state;
  const tile = tileAt("entries", index, head.size);
  if (tile === null) throw new RangeError(`no bundle ${index} in a tree of ${head.size}`);
  const found = await readTile(source, tile, (width) => (BUNDLE_BYTES_MAX / TILE_WIDTH) * width);
  const file = found.path;
  const decoded = decodeEntryBundle(found.bytes, found.width);
  const entries = decoded.entries.slice(0, tile.width);
  const leaves = entries.map((entry) => leafHash(entry, sha256));
  const signed = await hashesOf(state, 0, index);
  const first = index * TILE_WIDTH;
  // Entries come before what is wrong behind them: a changed length shows at its entry, not where it leads.
  for (const [at, leaf] of leaves.entries()) {
    if (equalBytes(leaf, hashAt(signed, at))) continue;
    const offset = entries.slice(0, at).reduce((sum, { length }) => sum + 2 + length, 0);
    throw otherEntry(first, leaf, signed, at, { file, offset });
  }
  if (!decoded.ok) {
    const { offset, message } = decoded;
    throw new LogError("log.malformed", `${message}: restore the file from a copy`, { file, offset });
  }
  return { path: file, first, entries, leaves };
}

function hashAt(hashes: Uint8Array, at: number): Uint8Array {
  return hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
}

function otherEntry(
  first: number,
  leaf: Uint8Array,
  signed: Uint8Array,
  at: number,
  place: { readonly file: string; readonly offset: number },
): LogError {
  const [found, expected] = [digestName(leaf), digestName(hashAt(signed, at))];
  const both = `the leaf hash of these bytes is ${found}, but the tree that was signed has ${expected}`;
  for (let other = 0; other * HASH_BYTES < signed.length; other += 1) {
    if (!equalBytes(leaf, hashAt(signed, other))) continue;
    const order = `this is entry ${first + other}, so entries were put in another order`;
    return new LogError("log.other_entry", `${both}: ${order}; restore the file from a copy`, {
      ...place,
      index: first + at,
    });
  }
  const advice = "the entry was rewritten after it was signed; restore the file from a copy";
  return new LogError("log.other_entry", `${both}: ${advice}`, { ...place, index: first + at });
}

function expectWithin(what: string, value: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value <= max) return;
  const range = max < 0 ? "but there is none in an empty tree" : `not an integer from 0 to ${max}`;
  throw new RangeError(`the ${what} is ${value}, ${range}`);
}
