/**
 * A pattern as it was read, which is what it means, and the table that decides it. The reference semantics
 * takes the first, compiled evaluators the second.
 */
import type { Span } from "./source.ts";

/** Code points, both ends included. */
export interface CharacterRange {
  readonly from: number;
  readonly to: number;
}

/** Spans are of the source, within the literal. */
export type Pattern =
  /** One character out of ranges that ascend and do not touch; case is folded in already. */
  | { readonly kind: "character"; readonly ranges: readonly CharacterRange[]; readonly span: Span }
  /** One part after the other; none: the empty text. */
  | { readonly kind: "sequence"; readonly parts: readonly Pattern[]; readonly span: Span }
  | { readonly kind: "choice"; readonly options: readonly Pattern[]; readonly span: Span }
  /** `max` null: without end. */
  | {
      readonly kind: "repeat";
      readonly of: Pattern;
      readonly min: number;
      readonly max: number | null;
      readonly span: Span;
    };

/** Every character that well-formed text can hold. */
export const ANY_CHARACTER: readonly CharacterRange[] = [
  { from: 0, to: 0xd7ff },
  { from: 0xe000, to: 0x10ffff },
];

/** What reading on cannot change: no text, or every text, that begins so is taken. */
export const REFUSES = -1;
export const TAKES = -2;

/**
 * A deterministic automaton over the bytes of UTF-8, as small as one can be. States are numbered, those that
 * take the text if it ends there behind those that do not.
 */
export interface Automaton {
  /** For each of the 256 bytes its class: bytes of one class lead to the same states from everywhere. */
  readonly classOf: readonly number[];
  readonly classes: number;
  readonly states: number;
  /** A state, `REFUSES` or `TAKES`. */
  readonly start: number;
  readonly firstTaking: number;
  /** `next[state * classes + class]`: a state, `REFUSES` or `TAKES`. */
  readonly next: readonly number[];
}
