/** The smallest automaton that takes the same texts, numbered by a walk from the start. */
import { type Automaton, REFUSES, TAKES } from "../../pattern.ts";
import type { Deterministic } from "./deterministic.ts";

export function smallest(big: Deterministic): Automaton {
  const block = equivalence(big);
  const { classes, taking, next } = big;
  // One state for each block; any of its states shows where it leads.
  const shown = new Map<number, number>();
  for (const [state, each] of block.entries()) if (!shown.has(each)) shown.set(each, state);
  const leads = (each: number): readonly number[] => {
    const from = (shown.get(each) ?? 0) * classes;
    return next.slice(from, from + classes).map((target) => block[target] ?? 0);
  };
  const first = block[0] ?? 0;
  const rows = new Map<number, readonly number[]>([[first, leads(first)]]);
  for (const row of rows.values()) {
    for (const target of row) if (!rows.has(target)) rows.set(target, leads(target));
  }
  const takes = (each: number): boolean => taking[shown.get(each) ?? 0] === true;
  const settled = (each: number): boolean => rows.get(each)?.every((target) => target === each) === true;
  const moving = [...rows.keys()].filter((each) => !settled(each));
  const ordered = [...moving.filter((each) => !takes(each)), ...moving.filter(takes)];
  const numbers = new Map(ordered.map((each, number) => [each, number]));
  const numberOf = (each: number): number => numbers.get(each) ?? (takes(each) ? TAKES : REFUSES);
  const table = ordered.map((each) => (rows.get(each) ?? []).map(numberOf));
  return {
    ...mergeClasses(big, table),
    states: ordered.length,
    start: numberOf(first),
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
function equivalence(big: Deterministic): readonly number[] {
  const { classes, taking } = big;
  const count = taking.length;
  const sources = sourcesOf(big);
  const block: number[] = taking.map((each) => (each ? 1 : 0));
  const members: Set<number>[] = [new Set(), new Set()];
  for (let state = 0; state < count; state += 1) members[block[state] ?? 0]?.add(state);
  const waiting: (readonly [number, number])[] = [];
  const isWaiting = new Set<number>();
  const wait = (each: number, by: number): void => {
    waiting.push([each, by]);
    isWaiting.add(each * classes + by);
  };
  const smaller = (members[0]?.size ?? 0) <= (members[1]?.size ?? 0) ? 0 : 1;
  for (let by = 0; by < classes; by += 1) wait(smaller, by);
  for (let work = waiting.pop(); work !== undefined; work = waiting.pop()) {
    const [splitter, by] = work;
    isWaiting.delete(splitter * classes + by);
    for (const [touched, leading] of leadingInto(members[splitter] ?? new Set(), by, sources, block)) {
      const all = members[touched] ?? new Set();
      if (leading.length === all.size) continue;
      const fresh = members.push(new Set(leading)) - 1;
      for (const state of leading) {
        all.delete(state);
        block[state] = fresh;
      }
      for (let each = 0; each < classes; each += 1) {
        const both = isWaiting.has(touched * classes + each);
        wait(both || leading.length <= all.size ? fresh : touched, each);
      }
    }
  }
  return block;
}

/** The states that lead into one of `targets` by a class, by their blocks. */
function leadingInto(
  targets: ReadonlySet<number>,
  by: number,
  { offsets, states, classes }: Sources,
  block: readonly number[],
): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>();
  for (const target of targets) {
    const at = target * classes + by;
    for (let each = offsets[at] ?? 0; each < (offsets[at + 1] ?? 0); each += 1) {
      const state = states[each] ?? 0;
      const of = block[state] ?? 0;
      const list = found.get(of);
      if (list === undefined) found.set(of, [state]);
      else list.push(state);
    }
  }
  return found;
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
