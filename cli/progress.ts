/**
 * Shows on a terminal, on standard error, what takes longer than a second, and removes it after. It runs in a
 * thread of its own, since assembling keeps this one busy without a pause.
 */
import { Worker } from "node:worker_threads";
import { isTerminal } from "./terminal.ts";

export interface Progress {
  /** Counts one more thing done, or several. */
  readonly step: (count?: number) => void;
  readonly stop: () => Promise<void>;
}

const NOWHERE: Progress = { step: () => {}, stop: async () => {} };

/** What the thread is told: `counter` holds how many things are done. */
export interface ProgressTask {
  readonly label: string;
  readonly counter: SharedArrayBuffer;
}

export function startProgress(label: string): Progress {
  if (!isTerminal("error")) return NOWHERE;
  const counter = new SharedArrayBuffer(4);
  const count = new Int32Array(counter);
  const workerData: ProgressTask = { label, counter };
  const worker = new Worker(new URL("./progress-thread.ts", import.meta.url), { workerData });
  worker.unref();
  const startedMs = performance.now();
  return {
    step: (by = 1) => void Atomics.add(count, 0, by),
    stop: async () => {
      await worker.terminate();
      if (performance.now() - startedMs > 1_000) process.stderr.write("\r\x1b[K");
    },
  };
}

/** Runs a task and shows its label meanwhile. */
export async function withProgress<T>(label: string, task: () => Promise<T>): Promise<T> {
  const progress = startProgress(label);
  try {
    return await task();
  } finally {
    await progress.stop();
  }
}
