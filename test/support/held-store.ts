/** A store in memory whose disk is let on by hand, and which judges numbers as every store does. */
import type { Opening } from "@polity/lineage/commitment.ts";
import { checkOpening } from "@polity/lineage/commitment.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import { encodeEntry } from "@polity/lineage/entry-codec.ts";
import type { RecordingStore } from "@polity/lineage/recorder.ts";
import { dueAfter, sequenceProblem } from "@polity/lineage/sequence.ts";
import { LogError, type Receipt } from "@polity/lineage/store.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { digestName, sha256 } from "@polity/runtime/hash.ts";

export interface HeldStore {
  readonly store: RecordingStore;
  /** What is durable, in order. */
  readonly entries: Entry[];
  readonly openings: (Opening | null)[];
  /** Makes everything that waits durable; with `count`, the first ones. */
  readonly sync: (count?: number) => Promise<void>;
  /** Everything that waits, and all that comes, is refused with this. */
  readonly fail: (error: unknown) => void;
}

interface Waiting {
  readonly entry: Entry;
  readonly opening: Opening | null;
  readonly leaf: string;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: unknown) => void;
}

/** Without `isHeld` everything is durable at once. `roomMax` is how many may wait here. */
export function heldStore({ isHeld = true, roomMax = 1e6 } = {}): HeldStore {
  const entries: Entry[] = [];
  const openings: (Opening | null)[] = [];
  const waiting: Waiting[] = [];
  const due = new Map<string, number>();
  let failure: unknown;

  async function sync(count = waiting.length): Promise<void> {
    for (const { entry, opening, leaf, resolve } of waiting.splice(0, count)) {
      resolve({ index: entries.push(entry) - 1, leafHash: leaf });
      openings.push(opening);
    }
    await new Promise((resolve) => setTimeout(resolve));
  }

  const append = (entry: Entry, opening?: Opening) =>
    new Promise<Receipt>((resolve, reject) => {
      if (failure !== undefined) throw failure;
      if (waiting.length >= roomMax) throw new LogError("log.busy", "full");
      const encoded = encodeEntry(entry);
      if (!encoded.ok) throw new LogError("log.entry_invalid", encoded.message);
      const problem = sequenceProblem(due, entry);
      if (problem !== null) throw new LogError("log.entry_invalid", problem);
      if (opening !== undefined && entry.kind === "decision" && !checkOpening(entry.request!, opening).ok)
        throw new LogError("log.opening_mismatch", "opens something else");
      due.set(entry.node, dueAfter(entry));
      const leaf = digestName(leafHash(encoded.bytes, sha256));
      waiting.push({ entry, opening: opening ?? null, leaf, resolve, reject });
      if (!isHeld) void sync();
    });
  const store: RecordingStore = { origin: "example.com/held", append, flush: () => sync() };
  return {
    store,
    entries,
    openings,
    sync,
    fail(error) {
      failure = error;
      for (const { reject } of waiting.splice(0)) reject(error);
    },
  };
}
