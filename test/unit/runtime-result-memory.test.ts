/** Decisions that were made before are found again, and never another in their place. */
import { denied } from "@polity/runtime/result.ts";
import { makeResultMemory, RESULT_MAGIC, recall, remember } from "@polity/runtime/result-memory.ts";
import { describe, expect, test } from "vitest";
import { random } from "../../benchmarks/random.ts";

/** A sound result as an evaluator leaves it: verdict, code and the ids of fired rules. */
function result(verdict: number, fired: readonly number[], code = 1): Int32Array {
  const words = new Int32Array(64);
  words.set([RESULT_MAGIC, verdict, verdict === 1 ? 1 : 0, code]);
  words.set([fired.length, fired.length], 6);
  words.set(fired, 16);
  return words;
}

const decision = () => ({ ...denied("no_rule") });

describe("results that come again", () => {
  test("all subsets of eight rules are found, hardly one pushes out another", () => {
    const memory = makeResultMemory(8);
    const kept = Array.from({ length: 256 }, (_, bits) => {
      const fired = Array.from({ length: 8 }, (_, rule) => rule).filter((rule) => (bits >> rule) & 1);
      return { words: result(1, fired), decision: decision() };
    });
    for (const each of kept) remember(memory, each.words, each.decision);
    const found = kept.filter((each) => recall(memory, each.words, 1) === each.decision);
    expect(found.length).toBeGreaterThan(235);
  });

  test("two that share a place are both found, and what differs in anything is not", () => {
    const memory = makeResultMemory(8);
    const [words, first] = [result(3, [1, 2]), decision()];
    remember(memory, words, first);
    expect(recall(memory, words, 3)).toBe(first);
    expect(recall(memory, words, 1)).toBe(null);
    for (const [at, other] of [
      [0, 0],
      [1, 1],
      [2, 1],
      [3, 9],
      [6, 1],
      [7, 1],
      [16, 7],
      [17, 7],
    ] as const) {
      const changed = words.slice();
      changed[at] = other;
      expect(recall(memory, changed, 3)).toBe(null);
    }
    for (const at of [8, 9, 10, 11, 12, 13]) {
      const more = words.slice();
      more[at] = 1;
      expect(recall(memory, more, 3)).toBe(null);
    }
  });

  test("whatever was remembered, the answer is the result's own or none", () => {
    const next = random(7);
    const memory = makeResultMemory(8);
    const kept = new Map<string, ReturnType<typeof decision>>();
    for (let step = 0; step < 20_000; step += 1) {
      const fired = Array.from({ length: 12 }, (_, rule) => rule * 97).filter(() => next() < 0.3);
      const verdict = 1 + Math.floor(next() * 5);
      const words = result(verdict, fired, Math.floor(next() * 4));
      const key = words.join();
      const found = recall(memory, words, verdict);
      if (found !== null) expect(found).toBe(kept.get(key));
      else {
        kept.set(key, decision());
        remember(memory, words, kept.get(key)!);
        if (fired.length <= 8) expect(recall(memory, words, verdict)).toBe(kept.get(key));
      }
    }
  });
});
