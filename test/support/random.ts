/** Random numbers that are the same on every machine and in every run. */

export interface Random {
  /** An integer from 0 up to, not including, `below` (at most 2^32). */
  readonly below: (below: number) => number;
  readonly bytes: (length: number) => Uint8Array;
}

/** Mulberry32: good enough to choose what to break, and nothing else. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    below: (below) => Math.floor((next() / 2 ** 32) * below),
    bytes: (length) => Uint8Array.from({ length }, () => next() & 255),
  };
}
