/** Automata as words of memory: what the support library's `takes` reads. */
import type { Expr } from "../checked.ts";
import { REFUSES, TAKES } from "../pattern.ts";
import { intern, type LiteralPool } from "./literals.ts";

/** Above every place in a table, which has at most 2,048 rows of 256 entries. */
const REFUSING = 0xffff_ffff;
const TAKING = 0xffff_fffe;
const ENTRY_BYTES = 4;

/**
 * Bytes 0: the size of the table, 4: the first row of a state that takes the text if it ends there, 8: the
 * row of the start; 16: the class of each of the 256 bytes; 272: the table. A row has an entry of 4 bytes for
 * each class: the offset of the next row, so that following one is an addition, or what no further byte
 * changes.
 */
export function automatonLiteral(pool: LiteralPool, test: Extract<Expr, { kind: "pattern_test" }>): number {
  const { automaton, text, op } = test;
  return intern(pool, `${op}:${text}`, () => {
    const { classOf, classes, states, start, firstTaking, next } = automaton;
    const rowBytes = classes * ENTRY_BYTES;
    const place = (state: number): number =>
      state === REFUSES ? REFUSING : state === TAKES ? TAKING : state * rowBytes;
    const head = [states * rowBytes, firstTaking * rowBytes, place(start), 0];
    const words: bigint[] = [...pairs(head), ...eights(classOf), ...pairs(next.map(place))];
    return { words, comment: `${op} ${text}`, entity: null, patches: [] };
  });
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
