/** From states with several ways on to states with one each. */
import type { Span } from "../../source.ts";
import type { Nondeterministic } from "./nondeterministic.ts";

/** Not minimal yet; bytes fall into classes by the bounds of the edges. State 0 is the start. */
export interface Deterministic {
  readonly classOf: readonly number[];
  readonly classes: number;
  readonly taking: readonly boolean[];
  /** `next[state * classes + class]`. */
  readonly next: readonly number[];
}

/** Before the smallest automaton is known; what has more of them hardly ever has few in the end. */
const STATES_MAX = 8_192;
/** Looks at one state of a subset: so many take a fraction of a second. */
const STEPS_MAX = 6_000_000;

/**
 * `within`: the text may stand anywhere in what is read, so that every place may begin it, and once it was
 * found nothing matters any more.
 */
export function determine(
  states: Nondeterministic,
  within: boolean,
): Deterministic | { readonly tooLarge: Span } {
  const { classOf, classes } = classesOf(states);
  // Where every place may begin the text, the start is in every set; it is looked at once and left out.
  const implied = within ? closureOf(states, states.start) : [];
  const fromStart = targetsOf(implied, states, classOf, classes);
  const subsets = newSubsets(states, new Set(implied));
  subsets.numberOf([states.start]);
  const next: number[] = [];
  for (let at = 0; at < subsets.members.length; at += 1) {
    const isSettled = within && subsets.taking[at] === true;
    const targets = targetsOf(isSettled ? [] : (subsets.members[at] ?? []), states, classOf, classes);
    for (let each = 0; each < classes; each += 1) {
      const [always, reached] = [fromStart[each] ?? NONE, targets[each] ?? NONE];
      if (isSettled) next.push(at);
      else next.push(subsets.numberOf(always.length === 0 ? reached : [...always, ...reached]));
    }
    if (subsets.members.length > STATES_MAX || subsets.steps() > STEPS_MAX) {
      return { tooLarge: heaviestPart(states, subsets.members) };
    }
  }
  return { classOf, classes, taking: subsets.taking, next };
}

const NONE: readonly number[] = [];

/** For each class the states that its bytes lead to; undefined for none. */
function targetsOf(
  members: readonly number[],
  { edges }: Nondeterministic,
  classOf: readonly number[],
  classes: number,
): readonly (readonly number[] | undefined)[] {
  const targets: (number[] | undefined)[] = new Array(classes).fill(undefined);
  for (const state of members) {
    for (const { from, to, target } of edges[state] ?? []) {
      const last = classOf[to] ?? 0;
      for (let each = classOf[from] ?? 0; each <= last; each += 1) {
        const known = targets[each];
        if (known === undefined) targets[each] = [target];
        else known.push(target);
      }
    }
  }
  return targets;
}

/** Bytes that no edge tells apart are one class; classes ascend with their bytes. */
function classesOf({ edges }: Nondeterministic): { classOf: readonly number[]; classes: number } {
  const begins = new Uint8Array(257);
  for (const each of edges) {
    for (const { from, to } of each) {
      begins[from] = 1;
      begins[to + 1] = 1;
    }
  }
  const classOf: number[] = [];
  let last = 0;
  for (let byte = 0; byte < 256; byte += 1) {
    if (byte > 0 && begins[byte] === 1) last += 1;
    classOf.push(last);
  }
  return { classOf, classes: last + 1 };
}

/** The sets of states that one state stands for, numbered as they are met. */
interface Subsets {
  readonly members: readonly (readonly number[])[];
  /** Whether the text may end there. */
  readonly taking: readonly boolean[];
  /** Of the set of these states and of all that are reached from them without a byte. */
  readonly numberOf: (states: readonly number[]) => number;
  /** How much has been looked at so far. */
  readonly steps: () => number;
}

/** `implied`: states that are in every set and left out of it; none where a text only begins at its start. */
function newSubsets(states: Nondeterministic, implied: ReadonlySet<number>): Subsets {
  const members: (readonly number[])[] = [];
  const taking: boolean[] = [];
  const known = new Map<string, number>();
  const reached = new Map<number, readonly number[]>();
  const seen = new Uint32Array(states.edges.length);
  let stamp = 0;
  let steps = 0;
  // Most bytes lead nowhere or to one state: what that comes to is known after the first time.
  let nowhere = -1;
  const alone: (number | undefined)[] = [];
  const numberOf = (from: readonly number[]): number => {
    const [only] = from;
    if (only === undefined) {
      if (nowhere === -1) nowhere = numberAnew(from);
      return nowhere;
    }
    if (from.length > 1) return numberAnew(from);
    const number = alone[only] ?? numberAnew(from);
    alone[only] = number;
    return number;
  };
  const numberAnew = (from: readonly number[]): number => {
    stamp += 1;
    const subset: number[] = [];
    for (const state of from) {
      const closure = reached.get(state) ?? closureOf(states, state);
      reached.set(state, closure);
      steps += closure.length + 1;
      for (const each of closure) {
        if (seen[each] === stamp || implied.has(each)) continue;
        seen[each] = stamp;
        subset.push(each);
      }
    }
    const isTaking = implied.has(states.end) || subset.includes(states.end);
    // Where every place may begin the text, what was found stays found: all such sets are one.
    const sorted = implied.size > 0 && isTaking ? [states.end] : subset.sort((a, b) => a - b);
    const key = String.fromCharCode(...sorted);
    const number = known.get(key) ?? members.length;
    if (number === members.length) {
      known.set(key, number);
      members.push(sorted);
      taking.push(isTaking);
    }
    return number;
  };
  return { members, taking, numberOf, steps: () => steps };
}

/** What is reached without a byte, as far as it has a way on or is the end. */
function closureOf({ free, edges, end }: Nondeterministic, from: number): readonly number[] {
  const seen = new Set([from]);
  for (const state of seen) for (const target of free[state] ?? []) seen.add(target);
  return [...seen].filter((state) => state === end || (edges[state] ?? []).length > 0);
}

/** The part of the pattern in which the text can be at the most places at once. */
function heaviestPart({ parts }: Nondeterministic, members: readonly (readonly number[])[]): Span {
  const weights = new Map<Span, number>();
  for (const subset of members) {
    for (const state of subset) {
      const part = parts[state];
      if (part !== undefined) weights.set(part, (weights.get(part) ?? 0) + 1);
    }
  }
  const [heaviest] = [...weights].sort((a, b) => b[1] - a[1]);
  return heaviest?.[0] ?? { start: 0, end: 0 };
}
