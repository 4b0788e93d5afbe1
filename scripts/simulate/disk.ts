/** A log's disk: it takes its time, may be full of work, may fail, and forgets what nobody was promised. */
import { decodeOpening, encodeOpening, type Opening } from "@polity/lineage/commitment.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import { encodeEntry } from "@polity/lineage/entry-codec.ts";
import { LogError, type LogStore, type Receipt } from "@polity/lineage/store.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { digestName, type Sha256 } from "@polity/runtime/hash.ts";
import type { World } from "./world.ts";

/** What a governor asks of a store. */
export type DiskStore = Pick<
  LogStore,
  "origin" | "append" | "flush" | "size" | "entry" | "opening" | "openings"
>;

export interface Kept {
  readonly entry: Entry;
  readonly bytes: Uint8Array;
  readonly leaf: string;
  readonly opening: string | null;
}

export interface Disk {
  /** What is durable. */
  readonly kept: readonly Kept[];
  /** For one process. */
  readonly open: () => DiskStore;
  /** The process is gone: of what it had not been promised, a beginning may be there all the same. */
  readonly crash: () => void;
  trouble: "none" | "busy" | "failing";
  /** Told of what has just become durable, before anybody who waits for it; the process may end there. */
  onKept: (kept: Kept) => void;
}

interface Waiting {
  readonly kept: Kept;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: LogError) => void;
}

/** Of a disk that is behind: how many may wait, and for how long. */
const BUSY_MAX = 2;
const BUSY_MS = 400;
const ORIGIN = "simulated.example/log";

export function makeDisk(world: World, sha256: Sha256): Disk {
  const kept: Kept[] = [];
  let waiting: Waiting[] = [];
  let process = 0;
  let isSyncing = false;
  let hasFailed = false;
  let isFull = false;

  function sync(of: number): void {
    if (isSyncing || waiting.length === 0) return;
    isSyncing = true;
    world.after(1 + world.random.below(disk.trouble === "busy" ? BUSY_MS : 5), () => {
      if (of !== process) return;
      isSyncing = false;
      const batch = waiting;
      waiting = [];
      isFull = false;
      if (disk.trouble === "failing") {
        hasFailed = true;
        for (const one of batch) one.reject(new LogError("log.failed", "the disk failed"));
        return;
      }
      const from = kept.length;
      for (const one of batch) kept.push(one.kept);
      for (const one of batch) disk.onKept(one.kept);
      for (const [at, one] of batch.entries()) {
        if (of === process) one.resolve({ index: from + at, leafHash: one.kept.leaf });
      }
      sync(of);
    });
  }

  const disk: Disk = {
    kept,
    trouble: "none",
    onKept: () => undefined,
    open() {
      process += 1;
      const own = process;
      isSyncing = false;
      hasFailed = false;
      isFull = false;
      return {
        origin: ORIGIN,
        get size() {
          return kept.length;
        },
        async append(entry, opening) {
          if (own !== process) return new Promise(() => {});
          if (hasFailed) throw new LogError("log.failed", "the disk failed before");
          // As a store does: once it is full, everything comes back until it is empty.
          isFull ||= disk.trouble === "busy" && waiting.length >= BUSY_MAX;
          if (isFull) throw new LogError("log.busy", "too many entries wait");
          const one = keptOf(entry, opening, sha256);
          return new Promise((resolve, reject) => {
            waiting.push({ kept: one, resolve, reject });
            sync(own);
          });
        },
        flush: async () => undefined,
        entry: async (index) => kept[index]?.bytes ?? null,
        opening: async (index) => openingOf(kept[index]),
        openings: async () => async (index) => openingOf(kept[index]),
      };
    },
    crash() {
      process += 1;
      const lucky = world.random.below(waiting.length + 1);
      kept.push(...waiting.slice(0, lucky).map((one) => one.kept));
      waiting = [];
    },
  };
  return disk;
}

function keptOf(entry: Entry, opening: Opening | undefined, sha256: Sha256): Kept {
  const encoded = encodeEntry(entry);
  if (!encoded.ok) throw new LogError("log.entry_invalid", encoded.message);
  const leaf = digestName(leafHash(encoded.bytes, sha256));
  return {
    entry,
    bytes: encoded.bytes,
    leaf,
    opening: opening === undefined ? null : encodeOpening(opening),
  };
}

function openingOf(kept: Kept | undefined): Opening | null {
  if (kept === undefined || kept.opening === null) return null;
  const decoded = decodeOpening(kept.opening);
  return decoded.ok ? decoded.opening : null;
}
