/** Reads the tiles and bundles of a log's folder, and what is not in them yet from the writer's memory. */
import { join } from "node:path";
import { equalBytes, type Sha256 } from "@polity/runtime/hash.ts";
import { type LogCode, LogError } from "../store.ts";
import { notThere } from "../tile-source.ts";
import { BUNDLE_BYTES_MAX, decodeEntryBundle, TILE_WIDTH, type Tile, tilePath, tileWidth } from "../tiles.ts";
import { HASH_BYTES, leafHash } from "../tree.ts";
import { type Disk, readWhole } from "./disk.ts";
import { ioError } from "./disk-errors.ts";
import { PUBLIC_FOLDER } from "./layout.ts";

export interface TileReader {
  /** The hashes of a tile, at least so many. */
  readonly hashes: (level: number, index: number, widthMin: number) => Promise<Uint8Array>;
  /** An entry, whose hash is in its tile; the index is below the size. */
  readonly entry: (index: number) => Promise<Uint8Array>;
  /** All entries of a bundle, of which there are at least so many; each one's hash is in the tile. */
  readonly bundle: (index: number, widthMin: number) => Promise<readonly Uint8Array[]>;
}

/** What is in the writer's memory; null for what is on the disk. */
export interface InMemory {
  readonly tile: (level: number, index: number) => Uint8Array | null;
  readonly entry: (index: number) => Uint8Array | null;
}

const TILES_KEPT = 64;
const BUNDLES_KEPT = 4;

/**
 * `size`: of a tree that was published; of its partial tiles those files are there that it needs.
 * `whereApart`: the code where an entry is not what its tile says, and it is not known which of the two is
 * wrong.
 */
export function makeTileReader(
  disk: Disk,
  dir: string,
  size: () => number,
  sha256: Sha256,
  memory: InMemory | null,
  whereApart: LogCode = "log.malformed",
): TileReader {
  const tiles = new Map<string, Uint8Array>();
  const bundles = new Map<number, readonly Uint8Array[]>();

  async function hashes(level: number, index: number, widthMin: number): Promise<Uint8Array> {
    const held = memory?.tile(level, index) ?? null;
    if (held !== null && held.length >= widthMin * HASH_BYTES) return held;
    const key = `${level}/${index}`;
    const kept = tiles.get(key);
    if (kept !== undefined && kept.length >= widthMin * HASH_BYTES) return kept;
    const read = await readWidest(disk, dir, level, index, widthMin, size());
    if (read.bytes.length !== read.tile.width * HASH_BYTES) {
      throw wrongTile(read.tile, `${read.bytes.length} bytes are not ${read.tile.width} hashes`);
    }
    keep(tiles, key, read.bytes, TILES_KEPT);
    return read.bytes;
  }

  async function bundle(index: number, widthMin: number): Promise<readonly Uint8Array[]> {
    const kept = bundles.get(index);
    if (kept !== undefined && kept.length >= widthMin) return kept;
    const { tile, bytes } = await readWidest(disk, dir, "entries", index, widthMin, size());
    const decoded = decodeEntryBundle(bytes, tile.width);
    if (!decoded.ok) throw wrongTile(tile, decoded.message, decoded.offset);
    const leaves = await hashes(0, index, tile.width);
    for (const [at, entry] of decoded.entries.entries()) {
      const leaf = leaves.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
      if (equalBytes(leafHash(entry, sha256), leaf)) continue;
      const place = { file: fileOf(tile), index: index * TILE_WIDTH + at };
      const message = "the entry is not the one whose hash is in its tile: restore the file from a copy";
      throw new LogError(whereApart, message, place);
    }
    keep(bundles, index, decoded.entries, BUNDLES_KEPT);
    return decoded.entries;
  }

  return {
    hashes,
    bundle,
    async entry(index) {
      const held = memory?.entry(index) ?? null;
      if (held !== null) return held;
      const at = index % TILE_WIDTH;
      return (await bundle((index - at) / TILE_WIDTH, at + 1))[at]!;
    },
  };
}

/** What came first leaves first, which is good enough where whoever reads goes on from there. */
function keep<Key, Value>(kept: Map<Key, Value>, key: Key, value: Value, countMax: number): void {
  kept.delete(key);
  const [oldest] = kept.keys();
  if (oldest !== undefined && kept.size >= countMax) kept.delete(oldest);
  kept.set(key, value);
}

/** The full tile where it is there, otherwise the partial one of the tree of this size. */
async function readWidest(
  disk: Disk,
  dir: string,
  level: Tile["level"],
  index: number,
  widthMin: number,
  size: number,
): Promise<{ readonly tile: Tile; readonly bytes: Uint8Array }> {
  const width = tileWidth(level, index, size);
  const full: Tile = { level, index, width: TILE_WIDTH };
  const candidates: Tile[] =
    width === TILE_WIDTH || width < widthMin ? [full] : [{ level, index, width }, full];
  for (const tile of candidates) {
    const file = fileOf(tile);
    const bytes = await readWhole(disk, join(dir, file), BUNDLE_BYTES_MAX).catch((error: unknown) => {
      throw ioError(error, file, "read");
    });
    if (bytes !== null) return { tile, bytes };
  }
  const [wanted] = candidates as [Tile];
  // No checkpoint knows yet of what is only in a full tile.
  const message = width < widthMin ? "there is no such file: restore it from a copy" : notThere(wanted);
  throw new LogError("log.missing", message, { file: fileOf(wanted) });
}

export function fileOf(tile: Tile): string {
  return `${PUBLIC_FOLDER}/${tilePath(tile)}`;
}

function wrongTile(tile: Tile, message: string, offset = 0): LogError {
  return new LogError("log.malformed", `${message}: restore the file from a copy`, {
    file: fileOf(tile),
    offset,
  });
}
