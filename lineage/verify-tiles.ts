/** Checks every entry of a published log: bytes, form, and each node's count. */
import { digestName } from "@polity/runtime/hash.ts";
import type { TileLog } from "./open-tiles.ts";
import { type ReadEntry, readEntries } from "./read-entries.ts";
import { dueAfter, sequenceProblem } from "./sequence.ts";
import { LogError } from "./store.ts";
import { bundlePath } from "./tiles.ts";

/** What a log says about itself, as far as it was read. */
export interface LogTally {
  readonly origin: string;
  /** Entries in the log. */
  readonly size: number;
  /** `sha256:` and 64 hex digits. */
  readonly root: string;
  /** The first entry that was read: 0, or what an earlier checkpoint covers. */
  readonly from: number;
  /** Earliest and latest time that these entries claim, in milliseconds since 1970; null without any. */
  readonly time: { readonly fromMs: number; readonly toMs: number } | null;
  /** How many there are of each kind, in the order in which kinds came first. */
  readonly kinds: ReadonlyMap<string, number>;
  /** Of decisions. */
  readonly verdicts: ReadonlyMap<string, number>;
  /** Entries that commit to a request. */
  readonly commitments: number;
}

export interface VerifyOptions {
  /** Entries that were verified before; they are not read again (default: 0). */
  readonly from?: number;
  /** Called with each entry after it was checked. */
  readonly onEntry?: (read: ReadEntry) => Promise<void> | void;
}

/** Rejects with a `LogError` at the first entry that is not what was signed, or breaks its node's count. */
export async function verifyEntries(log: TileLog, options: VerifyOptions = {}): Promise<LogTally> {
  const { from = 0, onEntry } = options;
  const { origin, size, root } = log.checkpoint;
  const due = new Map<string, number>();
  const kinds = new Map<string, number>();
  const verdicts = new Map<string, number>();
  let commitments = 0;
  let [fromMs, toMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for await (const read of readEntries(log.tree, from)) {
    const { entry, index } = read;
    // Behind an earlier checkpoint, a node goes on from wherever it was.
    const isFirst = from > 0 && !due.has(entry.node);
    const problem = isFirst ? null : sequenceProblem(due, entry);
    if (problem !== null) {
      const place = { file: bundlePath(index), index };
      throw new LogError("log.entry_invalid", `${problem}: ask who wrote the log`, place);
    }
    due.set(entry.node, dueAfter(entry));
    count(kinds, entry.kind);
    [fromMs, toMs] = [Math.min(fromMs, entry.at), Math.max(toMs, entry.at)];
    if (entry.kind === "decision") {
      count(verdicts, entry.verdict);
      if (entry.request !== null) commitments += 1;
    }
    await onEntry?.(read);
  }
  const time = fromMs > toMs ? null : { fromMs, toMs };
  return { origin, size, root: digestName(root), from, time, kinds, verdicts, commitments };
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
