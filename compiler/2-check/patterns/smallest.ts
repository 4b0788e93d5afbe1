/** The smallest automaton that takes the same texts, numbered by a walk from the start. */
import { type Automaton, REFUSES, TAKES } from "../../pattern.ts";
import type { Deterministic } from "./deterministic.ts";

export function smallest(big: Deterministic): Automaton {
  const block = equivalence(big);
  const { classes, taking, next } = big;
  // One state for each block; any of its states shows where it leads.
  const shown = new Int32Array(taking.length).fill(-1);
  for (const [state, each] of block.entries()) if (shown[each] === -1) shown[each] = state;
  const leads = (each: number): readonly number[] => {
    const from = (shown[each] ?? 0) * classes;
    const row: number[] = [];
    for (let at = from; at < from + classes; at += 1) row.push(block[next[at] ?? 0] ?? 0);
    return row;
  };
  const first = block[0] ?? 0;
  const rows = new Map<number, readonly number[]>([[first, leads(first)]]);
  for (const row of rows.values()) {
    for (const target of row) if (!rows.has(target)) rows.set(target, leads(target));
  }
  const takes = (each: number): boolean => taking[shown[each] ?? 0] === true;
  const moving: number[] = [];
  for (const [each, row] of rows) if (row.some((target) => target !== each)) moving.push(each);
  const ordered = [...moving.filter((each) => !takes(each)), ...moving.filter(takes)];
  const numbers = new Int32Array(taking.length);
  for (const each of rows.keys()) numbers[each] = takes(each) ? TAKES : REFUSES;
  for (const [number, each] of ordered.entries()) numbers[each] = number;
  const table = ordered.map((each) => (rows.get(each) ?? []).map((target) => numbers[target] ?? REFUSES));
  return {
    ...mergeClasses(big, table),
    states: ordered.length,
    start: numbers[first] ?? REFUSES,
    firstTaking: moving.length - moving.filter(takes).length,
  };
}

/** Classes that lead to the same states from everywhere become one; they ascend with their first byte. */
function mergeClasses(
  { classOf, classes }: Deterministic,
  table: readonly (readonly number[])[],
): Pick<Automaton, "classOf" | "classes" | "next"> {
  const known = new Map<string, number>();
  const kept: number[] = [];
  const merged: number[] = [];
  for (let each = 0; each < classes; each += 1) {
    const key = table.map((row) => row[each]).join();
    const number = known.get(key) ?? kept.push(each) - 1;
    known.set(key, number);
    merged.push(number);
  }
  return {
    classOf: classOf.map((each) => merged[each] ?? 0),
    classes: kept.length,
    next: table.flatMap((row) => kept.map((each) => row[each] ?? REFUSES)),
  };
}

/**
 * The number of each state's block: states of one block take the same rest. Hopcroft, "An n log n algorithm
 * for minimizing states in a finite automaton" (1971): blocks are split by what leads into others.
 */
function equivalence(big: Deterministic): Int32Array {
  const { classes, taking } = big;
  const sources = sourcesOf(big);
  const blocks = newBlocks(taking.length);
  for (let state = 0; state < taking.length; state += 1) if (taking[state] === true) blocks.mark(state);
  const waiting: number[] = [];
  const isWaiting = new Uint8Array(taking.length * classes);
  const wait = (each: number): void => {
    for (let by = each * classes; by < (each + 1) * classes; by += 1) {
      if (isWaiting[by] === 0) waiting.push(by);
      isWaiting[by] = 1;
    }
  };
  blocks.split((whole, fresh) => wait(blocks.sizeOf(whole) <= blocks.sizeOf(fresh) ? whole : fresh));
  for (let work = waiting.pop(); work !== undefined; work = waiting.pop()) {
    isWaiting[work] = 0;
    const by = work % classes;
    // What leads there is marked when all of it is known: marking moves the members of blocks.
    const leading: number[] = [];
    for (const target of blocks.membersOf((work - by) / classes)) {
      const at = target * classes + by;
      const end = sources.offsets[at + 1] ?? 0;
      for (let each = sources.offsets[at] ?? 0; each < end; each += 1)
        leading.push(sources.states[each] ?? 0);
    }
    for (const state of leading) blocks.mark(state);
    blocks.split((whole, fresh) => {
      const smaller = blocks.sizeOf(whole) <= blocks.sizeOf(fresh) ? whole : fresh;
      for (let each = 0; each < classes; each += 1) {
        // One that waits as a whole waits in both its parts.
        const place = (isWaiting[whole * classes + each] === 1 ? fresh : smaller) * classes + each;
        if (isWaiting[place] === 0) waiting.push(place);
        isWaiting[place] = 1;
      }
    });
  }
  return blocks.of;
}

