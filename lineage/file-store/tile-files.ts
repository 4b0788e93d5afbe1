/**
 * Writes the files of a published log. Each appears under its name whole and durable, or not at all; what is
 * there already must have the same bytes, since nothing that was published ever changes.
 */
import { dirname, join } from "node:path";
import { LogError } from "../store.ts";
import { type Tile, tilePath } from "../tiles.ts";
import { type Disk, PUBLIC_FOLDER_MODE } from "./disk.ts";
import { ioError } from "./disk-errors.ts";
import { PUBLIC_FOLDER, placeFile, stagePublic } from "./layout.ts";

export interface TileFile {
  readonly tile: Tile;
  readonly bytes: Uint8Array;
}

export interface TileFiles {
  /** Resolves once all are durable, with their names. */
  readonly write: (files: readonly TileFile[]) => Promise<void>;
  /** Takes the partial tiles away that a full one replaced. */
  readonly removePartials: (tile: Tile) => Promise<void>;
}

/** How many files are made at once: more would keep the log itself from the disk. */
const TOGETHER = 3;

export function makeTileFiles(disk: Disk, dir: string): TileFiles {
  /** Folders that are known to be there. */
  const folders = new Set<string>();

  async function expectFolder(path: string): Promise<void> {
    if (folders.has(path)) return;
    const parent = dirname(path);
    if (path !== PUBLIC_FOLDER) await expectFolder(parent);
    await disk.makeFolder(join(dir, path), PUBLIC_FOLDER_MODE);
    // Also where it was there: whoever made it may have been interrupted here.
    await disk.syncFolder(join(dir, parent));
    if (folders.size >= FOLDERS_MAX) folders.clear();
    folders.add(path);
  }

  async function writeOne({ tile, bytes }: TileFile): Promise<string> {
    const file = join(PUBLIC_FOLDER, tilePath(tile));
    try {
      const folder = dirname(file);
      await expectFolder(folder);
      const fresh = await stagePublic(disk, dir, bytes);
      if (await placeFile(disk, dir, fresh, file, bytes)) return folder;
    } catch (error) {
      throw ioError(error, file, "write");
    }
    const message = "there is another file of this name, and a tile never changes: restore it from a copy";
    throw new LogError("log.malformed", message, { file });
  }

  return {
    async write(files) {
      const touched = new Set<string>();
      for (let at = 0; at < files.length; at += TOGETHER) {
        const written = await Promise.allSettled(files.slice(at, at + TOGETHER).map(writeOne));
        for (const one of written) {
          if (one.status === "rejected") throw one.reason;
          touched.add(one.value);
        }
      }
      for (const folder of touched) await disk.syncFolder(join(dir, folder));
    },
    async removePartials(tile) {
      const folder = join(dir, PUBLIC_FOLDER, `${tilePath(tile)}.p`);
      const names = await disk.names(folder);
      if (names === null) return;
      for (const name of names) await disk.remove(join(folder, name));
      await disk.removeFolder(folder);
      folders.delete(join(PUBLIC_FOLDER, `${tilePath(tile)}.p`));
    },
  };
}

const FOLDERS_MAX = 10_000;
