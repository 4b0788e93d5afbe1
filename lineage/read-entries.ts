/** Reads the entries of a published log in order, each one checked against the signed root. */
import type { Entry } from "./entry.ts";
import { decodeEntry } from "./entry-codec.ts";
import { LogError } from "./store.ts";
import type { Bundle, TileTree } from "./tile-tree.ts";
import { TILE_WIDTH } from "./tiles.ts";

export interface ReadEntry {
  readonly index: number;
  /** As they were logged. */
  readonly bytes: Uint8Array;
  /** The leaf hash, 32 bytes. */
  readonly leaf: Uint8Array;
  readonly entry: Entry;
}

/** Bundles that are asked for before their turn: a server answers each one after a while. */
const BUNDLES_AHEAD = 4;

/**
 * From index `from` up to, not including, `to`. Throws a `LogError` at the first thing that is wrong; what
 * is under the root and yet no entry is `log.entry_invalid`.
 */
export async function* readEntries(tree: TileTree, from: number, to = tree.size): AsyncGenerator<ReadEntry> {
  for await (const { path, first, entries, leaves } of readBundles(tree, from, to)) {
    for (const [at, bytes] of entries.entries()) {
      const index = first + at;
      if (index < from || index >= to) continue;
      const decoded = decodeEntry(bytes);
      if (!decoded.ok) {
        const where = decoded.path === "" ? "" : `${decoded.path}: `;
        const message = `${where}${decoded.message}: the log has it, but it is no entry; ask who wrote it`;
        throw new LogError("log.entry_invalid", message, { file: path, index });
      }
      yield { index, bytes, leaf: leaves[at]!, entry: decoded.entry };
    }
  }
}

async function* readBundles(tree: TileTree, from: number, to: number): AsyncGenerator<Bundle> {
  const last = Math.ceil(to / TILE_WIDTH);
  const ahead: Promise<Bundle>[] = [];
  let next = Math.floor(from / TILE_WIDTH);
  while (next < last || ahead.length > 0) {
    while (next < last && ahead.length < BUNDLES_AHEAD) {
      const bundle = tree.bundle(next);
      // Whoever stops early does not wait for these, and what they reject with is nobody's then.
      bundle.catch(() => {});
      ahead.push(bundle);
      next += 1;
    }
    yield await ahead.shift()!;
  }
}
