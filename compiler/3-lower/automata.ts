/** Automata as words of memory: what the support library's `takes` reads. */
import type { Expr } from "../checked.ts";
import { type Automaton, REFUSES, TAKES } from "../pattern.ts";
import { intern, type LiteralPool } from "./literals.ts";

/** Above every place in a table, which has at most 2,048 rows of 256 entries. */
const REFUSING = 0xffff_ffff;
const TAKING = 0xffff_fffe;
const ENTRY_BYTES = 4;
const MANY_LEAVE = 2;
const FIRST_WIDE = 4;
const SECOND_WIDE = 8;

/**
 * Bytes 0: the size of the table, 4: the first row of a state that takes the text if it ends there, 8: the
 * row of the start; 12: the bytes that lead on from the start, see `leaving`; 16: the class of each of the
 * 256 bytes; 272: the table. A row has an entry of 4 bytes for each class: the offset of the next row, so
 * that following one is an addition, or what no further byte changes. Behind the table, where vector
 * instructions read it, lies what `pairSets` gives.
 */
export function automatonLiteral(
  pool: LiteralPool,
  test: Extract<Expr, { kind: "pattern_test" }>,
  simd: boolean,
): number {
  const { automaton, text, op } = test;
  return intern(pool, `${op}:${text}`, () => {
    const { classOf, classes, states, start, firstTaking, next } = automaton;
    const rowBytes = classes * ENTRY_BYTES;
    const place = (state: number): number =>
      state === REFUSES ? REFUSING : state === TAKES ? TAKING : state * rowBytes;
    const ways = simd ? pairSets(automaton) : { flags: leaving(automaton), sets: [] };
    const head = [states * rowBytes, firstTaking * rowBytes, place(start), ways.flags];
    const words: bigint[] = [...pairs(head), ...eights(classOf), ...pairs(next.map(place))];
    words.push(...eights(ways.sets));
    return { words, comment: `${op} ${text}`, entity: null, patches: [] };
  });
}

/** 1 and the one to three bytes that lead from the start to another state, or 2; 0 where most bytes do. */
function leaving(automaton: Automaton): number {
  const bytes = leavingBytes(automaton);
  const [a, b = a, c = a] = bytes;
  if (a === undefined || b === undefined || c === undefined) return 0;
  if (bytes.length > 3) return MANY_LEAVE;
  return ((c << 24) | (b << 16) | (a << 8) | 1) >>> 0;
}

/** The bytes that lead from the start to another state; none where most of them do. */
function leavingBytes(automaton: Automaton): readonly number[] {
  const { start } = automaton;
  if (start < 0) return [];
  const bytes = ALL_BYTES.filter((byte) => after(automaton, start, byte) !== start);
  return bytes.length > ALL_BYTES.length / 2 ? [] : bytes;
}

const ALL_BYTES: readonly number[] = Array.from({ length: 256 }, (_, byte) => byte);

function after({ classOf, classes, next }: Automaton, state: number, byte: number): number {
  // What no further byte changes.
  return state < 0 ? state : (next[state * classes + (classOf[byte] ?? 0)] ?? REFUSES);
}

/**
 * The pairs of bytes with which a way on from the start can begin: after any other pair the automaton is at
 * its start again, and would be if the first byte had not been there. 16 bytes for each of the two sets:
 * at place `n` a bit for each upper half of those bytes whose lower half is `n`, of which those that are not
 * ASCII take the bits of the others.
 */
function pairSets(automaton: Automaton): { readonly flags: number; readonly sets: readonly number[] } {
  const { start } = automaton;
  const first = leavingBytes(automaton);
  if (first.length === 0) return { flags: 0, sets: [] };
  const reached = new Set(first.map((byte) => after(automaton, start, byte)));
  const second = ALL_BYTES.filter(
    (byte) => first.includes(byte) || [...reached].some((state) => after(automaton, state, byte) !== start),
  );
  const flags = MANY_LEAVE + (isAscii(first) ? 0 : FIRST_WIDE) + (isAscii(second) ? 0 : SECOND_WIDE);
  return { flags, sets: [...halves(first), ...halves(second)] };
}

function isAscii(bytes: readonly number[]): boolean {
  return bytes.every((byte) => byte < 128);
}

function halves(bytes: readonly number[]): readonly number[] {
  const lower = Array.from({ length: 16 }, () => 0);
  for (const byte of bytes) lower[byte & 15] = (lower[byte & 15] ?? 0) | (1 << ((byte >> 4) & 7));
  return lower;
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
