/**
 * Tells those who wait that their entries are durable, some at a time and in order: whoever is told goes on
 * at once, and what a thousand of them do together would keep the process from its disk.
 */
import type { Tell } from "./commit.ts";

export interface Teller {
  /** Who was not told yet. */
  readonly untold: () => number;
  /**
   * Begins once all of before were told, and resolves when all of these are, or sooner where `isEnough`; then
   * telling goes on.
   */
  readonly tell: (tells: readonly Tell[], isEnough: () => boolean) => Promise<void>;
  readonly settled: () => Promise<void>;
}

const TOGETHER = 64;

/** `onTold` hears how many were told since it was called last. */
export function makeTeller(onTold: (count: number) => void): Teller {
  let untold = 0;
  let last = Promise.resolve();

  async function tellAll(tells: readonly Tell[]): Promise<void> {
    for (let at = 0; at < tells.length; at += TOGETHER) {
      if (at > 0) await nextTurn();
      const some = tells.slice(at, at + TOGETHER);
      for (const tell of some) tell();
      untold -= some.length;
      onTold(some.length);
    }
  }

  return {
    untold: () => untold,
    async tell(tells, isEnough) {
      await last;
      untold = tells.length;
      last = tellAll(tells);
      while (untold > 0 && !isEnough()) await nextTurn();
    },
    settled: () => last,
  };
}

/** In between, the disk is heard. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
