/** Many entries into a log, in order. */
import type { Entry } from "@polity/lineage/entry.ts";
import type { LogStore, Receipt } from "@polity/lineage/store.ts";

export interface Appended {
  /** Of the entries that are durable: all of them, or those before the one that failed. */
  readonly receipts: readonly Receipt[];
  /** Undefined where all are durable. */
  readonly error: unknown;
}

/** How many wait for one write: the store's own queue is bounded, and refuses what is too much. */
const BATCH = 256;

/** Resolves once all are durable, or one is not and never will be. Never rejects. */
export function appendAll(
  store: LogStore,
  entries: readonly Entry[],
  step: () => void = () => {},
): Promise<Appended> {
  return durable(entries, (entry) => store.append(entry), step);
}

/** As `appendAll`, for whatever becomes an entry by `write`. */
export async function durable<T>(
  all: readonly T[],
  write: (one: T) => Promise<Receipt>,
  step: () => void = () => {},
): Promise<Appended> {
  const receipts: Receipt[] = [];
  for (let from = 0; from < all.length; from += BATCH) {
    const settled = await Promise.allSettled(all.slice(from, from + BATCH).map(write));
    for (const one of settled) {
      if (one.status === "rejected") return { receipts, error: one.reason };
      receipts.push(one.value);
      step();
    }
  }
  return { receipts, error: undefined };
}
