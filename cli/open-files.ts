/** How many files this process may have open, sockets and pipes among them: the log needs some, too. */
import { readFileSync } from "node:fs";

/** Null where the system does not say, or sets no bound. */
export function openFilesMax(): number | null {
  try {
    const limit = /^Max open files +([0-9]+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
    return limit === undefined ? null : Number(limit);
  } catch {
    return null;
  }
}

/** The other half is for the log, whatever is behind, and the next file of either. */
export function connectionsMax(): number {
  const files = openFilesMax() ?? Number.POSITIVE_INFINITY;
  return Math.min(CONNECTIONS_MAX, Math.floor(files / 2));
}

const CONNECTIONS_MAX = 4_096;
