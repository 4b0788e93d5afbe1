/** How the process ends before its time, by a signal or because nobody reads on, and what is done first. */

type Deed = () => Promise<void>;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** One key press arrives twice where a launcher passes it on; whoever presses again later means it. */
const SAME_PRESS_MS = 1_000;

let lastDeed: Deed | null = null;
let begunAtMs: number | null = null;

/** Does something when a signal or `endEarly` ends the process. The answer ends that. */
export function beforeEnd(deed: Deed): () => void {
  const onSignal = (signal: NodeJS.Signals) =>
    endEarly(() => {
      forget();
      // Whoever waits for this process sees the signal, as if nothing had been done first.
      process.kill(process.pid, signal);
    });
  const forget = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    lastDeed = null;
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  lastDeed = deed;
  return forget;
}

/** Ends no sooner than the task; it must not wait for whoever reads the output. */
export async function uninterrupted<T>(task: () => Promise<T>): Promise<T> {
  const running = task();
  const forget = beforeEnd(async () => void (await running));
  try {
    return await running;
  } finally {
    forget();
  }
}

/** Ends at once where nothing is to be done first. */
export function endEarly(end: () => void): void {
  const nowMs = performance.now();
  if (lastDeed === null || (begunAtMs !== null && nowMs - begunAtMs > SAME_PRESS_MS)) {
    end();
  } else if (begunAtMs === null) {
    begunAtMs = nowMs;
    // A deed that fails has nobody left to tell.
    lastDeed().then(end, end);
  }
}
