/**
 * Sizes beyond 32 bits, where shifts of JavaScript would go wrong: trees of up to 2^53-1 leaves, nearly all
 * of them alike, are computed by the definitions of RFC 6962 in BigInt; their proofs must hold, and the
 * verifier must agree with the steps of RFC 9162 written out in BigInt.
 */
import { inclusionRoot, verifyConsistency, verifyInclusion } from "@polity/lineage/tree-proof.ts";
import { equalBytes, sha256 } from "@polity/runtime/hash.ts";
import { describe, expect, test } from "vitest";
import { leaf, node } from "../support/merkle-definitions.ts";
import { seededRandom } from "../support/random.ts";

const MAX = 2n ** 53n - 1n;
const SIZES = [2n ** 31n - 1n, 2n ** 31n, 2n ** 31n + 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 1n].concat([
  2n ** 33n - 1n,
  2n ** 33n,
  2n ** 33n + 1n,
  2n ** 40n + 12_345n,
  2n ** 52n,
  2n ** 52n + 1n,
  MAX - 1n,
  MAX,
]);

const blank = leaf(new Uint8Array(0));
const uniform = new Map<bigint, Uint8Array>([[1n, blank]]);

/** The largest power of two below n. */
function split(n: bigint): bigint {
  return 2n ** BigInt((n - 1n).toString(2).length - 1);
}

/** MTH over leaves that are all blank. */
function blankRoot(n: bigint): Uint8Array {
  const known = uniform.get(n);
  if (known !== undefined) return known;
  const k = split(n);
  const made = node(blankRoot(k), blankRoot(n - k));
  uniform.set(n, made);
  return made;
}

/** Leaves from `begin` to `end`, blank except at the places that have one of their own. */
interface Range {
  readonly begin: bigint;
  readonly end: bigint;
  readonly own: ReadonlyMap<bigint, Uint8Array>;
}

function halves({ begin, end, own }: Range): [Range, Range] {
  const middle = begin + split(end - begin);
  return [
    { begin, end: middle, own },
    { begin: middle, end, own },
  ];
}

function rootOf(range: Range): Uint8Array {
  const { begin, end, own } = range;
  if (![...own.keys()].some((at) => at >= begin && at < end)) return blankRoot(end - begin);
  if (end - begin === 1n) return own.get(begin)!;
  const [left, right] = halves(range);
  return node(rootOf(left), rootOf(right));
}

function pathOf(index: bigint, range: Range): Uint8Array[] {
  if (range.end - range.begin === 1n) return [];
  const [left, right] = halves(range);
  return index < left.end ? [...pathOf(index, left), rootOf(right)] : [...pathOf(index, right), rootOf(left)];
}

function subproof(from: bigint, range: Range, isWhole: boolean): Uint8Array[] {
  if (from === range.end) return isWhole ? [] : [rootOf(range)];
  const [left, right] = halves(range);
  return from <= left.end
    ? [...subproof(from, left, isWhole), rootOf(right)]
    : [...subproof(from, right, false), rootOf(left)];
}

