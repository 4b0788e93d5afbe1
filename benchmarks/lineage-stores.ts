/** Where entries go: our own log, a table of SQLite with the same records, and nowhere. */
import { DatabaseSync } from "node:sqlite";
import { encodeOpening } from "@polity/lineage/commitment.ts";
import { encodeEntry } from "@polity/lineage/entry-codec.ts";
import type { LogMetrics } from "@polity/lineage/file-store/metrics.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { generateKey, nodeCrypto, nodeSigner } from "@polity/lineage/node/crypto.ts";
import { fileAnchor } from "@polity/lineage/node/file-anchor.ts";
import type { RecordingStore } from "@polity/lineage/recorder.ts";
import { LogError, type LogStore, type Receipt } from "@polity/lineage/store.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { digestName } from "@polity/runtime/hash.ts";
import type { Signer } from "@polity/runtime/signer.ts";

export const ORIGIN = "example.com/benchmark";

export function freshSigner(): Signer {
  const made = nodeSigner(generateKey().privatePem);
  if (!made.ok) throw new Error(made.message);
  return made.signer;
}

/** With a checkpoint each second and an anchor, as a service has it. */
export async function openLog(dir: string, signer: Signer): Promise<LogStore> {
  return (await openLogMeasured(dir, signer)).store;
}

/** The same with what the store counts. */
export async function openLogMeasured(
  dir: string,
  signer: Signer,
): Promise<{ readonly store: LogStore; readonly metrics: () => LogMetrics }> {
  const anchor = () => fileAnchor(`${dir}.anchor`);
  const options = { origin: ORIGIN, signer, crypto: nodeCrypto, create: true, anchor };
  const opened = await openFileLog(dir, options);
  if (!opened.ok) throw opened.error;
  return { store: opened.store, metrics: () => opened.metrics()! };
}

/** Whoever closes it has waited for all that was appended. */
export interface BenchStore extends RecordingStore {
  readonly close: () => Promise<void>;
}

/** Hashes an entry, and has nowhere to put it. */
export function nowhere(): BenchStore {
  let index = -1;
  return {
    origin: ORIGIN,
    append: async (entry) => {
      const encoded = encodeEntry(entry);
      if (!encoded.ok) throw new LogError("log.entry_invalid", encoded.message);
      index += 1;
      return { index, leafHash: digestName(leafHash(encoded.bytes, nodeCrypto.sha256)) };
    },
    flush: async () => {},
    close: async () => {},
  };
}

/**
 * The same records in a table, in WAL mode, synced at every commit. What is appended in one turn is one
 * transaction. It keeps no tree, no checkpoints and no promise beyond the one that they are there.
 */
export function openSqlite(file: string): BenchStore {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  database.exec("CREATE TABLE entry (at INTEGER PRIMARY KEY, record BLOB NOT NULL, opening TEXT)");
  const insert = database.prepare("INSERT INTO entry VALUES (?, ?, ?)");
  interface Waiting {
    readonly record: Uint8Array;
    readonly opening: string | null;
    readonly resolve: (receipt: Receipt) => void;
  }
  let waiting: Waiting[] = [];
  let size = 0;
  let committing: Promise<void> = Promise.resolve();

  function commit(): void {
    const batch = waiting;
    waiting = [];
    const first = size;
    database.exec("BEGIN");
    for (const { record, opening } of batch) {
      insert.run(size, record, opening);
      size += 1;
    }
    database.exec("COMMIT");
    for (const [at, { resolve }] of batch.entries()) resolve({ index: first + at, leafHash: "" });
  }

  return {
    origin: ORIGIN,
    append: (entry, opening) =>
      new Promise((resolve) => {
        const encoded = encodeEntry(entry);
        if (!encoded.ok) throw new LogError("log.entry_invalid", encoded.message);
        const text = opening === undefined ? null : encodeOpening(opening);
        waiting.push({ record: encoded.bytes, opening: text, resolve });
        if (waiting.length > 1) return;
        committing = new Promise((done) => {
          setImmediate(() => {
            commit();
            done();
          });
        });
      }),
    flush: () => committing,
    async close() {
      await committing;
      database.close();
    },
  };
}
