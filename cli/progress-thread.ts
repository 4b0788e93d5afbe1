import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import type { ProgressTask } from "./progress.ts";

const STANDARD_ERROR = 2;
const { label, counter } = workerData as ProgressTask;
const count = new Int32Array(counter);
const startedMs = performance.now();

setInterval(() => {
  const seconds = Math.floor((performance.now() - startedMs) / 1_000);
  const done = Atomics.load(count, 0);
  const counted = done === 0 ? "" : ` ${done} done,`;
  // Past the main thread, which may be too busy to write for us.
  writeSync(STANDARD_ERROR, `\r\x1b[K${label}…${counted} ${seconds} s`);
}, 1_000);
