/** Entries in order, with what opens their requests; where a key is given, as they were signed. */
import { readOpenings } from "@polity/lineage/file-store/read-openings.ts";
import { folderSource, publicFolder } from "@polity/lineage/node/folder-source.ts";
import { type OpenTilesOptions, openTiles } from "@polity/lineage/open-tiles.ts";
import type { ReplayEntry } from "@polity/lineage/replay.ts";
import { LogError, type NextOpening } from "@polity/lineage/store.ts";
import type { TileTree } from "@polity/lineage/tile-tree.ts";
import { digestName } from "@polity/runtime/hash.ts";

export interface ReplayedLog {
  readonly origin: string;
  readonly size: number;
  /** Under which the entries were published: `sha256:` and 64 hex digits. */
  readonly root: string;
  /** Somebody whose key was given has signed that. */
  readonly isVerified: boolean;
  /** A copy of what is published has nothing that opens requests. */
  readonly entries: () => AsyncGenerator<readonly ReplayEntry[]>;
}

const BATCH = 64;

/** Every entry is checked against the published root before it is replayed. Rejects with a LogError. */
export async function openReplayed(dir: string, options: OpenTilesOptions): Promise<ReplayedLog> {
  const opened = await openTiles(folderSource(await publicFolder(dir)), options);
  if (!opened.ok) throw opened.error;
  const { log } = opened;
  const { origin, size, root } = log.checkpoint;
  return {
    origin,
    size,
    root: digestName(root),
    isVerified: log.isVerified,
    async *entries() {
      yield* batches(size, log.tree.entry, await readOpenings(dir));
    },
  };
}

async function* batches(
  size: number,
  entry: TileTree["entry"],
  opening: NextOpening,
): AsyncGenerator<readonly ReplayEntry[]> {
  for (let from = 0; from < size; from += BATCH) {
    const indices = Array.from({ length: Math.min(BATCH, size - from) }, (_, at) => from + at);
    const entries: ReplayEntry[] = [];
    const all = await Promise.all(indices.map(entry));
    for (const [at, index] of indices.entries()) {
      entries.push({ index, bytes: present(all[at], index), opening: await opening(index) });
    }
    yield entries;
  }
}

function present(bytes: Uint8Array | null | undefined, index: number): Uint8Array {
  if (bytes) return bytes;
  throw new LogError("log.missing", "there is no such entry: restore the file from a copy", { index });
}
