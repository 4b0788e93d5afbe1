/** Which permits were used already: what a service has to remember so that none is used twice. */

/** A permit as far as it matters for using it once; times in milliseconds since 1970. */
export interface UsedPermit {
  /** The issuer and the decision's id: other issuers cannot use up its ids. */
  readonly issuer: string;
  readonly id: string;
  readonly issuedMs: number;
  /** From then on it is refused as expired, leeway included, and may be forgotten. */
  readonly untilMs: number;
}

/**
 * `first`: it was not used before, and from now on it was. `again`: it was used. `full`: there is no room to
 * remember it. `unknown`: it may have been used at a time of which nothing is known any more.
 */
export type UseAnswer = "first" | "again" | "full" | "unknown";

/** Services with several processes put a store behind it that all of them share, and that answers at once. */
export interface PermitMemory {
  readonly use: (permit: UsedPermit, nowMs: number) => UseAnswer | Promise<UseAnswer>;
}

export interface MemoryOptions {
  /** When this memory began: of permits that were issued before, it cannot know. */
  readonly sinceMs: number;
  /** How many permits that have not expired it holds, at about 150 bytes each. */
  readonly permitsMax?: number;
}

const PERMITS_MAX = 100_000;
/** Looking for what has expired takes time, so a full memory does it at most so often. */
const SWEEP_MS = 1_000;
const SWEEP_IDLE_MS = 60_000;

/** For a service of one process. What has not expired is never forgotten: a full memory refuses. */
export function rememberPermits({ sinceMs, permitsMax = PERMITS_MAX }: MemoryOptions): PermitMemory {
  if (!Number.isSafeInteger(sinceMs) || !Number.isSafeInteger(permitsMax) || permitsMax < 1) {
    throw new RangeError("`sinceMs` is in whole milliseconds, `permitsMax` a whole number from 1 on");
  }
  const untilMs = new Map<string, number>();
  let sweptMs = sinceMs;

  /** A clock that was put back must not bring back what was forgotten: `sweptMs` never goes back. */
  function sweep(nowMs: number): void {
    const isFull = untilMs.size >= permitsMax;
    if (nowMs - sweptMs < (isFull ? SWEEP_MS : SWEEP_IDLE_MS)) return;
    sweptMs = nowMs;
    for (const [key, until] of untilMs) if (until <= nowMs) untilMs.delete(key);
  }

  return Object.freeze({
    use(permit: UsedPermit, nowMs: number): UseAnswer {
      const key = `${permit.id} ${permit.issuer}`;
      if (untilMs.has(key)) return "again";
      sweep(nowMs);
      if (permit.issuedMs < sinceMs || permit.untilMs <= sweptMs) return "unknown";
      if (untilMs.size >= permitsMax) return "full";
      untilMs.set(key, permit.untilMs);
      return "first";
    },
  });
}
