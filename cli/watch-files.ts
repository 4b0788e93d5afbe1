import { type StatsListener, watchFile } from "node:fs";

const POLL_MS = 200;
/** Editors save in several steps, and several files at once. */
const QUIET_MS = 60;

/**
 * Calls `changed` after every change of one of the files, one call at a time, as long as the process lives.
 * Looking at the names again and again, unlike the notices of the system, also sees files that are deleted,
 * made again or replaced by another one, and works on every disk.
 */
export function watchFiles(paths: readonly string[], changed: () => Promise<void>): void {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const listener: StatsListener = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(changed);
    }, QUIET_MS);
  };
  for (const path of paths) watchFile(path, { interval: POLL_MS }, listener);
}