/** Sets of states that are split; the members of each lie side by side, the marked ones first. */
interface Blocks {
  /** By state. */
  readonly of: Int32Array;
  readonly sizeOf: (block: number) => number;
  readonly membersOf: (block: number) => Int32Array;
  readonly mark: (state: number) => void;
  /** Takes the marked members, unless they are all, out of their blocks into fresh ones. */
  readonly split: (told: (whole: number, fresh: number) => void) => void;
}

/** After Valmari and Lehtinen, "Efficient minimization of DFAs with partial transition functions" (2008). */
function newBlocks(count: number): Blocks {
  const of = new Int32Array(count);
  const members = Int32Array.from({ length: count }, (_, state) => state);
  const place = members.slice();
  const start = new Int32Array(count + 1);
  const end = new Int32Array(count + 1);
  const marked = new Int32Array(count + 1);
  end[0] = count;
  let used = 1;
  let touched: number[] = [];
  const mark = (state: number): void => {
    const block = of[state] ?? 0;
    const to = (start[block] ?? 0) + (marked[block] ?? 0);
    const from = place[state] ?? 0;
    if (from < to) return;
    if (marked[block] === 0) touched.push(block);
    marked[block] = (marked[block] ?? 0) + 1;
    const other = members[to] ?? 0;
    members[from] = other;
    place[other] = from;
    members[to] = state;
    place[state] = to;
  };
  const split = (told: (whole: number, fresh: number) => void): void => {
    const blocks = touched;
    touched = [];
    for (const whole of blocks) {
      const middle = (start[whole] ?? 0) + (marked[whole] ?? 0);
      marked[whole] = 0;
      if (middle === end[whole]) continue;
      const fresh = used;
      used += 1;
      start[fresh] = start[whole] ?? 0;
      end[fresh] = middle;
      start[whole] = middle;
      for (let at = start[fresh] ?? 0; at < middle; at += 1) of[members[at] ?? 0] = fresh;
      told(whole, fresh);
    }
  };
  return {
    of,
    sizeOf: (block) => (end[block] ?? 0) - (start[block] ?? 0),
    membersOf: (block) => members.subarray(start[block], end[block]),
    mark,
    split,
  };
}

/** For each state and class the states that lead there: `states[offsets[at]…offsets[at + 1]]`. */
interface Sources {
  readonly classes: number;
  readonly offsets: Uint32Array;
  readonly states: Uint32Array;
}

function sourcesOf({ classes, taking, next }: Deterministic): Sources {
  const count = taking.length;
  const offsets = new Uint32Array(count * classes + 1);
  for (const [at, target] of next.entries()) {
    const place = target * classes + (at % classes) + 1;
    offsets[place] = (offsets[place] ?? 0) + 1;
  }
  for (let at = 1; at < offsets.length; at += 1) offsets[at] = (offsets[at] ?? 0) + (offsets[at - 1] ?? 0);
  const cursor = offsets.slice();
  const states = new Uint32Array(next.length);
  for (const [at, target] of next.entries()) {
    const place = target * classes + (at % classes);
    states[cursor[place] ?? 0] = Math.floor(at / classes);
    cursor[place] = (cursor[place] ?? 0) + 1;
  }
  return { classes, offsets, states };
}
