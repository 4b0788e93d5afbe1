/** Each node counts its entries from 0, in every log anew; where some are missing, a `gap` says so. */
import type { Entry } from "./entry.ts";

/** For each node that wrote to a log, the `seq` that is due. */
export type Sequences = ReadonlyMap<string, number>;

/** Null where `entry` may come next. */
export function sequenceProblem(due: Sequences, entry: Entry): string | null {
  const expected = due.get(entry.node) ?? 0;
  const node = JSON.stringify(entry.node);
  if (entry.kind !== "gap") {
    if (entry.seq === expected) return null;
    return `seq is ${entry.seq}, but of node ${node} in this log seq ${expected} is due`;
  }
  if (entry.fromSeq === expected && entry.seq === entry.fromSeq + entry.count) return null;
  return (
    `the gap of node ${node} in this log begins at ${expected} and has the seq after the last missing one, ` +
    `not from_seq ${entry.fromSeq}, count ${entry.count}, seq ${entry.seq}`
  );
}

/** What is due after `entry`. */
export function dueAfter(entry: Pick<Entry, "seq">): number {
  return entry.seq + 1;
}
