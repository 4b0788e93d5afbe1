/** Many entries into a log, in order. */
import type { Opening } from "@polity/lineage/commitment.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import type { LogStore, Receipt } from "@polity/lineage/store.ts";

export interface Logged {
  readonly entry: Entry;
  readonly opening: Opening | null;
}

export interface Appended {
  /** Of the entries that are durable: all of them, or those before the one that failed. */
  readonly receipts: readonly Receipt[];
  /** Undefined where all are durable. */
  readonly error: unknown;
}

/** How many wait for one write: the store's own queue is bounded, and refuses what is too much. */
const BATCH = 256;

/** Resolves once all are durable, or one is not and never will be. Never rejects. */
export async function appendAll(
  store: LogStore,
  entries: readonly Logged[],
  step: () => void = () => {},
): Promise<Appended> {
  const receipts: Receipt[] = [];
  for (let from = 0; from < entries.length; from += BATCH) {
    const batch = entries.slice(from, from + BATCH);
    const settled = await Promise.allSettled(
      batch.map(({ entry, opening }) => store.append(entry, opening ?? undefined)),
    );
    for (const one of settled) {
      if (one.status === "rejected") return { receipts, error: one.reason };
      receipts.push(one.value);
      step();
    }
  }
  return { receipts, error: undefined };
}
