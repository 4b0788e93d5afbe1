/** Evidence of two histories: what shows a fork, and what shows none. */
import { compareCheckpoints, decodeFork, encodeFork, type Fork, verifyFork } from "@polity/lineage/fork.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { Tree } from "@polity/lineage/tree.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import { describe, expect, test } from "vitest";
import { checkpointOf, noteSigner, treeOf } from "../support/lineage-log.ts";

const signer = noteSigner();
const keys = [signer.key];
const entries = Array.from({ length: 24 }, (_, at) => Uint8Array.of(at));
const tree = treeOf(entries);

function otherTree(size: number, changed: number): Tree {
  return treeOf(entries.slice(0, size).map((entry, at) => (at === changed ? Uint8Array.of(99) : entry)));
}

function at(size: number): Promise<string> {
  return checkpointOf(treeOf(entries.slice(0, size)), signer);
}

/** The log has shown `size` entries to one, and another tree to somebody else. */
async function forkAt(size: number, other: Tree): Promise<Fork> {
  const proof =
    size === other.size ? null : { root: other.root(size), hashes: other.consistencyProof(size, other.size) };
  return { earlier: await at(size), later: await checkpointOf(other, signer), proof };
}

describe("evidence", () => {
  test("of every pair of sizes is written, read back, and holds for whoever has the key", async () => {
    for (let size = 1; size <= 20; size += 3) {
      for (let later = size; later <= 24; later += 4) {
        const fork = await forkAt(size, otherTree(later, size - 1));
        const text = encodeFork(fork);
        const decoded = decodeFork(utf8(text));
        if (!decoded.ok) throw new Error(decoded.message);
        expect(decoded.fork).toEqual(fork);
        for (const crypto of [nodeCrypto, portableCrypto].slice(0, size === 1 ? 2 : 1)) {
          const verified = verifyFork(decoded.fork, keys, crypto);
          expect(verified).toMatchObject({ ok: true, earlier: { size }, later: { size: later } });
        }
      }
    }
  });

  test("an honest log gives none, however its proofs are bent", async () => {
    for (let size = 1; size < 24; size += 2) {
      const proof = { root: tree.root(size), hashes: tree.consistencyProof(size, 24) };
      const fork = { earlier: await at(size), later: await at(24), proof };
      expect(verifyFork(fork, keys, nodeCrypto)).toMatchObject({ code: "proof.no_fork" });
      const wrong = { ...proof, root: tree.root(size - 1 || 2) };
      expect(verifyFork({ ...fork, proof: wrong }, keys, nodeCrypto)).toMatchObject({
        code: "proof.no_fork",
      });
      const short = { ...proof, hashes: proof.hashes.slice(1) };
      expect(verifyFork({ ...fork, proof: short }, keys, nodeCrypto)).toMatchObject({
        code: "proof.no_fork",
      });
      expect(verifyFork({ ...fork, proof: null }, keys, nodeCrypto)).toMatchObject({ code: "proof.no_fork" });
    }
    const same = { earlier: await at(5), later: await at(5), proof: null };
    expect(verifyFork(same, keys, nodeCrypto)).toMatchObject({ code: "proof.no_fork" });
    const turned = { earlier: await at(9), later: await at(5), proof: null };
    expect(verifyFork(turned, keys, nodeCrypto)).toMatchObject({ code: "proof.no_fork" });
  });

  test("needs both signatures, and one name", async () => {
    const fork = await forkAt(7, otherTree(12, 3));
    const forged = await checkpointOf(otherTree(12, 3), noteSigner(2));
    expect(verifyFork({ ...fork, later: forged }, keys, nodeCrypto)).toMatchObject({
      code: "note.unknown_keys",
    });
    const other = noteSigner(2, "example.com/other");
    const elsewhere = { ...fork, later: await checkpointOf(otherTree(12, 3), other) };
    const verified = verifyFork(elsewhere, [...keys, other.key], nodeCrypto);
    expect(verified).toMatchObject({ code: "proof.no_fork", message: expect.stringContaining("two logs") });
  });

  test("is none where another log took the name: of two bare keys, one has to have signed both", async () => {
    const other = noteSigner(2);
    const fork = await forkAt(7, otherTree(12, 3));
    const framed = { ...fork, later: await checkpointOf(otherTree(12, 3), other) };
    const bare = [signer.key.publicKey, other.key.publicKey];
    expect(verifyFork(framed, bare, nodeCrypto)).toMatchObject({
      code: "proof.no_fork",
      message: expect.stringContaining("no key has signed both"),
    });
    expect(compareCheckpoints([framed.earlier, framed.later], framed.proof, bare, nodeCrypto)).toMatchObject({
      kind: "refused",
      refusal: { code: "proof.no_fork" },
    });
    expect(verifyFork(fork, bare, nodeCrypto).ok).toBe(true);
    // Whoever names both keys as those of this log has said that it is one log.
    expect(verifyFork(framed, [signer.key, other.key], nodeCrypto).ok).toBe(true);
  });

  test("every changed byte refuses it", async () => {
    const bytes = utf8(encodeFork(await forkAt(7, otherTree(12, 3))));
    const holds = (changed: Uint8Array) => {
      const decoded = decodeFork(changed);
      return decoded.ok && verifyFork(decoded.fork, keys, nodeCrypto).ok;
    };
    expect(holds(bytes)).toBe(true);
    for (let place = 0; place < bytes.length; place += 1) {
      for (const mask of [1, 4, 32]) {
        const changed = Uint8Array.from(bytes);
        changed[place]! ^= mask;
        expect(holds(changed)).toBe(false);
      }
    }
  });

  test.each([
    ["nothing", "", "proof.malformed"],
    ["another first line", "fork\n\na\n\nb\n\nc\n\nd\n", "proof.malformed"],
    ["a root that is none", "polity-fork@v1\nroot AAAA\n\na\n\nb\n\nc\n\nd\n", "proof.malformed"],
    [
      "a hash that is none",
      `polity-fork@v1\nroot ${"A".repeat(43)}=\nAA==\n\na\n\nb\n\nc\n\nd\n`,
      "proof.malformed",
    ],
    [
      "too many hashes",
      `polity-fork@v1\nroot ${`${"A".repeat(43)}=\n`.repeat(65)}\na\n\nb\n\nc\n\nd\n`,
      "proof.too_large",
    ],
    ["a checkpoint too many", "polity-fork@v1\n\na\n\nb\n\nc\n\nd\n\ne\n", "proof.malformed"],
    ["too much", "x".repeat(600_000), "proof.too_large"],
  ])("%s is no such file", (_name, text, code) => {
    expect(decodeFork(text)).toMatchObject({ ok: false, code });
  });
});

