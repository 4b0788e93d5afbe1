/** Checks proofs about the tree of `tree.ts`, without the tree. */
import { equalBytes, type Sha256 } from "@polity/runtime/hash.ts";
import { emptyRoot, HASH_BYTES, nodeHash } from "./tree.ts";

/** Hashes in a proof: one per level, and sizes stay below 2^63. */
export const PROOF_HASHES_MAX = 63;

export interface InclusionClaim {
  /** Of the leaf, from 0. */
  readonly index: number;
  /** Leaves of the tree that `root` is of. */
  readonly size: number;
  /** The leaf hash, 32 bytes. */
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export interface ConsistencyClaim {
  /** Leaves of the earlier tree. */
  readonly from: number;
  /** Leaves of the later tree. */
  readonly to: number;
  readonly fromRoot: Uint8Array;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Whether the leaf is at `index` of the tree with this size and root (RFC 9162, 2.1.3.2). Never throws. */
export function verifyInclusion(
  claim: InclusionClaim & { readonly root: Uint8Array },
  sha256: Sha256,
): boolean {
  const root = inclusionRoot(claim, sha256);
  return root !== null && isHash(claim.root) && equalBytes(root, claim.root);
}

/**
 * The root that the proof leads to (RFC 9162, 2.1.3.2), or null where index, size and number of hashes cannot
 * belong together: hashes that are missing or left over prove nothing. Never throws.
 */
export function inclusionRoot(claim: InclusionClaim, sha256: Sha256): Uint8Array | null {
  const { index, size, leaf, proof } = claim;
  if (!isCount(size) || !isCount(index) || index >= size) return null;
  if (!isHash(leaf) || !areHashes(proof)) return null;
  let node = index;
  let last = size - 1;
  let root = leaf;
  for (const hash of proof) {
    if (last === 0) return null;
    if (node % 2 === 1 || node === last) {
      root = nodeHash(hash, root, sha256);
      // On the right edge, levels where the node has no sibling are skipped: there it is its own parent.
      while (node % 2 === 0 && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      root = nodeHash(root, hash, sha256);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 ? root : null;
}

/**
 * Whether the tree of `to` leaves begins with the tree of `from` (RFC 9162, 2.1.4.2). Every tree begins with
 * the empty one, and with itself; both take an empty proof. Never throws.
 */
export function verifyConsistency(claim: ConsistencyClaim, sha256: Sha256): boolean {
  const { from, to, fromRoot, toRoot, proof } = claim;
  if (!isCount(from) || !isCount(to) || from > to) return false;
  if (!isHash(fromRoot) || !isHash(toRoot) || !areHashes(proof)) return false;
  if (from === to)
    return proof.length === 0 && equalBytes(fromRoot, toRoot) && isRootOf(from, fromRoot, sha256);
  if (from === 0) return proof.length === 0 && isRootOf(from, fromRoot, sha256);
  let node = from - 1;
  let last = to - 1;
  while (node % 2 === 1) {
    node = half(node);
    last = half(last);
  }
  // The earlier tree is one complete subtree where `node` has become 0: then its root is where both begin.
  const path = node === 0 ? [fromRoot, ...proof] : proof;
  const start = path[0];
  if (start === undefined) return false;
  let earlier = start;
  let later = start;
  for (let at = 1; at < path.length; at += 1) {
    const hash = path[at]!;
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      earlier = nodeHash(hash, earlier, sha256);
      later = nodeHash(hash, later, sha256);
      while (node % 2 === 0 && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      later = nodeHash(later, hash, sha256);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && equalBytes(earlier, fromRoot) && equalBytes(later, toRoot);
}

/** The root of the empty tree is known; any hash may be that of another. */
function isRootOf(size: number, root: Uint8Array, sha256: Sha256): boolean {
  return size > 0 || equalBytes(root, emptyRoot(sha256));
}

/** Shifting would cut sizes to 32 bits. */
function half(value: number): number {
  return Math.floor(value / 2);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isHash(value: Uint8Array): boolean {
  return ArrayBuffer.isView(value) && value.length === HASH_BYTES && value.byteLength === HASH_BYTES;
}

function areHashes(proof: readonly Uint8Array[]): boolean {
  if (!Array.isArray(proof) || proof.length > PROOF_HASHES_MAX) return false;
  for (const hash of proof) if (!isHash(hash)) return false;
  return true;
}
