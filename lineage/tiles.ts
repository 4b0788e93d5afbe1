/**
 * The files of a published log (C2SP tlog-tiles v0.1.0): their paths, how much is in each, and the bundles of
 * entries. A tile has up to 256 hashes; hash i of tile n at level l is that of the complete subtree over
 * 256^l leaves which begins at leaf (256n + i) * 256^l. Nothing here shifts: sizes go up to 2^53-1.
 */
import { HASH_BYTES } from "./tree.ts";

/** Hashes in a full tile, and entries in a full bundle. */
export const TILE_WIDTH = 256;
export const TILE_BYTES_MAX = TILE_WIDTH * HASH_BYTES;
/** Levels of tiles that a tree of at most 2^53-1 leaves can have: 0 to 6. */
export const TILE_LEVELS = 7;
const ENTRY_BYTES_MAX = 65_535;
export const BUNDLE_BYTES_MAX = TILE_WIDTH * (2 + ENTRY_BYTES_MAX);
export const CHECKPOINT_PATH = "checkpoint";

/** The height of a tile: 2^8 hashes. */
const TILE_HEIGHT = 8;

/** A file of hashes, or a bundle of entries, which lies beside the tile of level 0 with the same number. */
export interface Tile {
  readonly level: number | "entries";
  /** From 0, from the left. */
  readonly index: number;
  /** Hashes or entries in it: 1 to 256; a tile with fewer than 256 is partial. */
  readonly width: number;
}

/**
 * `tile/0/x001/x234/067`, `tile/entries/000.p/5`: relative to where the log is served. A RangeError means a
 * bug of the caller: no tree of up to 2^53-1 leaves has this tile.
 */
export function tilePath(tile: Tile): string {
  if (!isTile(tile)) throw new RangeError(`no tile: ${tile.level}, ${tile.index}, ${tile.width}`);
  const { level, index, width } = tile;
  return `tile/${level}/${indexPath(index)}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

/** The tile of a path that `tilePath` wrote; null for every other text. Never throws. */
export function parseTilePath(path: string): Tile | null {
  const match = PATH.exec(path);
  if (match === null) return null;
  const [, levelText, groups, widthText] = match;
  const level: Tile["level"] = levelText === "entries" ? levelText : Number(levelText);
  const index = Number(groups!.replaceAll(/[/x]/g, ""));
  const tile: Tile = { level, index, width: widthText === undefined ? TILE_WIDTH : Number(widthText) };
  // Leading groups of zeros, a `.p/256` and numbers beyond any tree are no paths of tiles.
  return isTile(tile) && tilePath(tile) === path ? tile : null;
}

const PATH = /^tile\/(entries|[0-6])\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** `x001/x234/067`: three digits a folder, all but the last marked, so that none is both file and folder. */
function indexPath(index: number): string {
  let path = digits(index % 1000);
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${digits(rest % 1000)}/${path}`;
  }
  return path;
}

function digits(value: number): string {
  return String(value).padStart(3, "0");
}

function isTile({ level, index, width }: Tile): boolean {
  if (level !== "entries" && !isWithin(level, 0, TILE_LEVELS - 1)) return false;
  if (!isWithin(width, 1, TILE_WIDTH) || !isWithin(index, 0, Number.MAX_SAFE_INTEGER)) return false;
  return tileWidth(level, index, Number.MAX_SAFE_INTEGER) >= width;
}

/**
 * Hashes or entries that a tile has in the tree of `size` leaves: 256 where it is full, 0 where there is no
 * such tile. A RangeError means a bug of the caller.
 */
export function tileWidth(level: Tile["level"], index: number, size: number): number {
  const hashes = hashesAt(level, size);
  const first = index * TILE_WIDTH;
  return first >= hashes ? 0 : Math.min(hashes - first, TILE_WIDTH);
}

/** Hashes at a level of the tree of `size` leaves, over all its tiles. */
export function hashesAt(level: Tile["level"], size: number): number {
  if (!isWithin(size, 0, Number.MAX_SAFE_INTEGER)) throw new RangeError(`no size: ${size}`);
  // Dividing by a power of two is exact.
  return Math.floor(size / TILE_WIDTH ** (level === "entries" ? 0 : level));
}

/** The tile, as wide as it is in the tree of `size` leaves; null where that tree has none. */
export function tileAt(level: Tile["level"], index: number, size: number): Tile | null {
  const width = tileWidth(level, index, size);
  return width === 0 ? null : { level, index, width };
}

