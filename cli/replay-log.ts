/** Entries in order, with what opens their requests; where a key is given, as they were signed. */
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { folderSource, publicFolder } from "@polity/lineage/node/folder-source.ts";
import { openHead, openTiles } from "@polity/lineage/open-tiles.ts";
import type { ReplayEntry } from "@polity/lineage/replay.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { digestName, utf8 } from "@polity/runtime/hash.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";

export interface ReplayedLog {
  readonly origin: string;
  readonly size: number;
  /** The root under which the entries were signed; null where nobody looked. */
  readonly root: string | null;
  readonly entries: () => AsyncGenerator<readonly ReplayEntry[]>;
  readonly close: () => Promise<void>;
}

/** Whose log is meant, and which one; null: any of that key's. */
export interface Signed {
  readonly key: PublicKey;
  readonly origin: string | null;
}

const BATCH = 64;

/** Rejects with a LogError. */
export async function openReplayed(dir: string, signed: Signed | null): Promise<ReplayedLog> {
  const opened = await openFileLog(dir, { origin: null, signer: null, create: false, crypto: nodeCrypto });
  if (!opened.ok) throw opened.error;
  const { store } = opened;
  try {
    const read = signed === null ? unsigned(store) : await signedEntries(dir, store, signed);
    return {
      origin: store.origin,
      size: read.size,
      root: read.root,
      entries: () => batches(read.size, read.entry, store),
      close: store.close,
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

type Read = Pick<ReplayedLog, "size" | "root"> & Pick<LogStore, "entry">;

function unsigned({ size, entry }: LogStore): Read {
  return { size, root: null, entry };
}

/** What nobody has signed for yet is left out. */
async function signedEntries(dir: string, store: LogStore, { key, origin }: Signed): Promise<Read> {
  const options = { keys: [key], crypto: nodeCrypto, origin };
  const note = await store.head();
  // A store that read its entries when it was opened has compared them with their checkpoint.
  if (note !== null && (await publicFolder(dir)) === dir) {
    const { checkpoint } = openHead(utf8(note), "checkpoint", options);
    return { size: checkpoint.size, root: digestName(checkpoint.root), entry: store.entry };
  }
  const tiles = await openTiles(folderSource(await publicFolder(dir)), options);
  if (!tiles.ok) throw tiles.error;
  const { size, root, entry } = tiles.log.tree;
  return { size, root: digestName(root), entry };
}

async function* batches(
  size: number,
  entry: LogStore["entry"],
  { opening }: LogStore,
): AsyncGenerator<readonly ReplayEntry[]> {
  for (let from = 0; from < size; from += BATCH) {
    const indices = Array.from({ length: Math.min(BATCH, size - from) }, (_, at) => from + at);
    const [bytes, openings] = await Promise.all([
      Promise.all(indices.map(entry)),
      Promise.all(indices.map(opening)),
    ]);
    yield indices.map((index, at) => ({ index, bytes: bytes[at]!, opening: openings[at] ?? null }));
  }
}
