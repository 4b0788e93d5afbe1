/** Takes away what a published checkpoint made superfluous. */
import { join } from "node:path";
import { partialTiles, TILE_WIDTH, type Tile, tileWidth } from "../tiles.ts";
import type { Disk } from "./disk.ts";
import { ioError } from "./disk-errors.ts";
import { segmentName } from "./segment-read.ts";
import type { SegmentWriter } from "./segment-write.ts";
import type { TileFiles } from "./tile-files.ts";

interface Tidied {
  readonly disk: Disk;
  readonly dir: string;
  readonly wal: SegmentWriter;
  readonly files: TileFiles;
}

/** All tiles of `size` are durable, and a checkpoint of `size` is published; the one before was of `from`. */
export async function tidy({ disk, dir, wal, files }: Tidied, from: number, size: number): Promise<void> {
  await removeCovered(disk, dir, wal, size);
  for (const tile of replacedPartials(from, size)) await files.removePartials(tile);
}

/** Segments of the log that end at or before `size`. What is being filled stays. */
async function removeCovered(disk: Disk, dir: string, wal: SegmentWriter, size: number): Promise<void> {
  const { firsts } = wal;
  while (firsts[1] !== undefined && firsts[1] <= size) await removeFirst(disk, dir, firsts);
}

/** All segments: the log is being closed, and all of it is covered. */
export async function removeAll(disk: Disk, dir: string, firsts: number[]): Promise<void> {
  while (firsts.length > 0) await removeFirst(disk, dir, firsts);
}

async function removeFirst(disk: Disk, dir: string, firsts: number[]): Promise<void> {
  const file = `wal/${segmentName(firsts[0]!)}`;
  try {
    await disk.remove(join(dir, file));
  } catch (error) {
    throw ioError(error, file, "write");
  }
  firsts.shift();
}

/** The full tiles that have taken the place of partial ones which were published for `from`. */
function replacedPartials(from: number, size: number): readonly Tile[] {
  const partials = partialTiles(from);
  const bundle = from % TILE_WIDTH === 0 ? [] : [Math.floor(from / TILE_WIDTH)];
  const tiles = [...partials, ...bundle.map((index) => ({ level: "entries", index }) as const)];
  return tiles
    .filter(({ level, index }) => tileWidth(level, index, size) === TILE_WIDTH)
    .map(({ level, index }) => ({ level, index, width: TILE_WIDTH }));
}
