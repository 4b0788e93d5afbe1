/** What was begun comes to an end, and what is asked is answered: in the log, and to whoever waits for it. */
import type { Known } from "./known.ts";
import type { Node } from "./node.ts";
import type { Running } from "./running.ts";
import { checkWaiting } from "./waiting.ts";

export interface SettlingChecks {
  /** Somebody waits for it: it is answered while the process lives. */
  readonly waits: <T>(what: string, answer: Promise<T>, msMax?: number) => Promise<T>;
  /** After everything that happens. */
  readonly settled: () => void;
  /** It runs no more, and its process lives. */
  readonly over: (running: Running) => void;
  /** The process is another one: nothing of those before it is open any more. */
  readonly opened: () => void;
}

interface Waiting {
  readonly what: string;
  readonly life: number;
  /** In the world's time. */
  readonly until: number;
}

/** Nothing that is asked waits for anything but the disk. */
const ANSWERED_MS_MAX = 10_000;
/** Who is contained is written again and again where a disk is behind. */
export const ORDERED_MS_MAX = 30_000;
/** An end follows what came of the last steps, and the ends of those that act for it. */
const ENDED_MS_MAX = 30_000;

export function settlingChecks(node: Node, known: Known, fail: (what: string) => void): SettlingChecks {
  const { world } = node;
  const waiting = new Set<Waiting>();
  const over: { readonly id: string; readonly life: number; readonly at: number }[] = [];

  function checkAnswered(): void {
    for (const one of waiting) {
      if (one.life === node.life && world.now() < one.until) continue;
      waiting.delete(one);
      if (one.life === node.life) fail(`${one.what} is not answered`);
    }
  }

  function checkEnded(): void {
    for (let first = over[0]; first !== undefined; first = over[0]) {
      if (first.life === node.life && world.now() < first.at + ENDED_MS_MAX) return;
      over.shift();
      // What a disk that was behind did not take is ended by the next process.
      const isExcused = first.life !== node.life || node.troubledAt >= first.at - ENDED_MS_MAX;
      const isStopped = (node.governor?.stopped() ?? null) !== null;
      if (!isExcused && !isStopped && known.open.has(first.id)) fail(`${first.id} is over, and never ends`);
    }
  }

  return {
    async waits(what, answer, msMax = ANSWERED_MS_MAX) {
      const one: Waiting = { what, life: node.life, until: world.now() + msMax };
      waiting.add(one);
      try {
        return await answer;
      } finally {
        waiting.delete(one);
      }
    },
    settled() {
      checkAnswered();
      checkEnded();
    },
    over: ({ execution, life }) => void over.push({ id: execution.id, life, at: world.now() }),
    opened() {
      checkWaiting(node, fail);
      for (const [id, entry] of known.open) {
        if (entry < node.keptBefore) fail(`${id} outlives its process, and is never ended`);
      }
    },
  };
}
