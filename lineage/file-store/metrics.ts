/** What a store counts, for whoever watches it. */

export interface LogMetrics {
  /** Entries that became durable since the log was opened. */
  readonly appendTotal: number;
  /** Appends that were refused as `log.busy`. */
  readonly busyTotal: number;
  readonly batchTotal: number;
  /** Entries and bytes that wait for the disk now. */
  readonly queueDepth: number;
  readonly queueBytes: number;
  /** Time in syncs of the log. */
  readonly walSyncSeconds: { readonly count: number; readonly sum: number; readonly max: number };
  /** Entries that are durable, in full bundles, covered by a published checkpoint. */
  readonly sizeDurable: number;
  readonly sizeIntegrated: number;
  readonly sizePublished: number;
  /** Bytes of entries that are in no durable full bundle. */
  readonly backlogBytes: number;
  readonly checkpointTotal: number;
  /** Checkpoints that were not published since the signer or the witnesses failed. */
  readonly checkpointFailedTotal: number;
  /** Of entries that nobody was promised, when the log was opened. */
  readonly recoveryTruncatedBytes: number;
  /** Entries that claim to be earlier than one before them, and by how much at most. */
  readonly clockBackTotal: number;
  readonly clockBackMsMax: number;
}

/** The counters behind them. */
export interface Counters {
  appended: number;
  busy: number;
  batches: number;
  syncs: { count: number; sum: number; max: number };
  checkpoints: number;
  checkpointsFailed: number;
  recoveryTruncatedBytes: number;
  clockBack: number;
  clockBackMsMax: number;
  /** The latest time that an entry claims, in milliseconds since 1970; null without entries. */
  atMax: number | null;
}

export function makeCounters(atMax: number | null): Counters {
  return {
    appended: 0,
    busy: 0,
    batches: 0,
    syncs: { count: 0, sum: 0, max: 0 },
    checkpoints: 0,
    checkpointsFailed: 0,
    recoveryTruncatedBytes: 0,
    clockBack: 0,
    clockBackMsMax: 0,
    atMax,
  };
}

export function countSync({ syncs }: Counters, seconds: number): void {
  syncs.count += 1;
  syncs.sum += seconds;
  syncs.max = Math.max(syncs.max, seconds);
}

/** A clock that was set back is no reason to refuse decisions, but nobody should overlook it. */
export function countTime(counters: Counters, at: number): void {
  const { atMax } = counters;
  if (atMax === null || at >= atMax) {
    counters.atMax = at;
    return;
  }
  counters.clockBack += 1;
  counters.clockBackMsMax = Math.max(counters.clockBackMsMax, atMax - at);
}
