/** Where the files of a published log come from, and reading them within bounds. */
import { LogError } from "./store.ts";
import { TILE_WIDTH, type Tile, tilePath } from "./tiles.ts";

export interface TileSource {
  /** The folder or address, for messages. */
  readonly name: string;
  /**
   * The bytes of the file at a path below the log, such as `checkpoint` or `tile/0/000`; null where there is
   * none. Rejects with a `LogError`: `log.unreadable`, and `log.malformed` beyond `bytesMax`, which it never
   * keeps in memory.
   */
  readonly read: (path: string, bytesMax: number) => Promise<Uint8Array | null>;
}

/** A tile as it was found: the partial one that was asked for, or the full one in which it went up. */
export interface FoundTile {
  readonly path: string;
  /** As many hashes or entries as the file has to have. */
  readonly width: number;
  readonly bytes: Uint8Array;
}

/**
 * Reads a tile that a signed checkpoint implies. A log may remove a partial tile once the full one is there,
 * so that one is looked for next. Rejects with `log.missing` where there is neither.
 */
export async function readTile(
  source: TileSource,
  tile: Tile,
  bytesMax: (width: number) => number,
): Promise<FoundTile> {
  const path = tilePath(tile);
  const bytes = await source.read(path, bytesMax(tile.width));
  if (bytes !== null) return { path, width: tile.width, bytes };
  if (tile.width < TILE_WIDTH) {
    const full = tilePath({ ...tile, width: TILE_WIDTH });
    const fullBytes = await source.read(full, bytesMax(TILE_WIDTH));
    if (fullBytes !== null) return { path: full, width: TILE_WIDTH, bytes: fullBytes };
  }
  throw new LogError("log.missing", notThere(tile), { file: path });
}

/** Both sides: which entries were signed for, and that the file with them, or with their hashes, is gone. */
export function notThere({ level, index, width }: Tile): string {
  const below = level === "entries" ? 0 : level;
  const from = index * TILE_WIDTH ** (below + 1);
  const last = from + width * TILE_WIDTH ** below - 1;
  const of = from === last ? `entry ${from}` : `entries ${from} to ${last}`;
  const advice = "restore it from a copy, or ask whoever keeps the log";
  return `the checkpoint promises this file, for ${of}, and it is not there: ${advice}`;
}

/** What an adapter says of a file that is longer than any such file can be. */
export function tooLong(path: string, bytesMax: number): LogError {
  const message = `more than ${bytesMax} bytes, and no such file of a log is longer: restore it from a copy`;
  return new LogError("log.malformed", message, { file: path });
}
