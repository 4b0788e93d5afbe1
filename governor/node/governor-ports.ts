/** What a governor needs of Node: the clock, timers, randomness. */
import { nodeRecording } from "@polity/lineage/node/crypto.ts";
import type { GovernorPorts } from "../ports.ts";

/** The longest that a timer of Node can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const nodeGovernor: GovernorPorts = Object.freeze({
  ...nodeRecording,
  wake(afterMs: number, run: () => void) {
    const timer = setTimeout(run, Math.min(afterMs, TIMER_MS_MAX));
    // What runs keeps the process alive, not what is only waited for.
    timer.unref();
    return () => clearTimeout(timer);
  },
  later: (run: () => void) => void setImmediate(run),
});
