/** A pattern as states with several ways on, over bytes. */
import { unreachable } from "../../diagnostic.ts";
import { ANY_CHARACTER, type Pattern } from "../../pattern.ts";
import type { Span } from "../../source.ts";
import { type ByteRange, byteSequences } from "./bytes.ts";

export interface Edge extends ByteRange {
  readonly target: number;
}

export interface Nondeterministic {
  readonly edges: readonly (readonly Edge[])[];
  /** States that are reached from a state without a byte. */
  readonly free: readonly (readonly number[])[];
  /** The innermost counted repeat that a state was made for, else the pattern: to be named if it is much. */
  readonly parts: readonly Span[];
  readonly start: number;
  readonly end: number;
}

/** Sets of states are compared as text of 16-bit units. */
const STATES_MAX = 50_000;

interface Builder {
  readonly edges: Edge[][];
  readonly free: number[][];
  readonly parts: Span[];
  /** The innermost and the outermost counted repeat at hand. */
  part: Span;
  whole: Span | null;
  /** Set where there would be too many states. */
  tooMuch: Span | null;
}

/** The part that is too large where there would be more states than can be looked at. */
export function toStates(pattern: Pattern): Nondeterministic | { readonly tooLarge: Span } {
  const builder: Builder = { edges: [], free: [], parts: [], part: pattern.span, whole: null, tooMuch: null };
  const end = addState(builder);
  const start = build(pattern, end, builder);
  if (builder.tooMuch !== null) return { tooLarge: builder.tooMuch };
  const { edges, free, parts } = builder;
  return { edges, free, parts, start, end };
}

function addState(builder: Builder): number {
  if (builder.edges.length >= STATES_MAX) {
    builder.tooMuch ??= builder.whole ?? builder.part;
    return 0;
  }
  builder.edges.push([]);
  builder.free.push([]);
  builder.parts.push(builder.part);
  return builder.edges.length - 1;
}

/** The state from which `pattern` leads to `next`. */
function build(pattern: Pattern, next: number, builder: Builder): number {
  if (builder.tooMuch !== null) return next;
  switch (pattern.kind) {
    case "character":
      return buildCharacter(pattern, next, builder);
    case "sequence":
      return pattern.parts.reduceRight((behind, part) => build(part, behind, builder), next);
    case "choice": {
      const state = addState(builder);
      for (const option of pattern.options) builder.free[state]?.push(build(option, next, builder));
      return state;
    }
    case "repeat":
      return buildRepeat(pattern, next, builder);
    default:
      return unreachable(pattern);
  }
}

/** Sequences with the same end share the states of it. */
function buildCharacter(
  { ranges }: Extract<Pattern, { kind: "character" }>,
  next: number,
  builder: Builder,
): number {
  const state = addState(builder);
  const shared = new Map<string, number>();
  for (const sequence of byteSequences(ranges)) {
    let target = next;
    let key = "";
    for (const range of sequence.slice(1).toReversed()) {
      key = `${key} ${range.from}-${range.to}`;
      const known = shared.get(key);
      const before = known ?? addState(builder);
      if (known === undefined) {
        shared.set(key, before);
        builder.edges[before]?.push({ ...range, target });
      }
      target = before;
    }
    const [lead] = sequence;
    if (lead !== undefined) builder.edges[state]?.push({ ...lead, target });
  }
  return state;
}

function buildRepeat(pattern: Extract<Pattern, { kind: "repeat" }>, next: number, builder: Builder): number {
  const { of, min, max, span } = pattern;
  const { part, whole } = builder;
  if (Math.max(min, max ?? 0) > 1) {
    builder.part = span;
    builder.whole ??= span;
  }
  let state = next;
  if (max === null) state = buildLoop(of, next, builder);
  else {
    for (let count = min; count < max && builder.tooMuch === null; count += 1) {
      const skip = addState(builder);
      builder.free[skip]?.push(build(of, state, builder), next);
      state = skip;
    }
  }
  for (let count = 0; count < min && builder.tooMuch === null; count += 1) state = build(of, state, builder);
  builder.part = part;
  builder.whole = whole;
  return state;
}

/**
 * Any number of any characters are any bytes at all: what arrives is well formed, and whatever stands before
 * and behind takes whole characters. So the automaton can stop where nothing that follows matters.
 */
function buildLoop(of: Pattern, next: number, builder: Builder): number {
  const loop = addState(builder);
  const isAnything = of.kind === "character" && isEveryCharacter(of.ranges);
  if (isAnything) builder.edges[loop]?.push({ from: 0, to: 0xff, target: loop });
  builder.free[loop]?.push(next);
  if (!isAnything) builder.free[loop]?.push(build(of, loop, builder));
  return loop;
}

function isEveryCharacter(ranges: Extract<Pattern, { kind: "character" }>["ranges"]): boolean {
  return (
    ranges.length === ANY_CHARACTER.length &&
    ranges.every(({ from, to }, index) => {
      const whole = ANY_CHARACTER[index];
      return whole !== undefined && whole.from === from && whole.to === to;
    })
  );
}
