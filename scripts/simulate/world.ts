/** Simulated time: what is to happen stands in line, and nothing else makes time go on. */
import type { Random } from "../../test/support/generate/random.ts";
import type { Mood } from "./moods.ts";

export interface World {
  readonly random: Random;
  readonly mood: Mood;
  /** Milliseconds since 1970, of a clock that no node has. */
  readonly now: () => number;
  /** Calls once after so long, unless it is called off. */
  readonly after: (ms: number, run: () => void) => () => void;
  readonly sleep: (ms: number) => Promise<void>;
  /** Lets everything happen that is due until then. `settled` is called after each. */
  readonly run: (untilMs: number, settled: () => void) => Promise<void>;
  readonly events: () => number;
}

interface Due {
  readonly at: number;
  readonly number: number;
  run: (() => void) | null;
}

export function makeWorld(random: Random, startMs: number, mood: Mood): World {
  const heap: Due[] = [];
  let [now, number, events] = [startMs, 0, 0];

  function after(ms: number, run: () => void): () => void {
    const due: Due = { at: now + Math.max(0, Math.ceil(ms)), number, run };
    number += 1;
    push(heap, due);
    return () => {
      due.run = null;
    };
  }

  return {
    ...{ random, mood },
    now: () => now,
    after,
    sleep: (ms) => new Promise((resolve) => after(ms, resolve)),
    async run(untilMs, settled) {
      for (let next = heap[0]; next !== undefined && next.at <= untilMs; next = heap[0]) {
        pop(heap);
        now = Math.max(now, next.at);
        if (next.run === null) continue;
        events += 1;
        next.run();
        await everythingElse();
        settled();
      }
      now = Math.max(now, untilMs);
    },
    events: () => events,
  };
}

/** Until no promise has anything to do any more: all of them end in the line of what is due. */
function everythingElse(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(a: Due, b: Due): boolean {
  return a.at !== b.at ? a.at < b.at : a.number < b.number;
}

function push(heap: Due[], due: Due): void {
  let at = heap.length;
  heap.push(due);
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (!isBefore(due, heap[above]!)) break;
    heap[at] = heap[above]!;
    at = above;
  }
  heap[at] = due;
}

function pop(heap: Due[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let below = at * 2 + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below += 1;
    if (!isBefore(heap[below]!, last)) break;
    heap[at] = heap[below]!;
    at = below;
  }
  heap[at] = last;
}
