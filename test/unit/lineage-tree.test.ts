/** The Merkle tree, against published values and against the definitions of RFC 6962. */
import { emptyRoot, leafHash, makeTree, nodeHash } from "@polity/lineage/tree.ts";
import { sha256, toHex } from "@polity/runtime/hash.ts";
import { describe, expect, test } from "vitest";
import { treeOf } from "../support/lineage-log.ts";
import { merkleTree as published } from "../support/lineage-vectors.ts";
import { consistencyOf, leaf, pathOf, rootOf } from "../support/merkle-definitions.ts";
import { seededRandom } from "../support/random.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const entries: readonly Uint8Array[] = published.leaves.map(hex);

describe("published values", () => {
  test("the empty root, the first leaf and the roots of sizes 1 to 8", () => {
    expect(toHex(emptyRoot(sha256))).toBe(published.emptyRoot);
    expect(toHex(leafHash(new Uint8Array(0), sha256))).toBe(published.roots[0]);
    const tree = treeOf(entries);
    expect(toHex(tree.root(0))).toBe(published.emptyRoot);
    for (const [at, root] of published.roots.entries()) expect(toHex(tree.root(at + 1))).toBe(root);
    expect(tree.size).toBe(8);
    expect(toHex(tree.root())).toBe(published.roots[7]);
  });

  test("inclusion proofs", () => {
    const tree = treeOf(entries);
    for (const { leaf: nth, size, proof } of published.inclusionProofs)
      expect(tree.inclusionProof(nth - 1, size).map(toHex)).toEqual(proof);
    expect(published.inclusionProofs).toHaveLength(5);
  });

  test("consistency proofs", () => {
    const tree = treeOf(entries);
    for (const { size1, size2, proof } of published.consistencyProofs)
      expect(tree.consistencyProof(size1, size2).map(toHex)).toEqual(proof);
    expect(published.consistencyProofs).toHaveLength(5);
  });
});

describe("the tree and the definitions agree", () => {
  const random = seededRandom(6962);
  const leaves = Array.from({ length: 70 }, () => leaf(random.bytes(random.below(80))));
  const grown = makeTree(sha256);
  for (const hash of leaves) grown.append(hash);

  test("on the roots of sizes 0 to 70, while growing and afterwards", () => {
    const tree = makeTree(sha256);
    for (let size = 0; size <= 70; size += 1) {
      const root = rootOf(leaves.slice(0, size));
      expect(tree.root()).toEqual(root);
      expect(grown.root(size)).toEqual(root);
      if (size < 70) tree.append(leaves[size]!);
    }
  });

  test("on all 2,485 inclusion proofs and all 2,556 consistency proofs", () => {
    let count = 0;
    for (let size = 0; size <= 70; size += 1) {
      const until = leaves.slice(0, size);
      for (let index = 0; index < size; index += 1, count += 1)
        expect(grown.inclusionProof(index, size)).toEqual(pathOf(index, until));
      for (let from = 0; from <= size; from += 1, count += 1)
        expect(grown.consistencyProof(from, size)).toEqual(consistencyOf(from, until));
    }
    expect(count).toBe(2485 + 2556);
  });

  test("where hashes fill more than one chunk", () => {
    const many = Array.from({ length: 1030 }, (_, at) => leaf(Uint8Array.of(at & 255, at >> 8)));
    const tree = makeTree(sha256);
    for (const hash of many) tree.append(hash);
    for (const size of [255, 256, 257, 511, 512, 513, 767, 1023, 1024, 1025, 1030]) {
      expect(tree.root(size)).toEqual(rootOf(many.slice(0, size)));
      expect(tree.inclusionProof(size - 1, size)).toEqual(pathOf(size - 1, many.slice(0, size)));
      expect(tree.inclusionProof(256 % size, size)).toEqual(pathOf(256 % size, many.slice(0, size)));
      expect(tree.consistencyProof(255, size)).toEqual(consistencyOf(255, many.slice(0, size)));
    }
  });
});

describe("the tree stands alone", () => {
  test("an entry that spells a node does not become one", () => {
    const [left, right] = [leaf(Uint8Array.of(1)), leaf(Uint8Array.of(2))];
    const spelled = Uint8Array.of(1, ...left, ...right);
    expect(leafHash(spelled, sha256)).not.toEqual(nodeHash(left, right, sha256));
    expect(leafHash(spelled.subarray(1), sha256)).not.toEqual(nodeHash(left, right, sha256));
  });

  test("nothing that goes in or comes out gives a hold on it", () => {
    const hash = leaf(Uint8Array.of(1));
    const tree = makeTree(sha256);
    tree.append(hash);
    tree.append(leaf(Uint8Array.of(2)));
    const root = toHex(tree.root());
    hash.fill(0);
    tree.root().fill(0);
    tree.root(1).fill(0);
    for (const given of [...tree.inclusionProof(0, 2), ...tree.consistencyProof(1, 2)]) given.fill(0);
    expect(toHex(tree.root())).toBe(root);
    expect(toHex(nodeHash(tree.root(1), tree.inclusionProof(0, 2)[0]!, sha256))).toBe(root);
  });

  test("what it never had, and what is no hash, is a bug of the caller", () => {
    const tree = treeOf(entries.slice(0, 5));
    for (const size of [6, -1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => tree.root(size)).toThrow(RangeError);
      expect(() => tree.inclusionProof(0, size)).toThrow(RangeError);
      expect(() => tree.consistencyProof(0, size)).toThrow(RangeError);
      expect(() => tree.inclusionProof(size, 5)).toThrow(RangeError);
      expect(() => tree.consistencyProof(size, 5)).toThrow(RangeError);
    }
    expect(() => tree.inclusionProof(0, 0)).toThrow("the index is 0, but there is none in an empty tree");
    expect(() => tree.inclusionProof(5, 5)).toThrow(RangeError);
    expect(() => tree.consistencyProof(5, 4)).toThrow(RangeError);
    for (const length of [0, 31, 33]) expect(() => tree.append(new Uint8Array(length))).toThrow(RangeError);
    expect(tree.size).toBe(5);
  });
});
