import { type StatsListener, unwatchFile, watchFile } from "node:fs";

const POLL_MS = 200;
/** Editors save in several steps, and several files at once. */
const QUIET_MS = 60;

/**
 * Calls `changed` after every change of one of the files, one call at a time, as long as the process lives;
 * it answers which files to watch from then on. Looking at the names again and again, unlike the notices of
 * the system, also sees files that are deleted, made again or replaced by another one, and works on every
 * disk.
 */
export function watchFiles(paths: readonly string[], changed: () => Promise<readonly string[]>): void {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const watched = new Set<string>();
  const listener: StatsListener = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(async () => watch(await changed()));
    }, QUIET_MS);
  };
  const watch = (wanted: readonly string[]) => {
    for (const path of watched) {
      if (!wanted.includes(path)) unwatchFile(path, listener);
    }
    for (const path of wanted) {
      if (!watched.has(path)) watchFile(path, { interval: POLL_MS }, listener);
    }
    watched.clear();
    for (const path of wanted) watched.add(path);
  };
  watch(paths);
}
