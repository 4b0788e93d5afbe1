/** What verifies, and what does not: published proofs, their published alterations, and hostile claims. */
import { emptyRoot, leafHash } from "@polity/lineage/tree.ts";
import {
  type ConsistencyClaim,
  type InclusionClaim,
  inclusionRoot,
  verifyConsistency,
  verifyInclusion,
} from "@polity/lineage/tree-proof.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { describe, expect, test } from "vitest";
import { treeOf } from "../support/lineage-log.ts";
import { merkleTree as published } from "../support/lineage-vectors.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const roots: readonly Uint8Array[] = published.roots.map(hex);
const empty = hex(published.emptyRoot);
const someHash = hex(published.someHash);
const nothing = new Uint8Array(0);
const short = new TextEncoder().encode("WrongLeaf");

type Included = InclusionClaim & { readonly root: Uint8Array };

function holds(claim: Included | ConsistencyClaim): boolean {
  return "leaf" in claim ? verifyInclusion(claim, sha256) : verifyConsistency(claim, sha256);
}

function flipped(proof: readonly Uint8Array[], at: number, mask: number): Uint8Array[] {
  return proof.map((hash, nth) => (nth === at ? Uint8Array.of(hash[0]! ^ mask, ...hash.subarray(1)) : hash));
}

describe("inclusion", () => {
  const claims: readonly Included[] = published.inclusionProofs.map(({ leaf, size, proof }) => ({
    index: leaf - 1,
    size,
    leaf: leafHash(hex(published.leaves[leaf - 1]!), sha256),
    root: roots[size - 1]!,
    proof: proof.map(hex),
  }));

  test("published proofs hold", () => {
    expect(claims.map(holds)).toEqual([true, true, true, true, true]);
  });

  test("their published alterations do not", () => {
    let count = 0;
    for (const claim of claims) {
      const { index, size, root, proof } = claim;
      const alterations: Included[] = [
        ...[index - 1, index + 1, index ^ 2].map((other) => ({ ...claim, index: other })),
        ...[size * 2, Math.floor(size / 2)].map((other) => ({ ...claim, size: other })),
        { ...claim, leaf: short },
        ...[empty, someHash].map((other) => ({ ...claim, root: other })),
        ...[nothing, root].map((added) => ({ ...claim, proof: [...proof, added] })),
        ...[nothing, root].map((added) => ({ ...claim, proof: [added, ...proof] })),
        ...proof.map((_, at) => ({ ...claim, proof: flipped(proof, at, 8) })),
        ...(proof.length > 0 ? [{ ...claim, proof: proof.slice(0, -1) }] : []),
        ...(proof.length > 1 ? [{ ...claim, proof: [proof[0]!, someHash, ...proof.slice(1)] }] : []),
      ];
      count += alterations.length;
      expect(alterations.filter(holds)).toEqual([]);
    }
    expect(count).toBe(77);
  });

  test("in a tree of one leaf, the leaf is the root and nothing proves it", () => {
    const leaf = leafHash(new TextEncoder().encode("data"), sha256);
    const claim = { index: 0, size: 1, leaf, root: leaf, proof: [] };
    expect(holds(claim)).toBe(true);
    expect(holds({ ...claim, leaf: nothing })).toBe(false);
    expect(holds({ ...claim, root: nothing })).toBe(false);
    expect(holds({ ...claim, leaf: nothing, root: nothing })).toBe(false);
    expect(holds({ ...claim, proof: [leaf] })).toBe(false);
  });

  test("an empty tree holds nothing", () => {
    for (const [index, size] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [2, 1],
      [1, 1],
    ] as const)
      for (const root of [nothing, empty])
        for (const leaf of [nothing, someHash])
          expect(holds({ index, size, leaf, root, proof: [] })).toBe(false);
  });
});

describe("consistency", () => {
  const claims: readonly ConsistencyClaim[] = published.consistencyProofs.map(({ size1, size2, proof }) => ({
    from: size1,
    to: size2,
    fromRoot: roots[size1 - 1]!,
    toRoot: roots[size2 - 1]!,
    proof: proof.map(hex),
  }));

  test("published proofs hold", () => {
    expect(claims.map(holds)).toEqual([true, true, true, true, true]);
  });

  test("their published alterations do not", () => {
    let count = 0;
    for (const claim of claims.slice(1)) {
      const { from, to, fromRoot, toRoot, proof } = claim;
      const alterations: ConsistencyClaim[] = [
        ...[from - 1, from + 1, from ^ 2].map((other) => ({ ...claim, from: other })),
        ...[to * 2, Math.floor(to / 2)].map((other) => ({ ...claim, to: other })),
        { ...claim, fromRoot: short },
        { ...claim, toRoot: short },
        { ...claim, fromRoot: toRoot, toRoot: fromRoot },
        { ...claim, proof: [] },
        ...[nothing, fromRoot, toRoot].map((added) => ({ ...claim, proof: [...proof, added] })),
        ...[nothing, fromRoot, toRoot, proof[0]!].map((added) => ({ ...claim, proof: [added, ...proof] })),
        { ...claim, proof: proof.slice(0, -1) },
        ...proof.map((_, at) => ({ ...claim, proof: flipped(proof, at, 16) })),
      ];
      count += alterations.length;
      expect(alterations.filter(holds)).toEqual([]);
    }
    expect(count).toBe(79);
  });

  test("every tree begins with the empty one and with itself, and neither needs a proof", () => {
    const [a, b] = [someHash, empty];
    const claim = { from: 0, to: 0, fromRoot: empty, toRoot: empty, proof: [] };
    expect(holds(claim)).toBe(true);
    expect(holds({ ...claim, to: 1, toRoot: a })).toBe(true);
    expect(holds({ from: 1, to: 1, fromRoot: a, toRoot: a, proof: [] })).toBe(true);
    expect(holds({ from: 1, to: 1, fromRoot: a, toRoot: b, proof: [] })).toBe(false);
    expect(holds({ from: 1, to: 1, fromRoot: a, toRoot: a, proof: [a] })).toBe(false);
    expect(holds({ ...claim, proof: [empty] })).toBe(false);
    expect(holds({ ...claim, to: 1, proof: [empty] })).toBe(false);
  });

  test("an empty tree has one root only", () => {
    const claim = { from: 0, to: 0, fromRoot: someHash, toRoot: someHash, proof: [] };
    expect(emptyRoot(sha256)).toEqual(empty);
    expect(holds(claim)).toBe(false);
    expect(holds({ ...claim, to: 1 })).toBe(false);
    expect(holds({ ...claim, fromRoot: empty })).toBe(false);
  });

  test("a tree does not shrink, and does not grow without a proof", () => {
    for (const [from, to] of [
      [1, 0],
      [2, 1],
      [1, 2],
      [3, 7],
    ] as const)
      expect(holds({ from, to, fromRoot: someHash, toRoot: someHash, proof: [] })).toBe(false);
  });
});

