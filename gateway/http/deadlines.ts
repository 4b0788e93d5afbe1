/** Deadlines that are all of one length: who began first is late first, so a single timer serves them all. */

export interface Deadlines {
  /** What `answering` comes to, or what `late` gives where that takes too long. */
  readonly within: <T>(answering: Promise<T>, late: () => T) => Promise<T>;
}

interface Waiting {
  /** Of a clock that only goes forward. */
  readonly until: number;
  readonly late: () => void;
}

export function makeDeadlines(ms: number): Deadlines {
  /** In the order of beginning. */
  const waiting = new Set<Waiting>();
  let isSet = false;

  function set(): void {
    const [first] = waiting;
    isSet = first !== undefined;
    if (first === undefined) return;
    // Whoever is waited for keeps the process alive, not the end of patience.
    setTimeout(ring, Math.max(0, first.until - performance.now())).unref();
  }

  function ring(): void {
    const now = performance.now();
    for (const one of waiting) {
      if (one.until > now) break;
      waiting.delete(one);
      one.late();
    }
    set();
  }

  return {
    within: (answering, late) =>
      new Promise((resolve, reject) => {
        const one = { until: performance.now() + ms, late: () => resolve(late()) };
        waiting.add(one);
        if (!isSet) set();
        const over = () => waiting.delete(one);
        answering.then(
          (value) => {
            over();
            resolve(value);
          },
          (error: unknown) => {
            over();
            reject(error);
          },
        );
      }),
  };
}