describe("comparing", () => {
  test("in either order, with the same answer", async () => {
    const other = otherTree(12, 3);
    const proof = { root: other.root(7), hashes: other.consistencyProof(7, 12) };
    const [a, b] = [await at(7), await checkpointOf(other, signer)];
    for (const notes of [
      [a, b],
      [b, a],
    ] as const) {
      const compared = compareCheckpoints(notes, proof, keys, nodeCrypto);
      expect(compared).toMatchObject({ kind: "forked", earlier: { size: 7 }, later: { size: 12 } });
      if (compared.kind !== "forked") continue;
      expect(verifyFork(compared.fork, keys, nodeCrypto).ok).toBe(true);
      expect(compareCheckpoints(notes, null, keys, nodeCrypto)).toMatchObject({ kind: "unproven" });
    }
  });

  test("what continues does, and what nobody has signed is refused by its place", async () => {
    const proof = { root: tree.root(7), hashes: tree.consistencyProof(7, 12) };
    const twelve = await checkpointOf(treeOf(entries.slice(0, 12)), signer);
    const compared = compareCheckpoints([await at(7), twelve], proof, keys, nodeCrypto);
    expect(compared).toMatchObject({ kind: "continues" });
    expect(compareCheckpoints([twelve, twelve], null, keys, nodeCrypto)).toMatchObject({ kind: "continues" });
    const empty = await checkpointOf(treeOf([]), signer);
    expect(compareCheckpoints([empty, twelve], null, keys, nodeCrypto)).toMatchObject({ kind: "continues" });
    const strange = await checkpointOf(tree, noteSigner(2));
    expect(compareCheckpoints([twelve, strange], null, keys, nodeCrypto)).toMatchObject({
      kind: "refused",
      note: 1,
      refusal: { code: "note.unknown_keys" },
    });
    const other = noteSigner(2, "example.com/other");
    const both = [...keys, other.key];
    expect(
      compareCheckpoints([twelve, await checkpointOf(tree, other)], null, both, nodeCrypto),
    ).toMatchObject({
      kind: "refused",
      refusal: { code: "proof.no_fork" },
    });
  });
});
