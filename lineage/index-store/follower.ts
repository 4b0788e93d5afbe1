/** Keeps an index up to date beside a writer, who never waits for it. */
import { compareHeads, type OpenTilesOptions, openTiles, type TileLog } from "../open-tiles.ts";
import { LogError } from "../store.ts";
import type { TileSource } from "../tile-source.ts";
import type { LogIndex } from "./log-index.ts";

export interface FollowerOptions extends OpenTilesOptions {
  /** How long to wait between two looks, in milliseconds (default: 1,000). */
  readonly everyMs?: number;
  /** After each look: what went wrong, or null. What is out of reach or locked now is tried again. */
  readonly onLook?: (error: LogError | null) => void;
}

export interface Follower {
  /** Entries that are published and not in the index, as of the last look; null before the first. */
  readonly lag: () => number | null;
  /** Resolves once nothing is under way; the index stays open. */
  readonly stop: () => Promise<void>;
}

const EVERY_USUAL_MS = 1_000;

/** Ends by itself where the log contradicts what it showed before: then its index is worth nothing. */
export function startFollower(index: LogIndex, source: TileSource, options: FollowerOptions): Follower {
  const { everyMs = EVERY_USUAL_MS, onLook = () => {} } = options;
  let [last, lag]: [TileLog | null, number | null] = [null, null];
  let wake = () => {};
  let isStopped = false;

  /** Whether to look again. */
  async function look(): Promise<boolean> {
    try {
      const opened = await openTiles(source, options);
      if (!opened.ok) throw opened.error;
      const { log } = opened;
      if (log.note === last?.note && lag === 0) return true;
      if (last !== null) await expectContinues(last, log);
      last = log;
      lag = log.tree.size - index.size();
      const { size } = await index.follow(log);
      lag = log.tree.size - size;
      onLook(null);
      return true;
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      onLook(error);
      return error.code !== "log.forked" && error.code !== "log.shrunk";
    }
  }

  async function run(): Promise<void> {
    while (!isStopped && (await look())) {
      if (isStopped) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, everyMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  const running = run();
  return {
    lag: () => lag,
    stop: async () => {
      isStopped = true;
      wake();
      await running;
    },
  };
}

async function expectContinues(earlier: TileLog, log: TileLog): Promise<void> {
  const { kind } = await compareHeads(earlier, log);
  const [before, now] = [earlier.tree.size, log.tree.size];
  const advice = "keep both checkpoints as evidence, and trust neither";
  if (kind === "shrunk") {
    const message = `the log has ${now} entries now, but ${before} were signed for before: ${advice}`;
    throw new LogError("log.shrunk", message);
  }
  if (kind === "forked") {
    const message = `the log shows two histories: its first ${before} entries are others now: ${advice}`;
    throw new LogError("log.forked", message);
  }
}
