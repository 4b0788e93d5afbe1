/** Each node counts its entries from 0, in every log anew; where some are missing, a `gap` says so. */
import type { Entry, EntryKind, GapEntry } from "./entry.ts";

/** What counts of an entry. */
export interface Counted {
  readonly kind: EntryKind;
  readonly node: string;
  readonly seq: number;
  /** Of a gap. */
  readonly fromSeq?: GapEntry["fromSeq"];
  readonly count?: GapEntry["count"];
}

/** For each node that wrote to a log, the `seq` that is due. */
export type Sequences = ReadonlyMap<string, number>;

/** Null where `entry` may come next. */
export function sequenceProblem(due: Sequences, entry: Counted): string | null {
  const expected = due.get(entry.node) ?? 0;
  const node = JSON.stringify(entry.node);
  if (entry.kind !== "gap") {
    if (entry.seq === expected) return null;
    return `seq is ${entry.seq}, but of node ${node} in this log seq ${expected} is due`;
  }
  const { fromSeq, count = Number.NaN } = entry;
  if (fromSeq === expected && entry.seq === fromSeq + count) return null;
  return (
    `the gap of node ${node} in this log begins at ${expected} and has the seq after the last missing one, ` +
    `not from_seq ${fromSeq}, count ${count}, seq ${entry.seq}`
  );
}

/** What is due after `entry`. */
export function dueAfter(entry: Pick<Entry, "seq">): number {
  return entry.seq + 1;
}