/**
 * The partial tiles of the tree of `size` leaves, from level 0 up: together they have its right edge, and so
 * its root. The partial bundle, which lies beside the first, is not among them.
 */
export function partialTiles(size: number): Tile[] {
  const tiles: Tile[] = [];
  for (let level = 0; level < TILE_LEVELS; level += 1) {
    const hashes = hashesAt(level, size);
    const width = hashes % TILE_WIDTH;
    if (width > 0) tiles.push({ level, index: (hashes - width) / TILE_WIDTH, width });
  }
  return tiles;
}

/**
 * Every file that a log of `size` entries must serve when one of `from` entries was served before, checkpoint
 * left out: new full tiles and bundles, and the partial ones of `size`; level by level, bundles first.
 */
export function* newTiles(from: number, size: number): Generator<Tile> {
  for (const level of LEVELS) {
    const before = hashesAt(level, from);
    const after = hashesAt(level, size);
    // A partial tile of the same width was served before.
    if (after <= before) continue;
    const last = Math.ceil(after / TILE_WIDTH) - 1;
    for (let index = Math.floor(before / TILE_WIDTH); index <= last; index += 1) {
      yield { level, index, width: Math.min(after - index * TILE_WIDTH, TILE_WIDTH) };
    }
  }
}

const LEVELS: readonly Tile["level"][] = ["entries", ...Array.from({ length: TILE_LEVELS }, (_, at) => at)];

/** A complete subtree: the leaves from `index * 2^height` on, 2^height of them. */
export interface TreeNode {
  readonly height: number;
  readonly index: number;
}

/** Which hashes of which tile a node is made of: a power of two of them. */
export interface NodePlace {
  readonly level: number;
  /** Of the tile. */
  readonly index: number;
  /** Of the first hash in the tile. */
  readonly first: number;
  readonly count: number;
}

/** Where the hash of a complete subtree comes from; with a count of 1, it is in the tile as it is. */
export function nodePlace({ height, index }: TreeNode): NodePlace {
  const level = Math.floor(height / TILE_HEIGHT);
  const count = 2 ** (height % TILE_HEIGHT);
  const nodesInTile = TILE_WIDTH / count;
  const at = index % nodesInTile;
  return { level, index: (index - at) / nodesInTile, first: at * count, count };
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

export type BundleResult =
  | { readonly ok: true; readonly entries: readonly Uint8Array[] }
  | {
      readonly ok: false;
      /** Those before the place. */
      readonly entries: readonly Uint8Array[];
      /** In bytes, from the start of the bundle. */
      readonly offset: number;
      readonly message: string;
    };

/**
 * Each entry behind its length, 16 bits, the higher byte first. A RangeError means a bug of the caller: more
 * than 256 entries, none, or one of more than 65,535 bytes.
 */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (!isWithin(entries.length, 1, TILE_WIDTH)) throw new RangeError(`a bundle of ${entries.length} entries`);
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    const { length } = entry;
    if (length > ENTRY_BYTES_MAX) throw new RangeError(`an entry of ${length} bytes`);
    bytes[at] = Math.floor(length / 256);
    bytes[at + 1] = length % 256;
    bytes.set(entry, at + 2);
    at += 2 + length;
  }
  return bytes;
}

/** The `count` entries of a bundle, as parts of `bytes`, of which none may be left over. Never throws. */
export function decodeEntryBundle(bytes: Uint8Array, count: number): BundleResult {
  const entries: Uint8Array[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const [high, low] = [bytes[at], bytes[at + 1]];
    if (high === undefined || low === undefined) {
      return { ok: false, entries, offset: at, message: `ends after ${index} of ${count} entries` };
    }
    const end = at + 2 + high * 256 + low;
    if (end > bytes.length) {
      const message = `entry ${index + 1} of ${count} ends at byte ${end} of ${bytes.length}`;
      return { ok: false, entries, offset: at, message };
    }
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  if (at === bytes.length) return { ok: true, entries };
  return {
    ok: false,
    entries,
    offset: at,
    message: `${bytes.length - at} bytes are left over after entry ${count}`,
  };
}

/** The bundle in which an entry lies, as the full one is called: for messages. */
export function bundlePath(index: number): string {
  return tilePath({ level: "entries", index: Math.floor(index / TILE_WIDTH), width: TILE_WIDTH });
}
