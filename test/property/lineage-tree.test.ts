/**
 * T1 and T2: every proof that a tree gives holds, and no altered claim does. An altered claim is one with a
 * changed hash, leaf, root, index or size, or with hashes more, fewer or elsewhere. A root does not say how
 * large its tree is: where another index or size asks for the very same hashing, the claim is the same claim,
 * and must hold. The shapes of merkle-definitions.ts decide which those are.
 */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { makeTree } from "@polity/lineage/tree.ts";
import { verifyConsistency, verifyInclusion } from "@polity/lineage/tree-proof.ts";
import { describe, expect, test } from "vitest";
import { consistencyShape, inclusionShape, leaf } from "../support/merkle-definitions.ts";
import { type Random, seededRandom } from "../support/random.ts";

const SIZE = 70;
const { sha256 } = nodeCrypto;
const leaves = Array.from({ length: SIZE }, (_, at) => leaf(Uint8Array.of(at)));
const tree = makeTree(sha256);
for (const hash of leaves) tree.append(hash);

function flip(hash: Uint8Array, random: Random): Uint8Array {
  const bit = random.below(256);
  return hash.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

/** Each hash with a bit flipped, left out, twice, replaced; neighbours swapped; one more at either end. */
function alteredProofs(proof: readonly Uint8Array[], random: Random): Uint8Array[][] {
  const altered: Uint8Array[][] = [
    [...proof, random.bytes(32)],
    [random.bytes(32), ...proof],
  ];
  for (const [at, hash] of proof.entries()) {
    const [before, after] = [proof.slice(0, at), proof.slice(at + 1)];
    altered.push([...before, flip(hash, random), ...after]);
    altered.push([...before, ...after]);
    altered.push([...before, hash, hash, ...after]);
    altered.push([...before, random.bytes(32), ...after]);
    if (at > 0) altered.push([...proof.slice(0, at - 1), hash, proof[at - 1]!, ...after]);
  }
  return altered;
}

describe("inclusion", () => {
  test("T1: the proofs of all leaves of all sizes from 1 to 70 hold", () => {
    let count = 0;
    for (let size = 1; size <= SIZE; size += 1)
      for (let index = 0; index < size; index += 1, count += 1) {
        const proof = tree.inclusionProof(index, size);
        expect(
          verifyInclusion({ index, size, leaf: leaves[index]!, root: tree.root(size), proof }, sha256),
        ).toBe(true);
      }
    expect(count).toBe(2485);
  });

  test("T2: at least 10,000 claims with altered hashes, leaves or roots do not", () => {
    const random = seededRandom(10);
    let [refused, accepted] = [0, 0];
    for (let size = 1; size <= SIZE; size += 1)
      for (let index = 0; index < size; index += 3) {
        const [own, root] = [leaves[index]!, tree.root(size)];
        const proof = tree.inclusionProof(index, size);
        const claim = { index, size, leaf: own, root, proof };
        const altered = [
          ...alteredProofs(proof, random).map((other) => ({ ...claim, proof: other })),
          { ...claim, leaf: flip(own, random) },
          { ...claim, leaf: leaves[(index + 1) % SIZE]! },
          { ...claim, root: flip(root, random) },
          { ...claim, root: tree.root(size + 1 > SIZE ? 1 : size + 1) },
        ];
        for (const other of altered)
          if (verifyInclusion(other, sha256)) accepted += 1;
          else refused += 1;
      }
    expect(accepted).toBe(0);
    expect(refused).toBeGreaterThanOrEqual(10_000);
  });

  test("T2: at least 10,000 claims with another index or size do not, unless hashed the same way", () => {
    const random = seededRandom(12);
    const counts = { refused: 0, same: 0, wrong: 0 };
    for (let size = 1; size <= SIZE; size += 1)
      for (let index = 0; index < size; index += 5) {
        const shape = inclusionShape(index, size);
        const claim = {
          leaf: leaves[index]!,
          root: tree.root(size),
          proof: tree.inclusionProof(index, size),
        };
        for (const [at, of] of pairs(index, size, random)) {
          const isSame = at >= 0 && at < of && inclusionShape(at, of) === shape;
          const holds = verifyInclusion({ ...claim, index: at, size: of }, sha256);
          if (holds !== isSame) counts.wrong += 1;
          else if (holds) counts.same += 1;
          else counts.refused += 1;
        }
      }
    expect(counts.wrong).toBe(0);
    expect(counts.refused).toBeGreaterThanOrEqual(10_000);
    expect(counts.same).toBeGreaterThan(0);
  });
});

describe("consistency", () => {
  test("T1: the proofs between all sizes from 0 to 70 hold", () => {
    let count = 0;
    for (let to = 0; to <= SIZE; to += 1)
      for (let from = 0; from <= to; from += 1, count += 1) {
        const proof = tree.consistencyProof(from, to);
        const claim = { from, to, fromRoot: tree.root(from), toRoot: tree.root(to), proof };
        expect(verifyConsistency(claim, sha256)).toBe(true);
      }
    expect(count).toBe(2556);
  });

  test("T2: at least 10,000 claims with altered hashes or roots do not", () => {
    const random = seededRandom(11);
    let [refused, accepted] = [0, 0];
    for (let to = 1; to <= SIZE; to += 1)
      for (let from = 1; from <= to; from += 3) {
        const [fromRoot, toRoot] = [tree.root(from), tree.root(to)];
        const proof = tree.consistencyProof(from, to);
        const claim = { from, to, fromRoot, toRoot, proof };
        const altered = [
          ...alteredProofs(proof, random).map((other) => ({ ...claim, proof: other })),
          { ...claim, fromRoot: flip(fromRoot, random) },
          { ...claim, toRoot: flip(toRoot, random) },
          { ...claim, fromRoot: tree.root(from - 1) },
          { ...claim, toRoot: tree.root(to - 1) },
        ];
        if (from < to) altered.push({ ...claim, fromRoot: toRoot, toRoot: fromRoot });
        for (const other of altered)
          if (verifyConsistency(other, sha256)) accepted += 1;
          else refused += 1;
      }
    expect(accepted).toBe(0);
    expect(refused).toBeGreaterThanOrEqual(10_000);
  });

  test("T2: at least 10,000 claims with other sizes do not, unless hashed the same way", () => {
    const random = seededRandom(13);
    const counts = { refused: 0, same: 0, wrong: 0 };
    for (let to = 2; to <= SIZE; to += 2)
      for (let from = 1; from < to; from += 3) {
        const shape = consistencyShape(from, to);
        const roots = { fromRoot: tree.root(from), toRoot: tree.root(to) };
        const claim = { ...roots, proof: tree.consistencyProof(from, to) };
        for (const [earlier, later] of pairs(from, to, random)) {
          const isSame = earlier > 0 && earlier <= later && consistencyShape(earlier, later) === shape;
          const holds = verifyConsistency({ ...claim, from: earlier, to: later }, sha256);
          if (holds !== isSame) counts.wrong += 1;
          else if (holds) counts.same += 1;
          else counts.refused += 1;
        }
      }
    expect(counts.wrong).toBe(0);
    expect(counts.refused).toBeGreaterThanOrEqual(10_000);
    expect(counts.same).toBeGreaterThan(0);
  });
});

/** Other pairs of numbers: all neighbours, and some far away. */
function pairs(first: number, second: number, random: Random): [number, number][] {
  const near = [-2, -1, 0, 1, 2].flatMap((by) =>
    [-2, -1, 0, 1, 2].map((and): [number, number] => [first + by, second + and]),
  );
  const far = Array.from({ length: 10 }, (): [number, number] => [random.below(80), random.below(80)]);
  return [...near, ...far].filter(([one, other]) => one !== first || other !== second);
}
