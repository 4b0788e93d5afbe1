/** Automata as words of memory: what the support library's `takes` reads. */
import type { Expr } from "../checked.ts";
import { type Automaton, REFUSES, TAKES } from "../pattern.ts";
import { intern, type LiteralPool } from "./literals.ts";

/** Above every place in a table, which has at most 2,048 rows of 256 entries. */
const REFUSING = 0xffff_ffff;
const TAKING = 0xffff_fffe;
const ENTRY_BYTES = 4;
const MANY_LEAVE = 2;

/**
 * Bytes 0: the size of the table, 4: the first row of a state that takes the text if it ends there, 8: the
 * row of the start; 12: the bytes that lead on from the start, see `leaving`; 16: the class of each of the
 * 256 bytes; 272: the table. A row has an entry of 4 bytes for each class: the offset of the next row, so
 * that following one is an addition, or what no further byte changes.
 */
export function automatonLiteral(pool: LiteralPool, test: Extract<Expr, { kind: "pattern_test" }>): number {
  const { automaton, text, op } = test;
  return intern(pool, `${op}:${text}`, () => {
    const { classOf, classes, states, start, firstTaking, next } = automaton;
    const rowBytes = classes * ENTRY_BYTES;
    const place = (state: number): number =>
      state === REFUSES ? REFUSING : state === TAKES ? TAKING : state * rowBytes;
    const head = [states * rowBytes, firstTaking * rowBytes, place(start), leaving(automaton)];
    const words: bigint[] = [...pairs(head), ...eights(classOf), ...pairs(next.map(place))];
    return { words, comment: `${op} ${text}`, entity: null, patches: [] };
  });
}

/** 1 and the one to three bytes that lead from the start to another state, or 2; 0 where most bytes do. */
function leaving({ classOf, classes, start, next }: Automaton): number {
  if (start < 0) return 0;
  const bytes: number[] = [];
  for (let byte = 0; byte < 256; byte += 1) {
    if (next[start * classes + (classOf[byte] ?? 0)] !== start) bytes.push(byte);
  }
  const [a, b = a, c = a] = bytes;
  if (bytes.length > 128 || a === undefined || b === undefined || c === undefined) return 0;
  if (bytes.length > 3) return MANY_LEAVE;
  return ((c << 24) | (b << 16) | (a << 8) | 1) >>> 0;
}

/** Two numbers of 32 bits to a word. */
function pairs(numbers: readonly number[]): readonly bigint[] {
  const words: bigint[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    words.push(BigInt(numbers[at] ?? 0) | (BigInt(numbers[at + 1] ?? 0) << 32n));
  }
  return words;
}

/** Eight bytes to a word. */
function eights(bytes: readonly number[]): readonly bigint[] {
  const words: bigint[] = [];
  for (let at = 0; at < bytes.length; at += 8) {
    let word = 0n;
    for (let low = 7; low >= 0; low -= 1) word = (word << 8n) | BigInt(bytes[at + low] ?? 0);
    words.push(word);
  }
  return words;
}
