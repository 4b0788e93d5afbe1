/** Patterns as automata, made when a policy is checked, so that one that is too large is an error there. */
import { unreachable } from "../../diagnostic.ts";
import { type Automaton, type Pattern, REFUSES, TAKES } from "../../pattern.ts";
import type { Span } from "../../source.ts";
import { determine } from "./deterministic.ts";
import { toStates } from "./nondeterministic.ts";
import { smallest } from "./smallest.ts";

export const STATES_MAX = 2_048;

/** `within`: the pattern may fit any part of the text; else it fits the whole. */
export function automatonOf(pattern: Pattern, within: boolean): Automaton | { readonly tooLarge: Span } {
  const states = toStates(pattern);
  if ("tooLarge" in states) return states;
  const big = determine(states, within);
  if ("tooLarge" in big) return big;
  const small = smallest(big);
  return small.states > STATES_MAX ? { tooLarge: largestPart(pattern) } : small;
}

/** The repeat that stands for the most states: with fewer of them the automaton would do. */
function largestPart(pattern: Pattern): Span {
  let largest = { span: pattern.span, size: 0 };
  const visit = (part: Pattern): number => {
    switch (part.kind) {
      case "character":
        return 1;
      case "sequence":
        return part.parts.reduce((sum, each) => sum + visit(each), 0);
      case "choice":
        return part.options.reduce((sum, each) => sum + visit(each), 0);
      case "repeat": {
        const size = visit(part.of) * Math.max(1, part.max ?? part.min);
        if (size > largest.size) largest = { span: part.span, size };
        return size;
      }
      default:
        return unreachable(part);
    }
  };
  visit(pattern);
  return largest.span;
}

/** Whether the automaton takes the text; for text that is known when the policy is compiled. */
export function takesText({ classOf, classes, start, firstTaking, next }: Automaton, text: string): boolean {
  let state = start;
  for (const byte of new TextEncoder().encode(text)) {
    if (state < 0) break;
    state = next[state * classes + (classOf[byte] ?? 0)] ?? REFUSES;
  }
  return state === TAKES || state >= firstTaking;
}
