/** Makes a batch durable, entries and openings at once; only whoever finds both counts an entry. */
import { HASH_BYTES, leafHash } from "../tree.ts";
import type { Frame } from "./frame.ts";
import type { Integrator } from "./integrate.ts";
import type { LogState } from "./log-state.ts";
import type { Waiting } from "./queue.ts";
import type { SegmentWriter } from "./segment-write.ts";

export interface Commit {
  readonly state: LogState;
  readonly wal: SegmentWriter;
  readonly requests: SegmentWriter;
  readonly integrator: Integrator;
  /** Which `seq` is due for each node, durable entries only. */
  readonly sequences: Map<string, number>;
}

/** Tells whoever waits for an entry that it is durable. */
export type Tell = () => void;

/**
 * For each entry of the batch, once all are durable, what tells so. Rejects with what a write failed with;
 * then nothing of the batch counts, and nothing may follow.
 */
export async function commitBatch(commit: Commit, batch: readonly Waiting[]): Promise<readonly Tell[]> {
  const { integrator, state, wal, requests, sequences } = commit;
  const { sha256 } = state.crypto;
  const first = integrator.edge.size;
  const entries: Frame[] = [];
  const openings: Frame[] = [];
  for (const [place, { body, opening }] of batch.entries()) {
    const index = first + place;
    entries.push({ index, place, isMarked: opening !== null, body });
    if (opening !== null) openings.push({ index, place, isMarked: false, body: opening });
  }
  const writing = Promise.allSettled([requests.append(openings), wal.append(entries)]);
  // The processor hashes while the disk writes.
  const leaves = batch.map(({ body }) => leafHash(body, sha256));
  const failed = (await writing).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") {
    if (openings.length > 0) await requests.abandon();
    await wal.abandon();
    throw failed.reason;
  }
  return batch.map(({ body, node, due, resolve }, place) => {
    const leaf = leaves[place]!;
    integrator.take(body, leaf);
    sequences.set(node, due);
    return () => resolve({ index: first + place, leafHash: nameOf(leaf) });
  });
}

const hash = Buffer.alloc(HASH_BYTES);

/** As `digestName`, which puts it together from parts: whoever waits keeps them all in memory. */
function nameOf(leaf: Uint8Array): string {
  hash.set(leaf);
  return `sha256:${hash.toString("hex")}`;
}