describe("hostile claims", () => {
  const tree = treeOf([...Array(9).keys()].map((at) => Uint8Array.of(at)));
  const inclusion = {
    index: 5,
    size: 9,
    leaf: leafHash(Uint8Array.of(5), sha256),
    root: tree.root(),
    proof: tree.inclusionProof(5, 9),
  };
  const consistency = {
    from: 5,
    to: 9,
    fromRoot: tree.root(5),
    toRoot: tree.root(),
    proof: tree.consistencyProof(5, 9),
  };
  const noCounts = [
    -1,
    -0.5,
    5.5,
    9,
    Number.NaN,
    Infinity,
    2 ** 53,
    "5",
    5n,
    null,
    undefined,
    {},
  ] as number[];

  test("a proof for another size, and numbers that count nothing", () => {
    expect([inclusion, consistency].map(holds)).toEqual([true, true]);
    for (const index of noCounts) expect(holds({ ...inclusion, index })).toBe(false);
    for (const size of noCounts.filter((number) => number !== 9)) {
      expect(holds({ ...inclusion, size })).toBe(false);
      expect(holds({ ...consistency, to: size })).toBe(false);
      expect(holds({ ...consistency, from: size })).toBe(false);
    }
    expect(holds({ ...inclusion, size: 8, root: tree.root(8) })).toBe(false);
    expect(holds({ ...consistency, to: 8, toRoot: tree.root(8) })).toBe(false);
  });

  test("hashes of any other length or kind", () => {
    const noHashes = [nothing, new Uint8Array(31), new Uint8Array(33), new Uint16Array(32), null, "", {}];
    for (const hash of noHashes as Uint8Array[]) {
      expect(holds({ ...inclusion, leaf: hash })).toBe(false);
      expect(holds({ ...inclusion, root: hash })).toBe(false);
      expect(holds({ ...inclusion, proof: [hash, ...inclusion.proof.slice(1)] })).toBe(false);
      expect(holds({ ...consistency, fromRoot: hash })).toBe(false);
      expect(holds({ ...consistency, toRoot: hash })).toBe(false);
      expect(holds({ ...consistency, proof: [...consistency.proof.slice(1), hash] })).toBe(false);
    }
    const wide = (hash: Uint8Array): Uint8Array => Uint16Array.from(hash) as unknown as Uint8Array;
    expect(holds({ ...inclusion, leaf: wide(inclusion.leaf) })).toBe(false);
    expect(holds({ ...inclusion, proof: inclusion.proof.map(wide) })).toBe(false);
    expect(holds({ ...consistency, proof: consistency.proof.map(wide) })).toBe(false);
    expect(holds({ ...inclusion, proof: new Array<Uint8Array>(4) })).toBe(false);
    expect(holds({ ...inclusion, proof: null as unknown as Uint8Array[] })).toBe(false);
    expect(holds({ ...consistency, proof: { length: 0 } as Uint8Array[] })).toBe(false);
  });

  test("64 hashes are refused before anything is hashed", () => {
    let hashed = 0;
    const counting = (bytes: Uint8Array): Uint8Array => {
      hashed += 1;
      return sha256(bytes);
    };
    const size = Number.MAX_SAFE_INTEGER;
    const proof = (length: number): Uint8Array[] => Array.from({ length }, () => someHash);
    for (const length of [64, 65, 100_000]) {
      expect(inclusionRoot({ ...inclusion, size, proof: proof(length) }, counting)).toBeNull();
      expect(verifyConsistency({ ...consistency, to: size, proof: proof(length) }, counting)).toBe(false);
    }
    expect(hashed).toBe(0);
    expect(inclusionRoot({ ...inclusion, size, proof: proof(53) }, counting)).not.toBeNull();
    expect(inclusionRoot({ ...inclusion, size, proof: proof(52) }, counting)).toBeNull();
    expect(inclusionRoot({ ...inclusion, size, proof: proof(54) }, counting)).toBeNull();
  });
});