/** RFC 9162, 2.1.3.2, step by step; null where a step fails before the roots are compared. */
function root9162(
  index: bigint,
  size: bigint,
  hash: Uint8Array,
  path: readonly Uint8Array[],
): Uint8Array | null {
  if (index >= size) return null;
  let [fn, sn, r] = [index, size - 1n, hash];
  for (const p of path) {
    if (sn === 0n) return null;
    if ((fn & 1n) === 1n || fn === sn) {
      r = node(p, r);
      while ((fn & 1n) === 0n && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else r = node(r, p);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n ? r : null;
}

interface Grown {
  readonly from: bigint;
  readonly to: bigint;
  readonly fromRoot: Uint8Array;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** RFC 9162, 2.1.4.2, for 0 < from < to. */
function holds9162({ from, to, fromRoot, toRoot, proof }: Grown): boolean {
  if (proof.length === 0) return false;
  const path = (from & (from - 1n)) === 0n ? [fromRoot, ...proof] : [...proof];
  let [fn, sn] = [from - 1n, to - 1n];
  while ((fn & 1n) === 1n) [fn, sn] = [fn >> 1n, sn >> 1n];
  let [fr, sr] = [path[0]!, path[0]!];
  for (const c of path.slice(1)) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      [fr, sr] = [node(c, fr), node(c, sr)];
      while ((fn & 1n) === 0n && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else sr = node(sr, c);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && equalBytes(fr, fromRoot) && equalBytes(sr, toRoot);
}

const random = seededRandom(9162);
/** From 0 up to, not including, `below`. */
function pick(below: bigint): bigint {
  return ((BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32))) % below;
}

function accepts({ from, to, fromRoot, toRoot, proof }: Grown): boolean {
  return verifyConsistency({ from: Number(from), to: Number(to), fromRoot, toRoot, proof }, sha256);
}

describe.each(SIZES)("a tree of %d leaves", (size) => {
  const places = [0n, 1n, size / 3n, size / 2n, 2n ** 30n, size - 2n, size - 1n, pick(size), pick(size)];
  const own = new Map(places.map((at) => [at, leaf(new TextEncoder().encode(`leaf ${at}`))]));
  const whole: Range = { begin: 0n, end: size, own };
  const root = rootOf(whole);

  test("inclusion proofs hold for their index and no other", () => {
    for (const [index, hash] of own) {
      const proof = pathOf(index, whole);
      const claim = { index: Number(index), size: Number(size), leaf: hash, root, proof };
      expect(verifyInclusion(claim, sha256)).toBe(true);
      expect(root9162(index, size, hash, proof)).toEqual(root);
      const others = [1n, 2n, 2n ** 31n, 2n ** 32n, 2n ** 33n].flatMap((by) => [index - by, index + by]);
      for (const other of others)
        expect(verifyInclusion({ ...claim, index: Number(other) }, sha256)).toBe(false);
      for (const other of [size % 2n ** 32n, size % 2n ** 31n])
        if (other !== size) expect(verifyInclusion({ ...claim, size: Number(other) }, sha256)).toBe(false);
      for (const other of [proof.slice(1), proof.slice(0, -1), [...proof, hash], [hash, ...proof]])
        expect(verifyInclusion({ ...claim, proof: other }, sha256)).toBe(false);
    }
  });

  test("consistency proofs hold for their sizes", () => {
    const earlier = [
      1n,
      2n,
      3n,
      size / 3n,
      size / 2n,
      2n ** 30n,
      2n ** 31n - 2n,
      size - 1n,
      pick(size - 1n) + 1n,
    ];
    for (const from of earlier) {
      const fromRoot = rootOf({ begin: 0n, end: from, own });
      const claim: Grown = { from, to: size, fromRoot, toRoot: root, proof: subproof(from, whole, true) };
      expect(accepts(claim)).toBe(true);
      expect(holds9162(claim)).toBe(true);
      expect(accepts({ ...claim, toRoot: fromRoot })).toBe(false);
      expect(accepts({ ...claim, fromRoot: root })).toBe(false);
      expect(accepts({ ...claim, proof: claim.proof.slice(1) })).toBe(false);
      expect(accepts({ ...claim, proof: claim.proof.slice(0, -1) })).toBe(false);
      expect(accepts({ ...claim, proof: [...claim.proof, root] })).toBe(false);
      // Another size may stand for the very same steps; the standard's own text decides.
      for (const other of [from - 1n, from + 1n, from + 2n ** 32n, from ^ (2n ** 31n)])
        if (other > 0n && other < size)
          expect(accepts({ ...claim, from: other })).toBe(holds9162({ ...claim, from: other }));
      for (const other of [size - 1n, size % 2n ** 32n, from + 1n])
        if (other > from && other !== size)
          expect(accepts({ ...claim, to: other })).toBe(holds9162({ ...claim, to: other }));
    }
  });
});

/** Levels that a leaf's proof has a hash for: where the node is not the last one, or is a right child. */
function stepsOf(index: bigint, size: bigint): number {
  let steps = 0;
  for (let [fn, sn] = [index, size - 1n]; sn > 0n; [fn, sn] = [fn >> 1n, sn >> 1n])
    if ((fn & 1n) === 1n || fn !== sn) steps += 1;
  return steps;
}

test("whatever index, size and number of hashes, the answer is that of the standard's steps", () => {
  const seen = { reached: 0, refused: 0 };
  for (let round = 0; round < 2000; round += 1) {
    const size = pick(2n ** BigInt(random.below(53) + 1)) + 1n;
    const index = random.below(3) === 0 ? size - 1n - pick(size < 40n ? size : 40n) : pick(size);
    const hash = random.bytes(32);
    const right = stepsOf(index, size);
    for (const length of [right, right + 1, Math.max(0, right - 1), random.below(55)]) {
      const proof = Array.from({ length }, () => random.bytes(32));
      const expected = size > MAX ? null : root9162(index, size, hash, proof);
      const claim = { index: Number(index), size: Number(size), leaf: hash, proof };
      expect(inclusionRoot(claim, sha256)).toEqual(expected);
      if (expected === null) seen.refused += 1;
      else seen.reached += 1;
    }
  }
  expect(seen.reached).toBeGreaterThanOrEqual(2000);
  expect(seen.refused).toBeGreaterThanOrEqual(4000);
});
