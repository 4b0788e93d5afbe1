/**
 * The tree as RFC 6962, 2.1 to 2.1.2 defines it, over leaf hashes, with no thought of speed: what the tree of
 * lineage/ is judged by. Nothing here shares code with it, but SHA-256.
 */
import { sha256 } from "@polity/runtime/hash.ts";

export type Hashes = readonly Uint8Array[];

export function node(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(1, ...left, ...right));
}

export function leaf(entry: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(0, ...entry));
}

/** MTH(D[n]). */
export function rootOf(leaves: Hashes): Uint8Array {
  if (leaves.length === 0) return sha256(Uint8Array.of());
  if (leaves.length === 1) return leaves[0]!;
  const k = split(leaves.length);
  return node(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

/** PATH(m, D[n]). */
export function pathOf(m: number, leaves: Hashes): Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...pathOf(m, leaves.slice(0, k)), rootOf(leaves.slice(k))]
    : [...pathOf(m - k, leaves.slice(k)), rootOf(leaves.slice(0, k))];
}

/** PROOF(m, D[n]) for 0 < m < n; empty beyond. */
export function consistencyOf(m: number, leaves: Hashes): Uint8Array[] {
  return m === 0 ? [] : subproof(m, leaves, true);
}

function subproof(m: number, leaves: Hashes, isWhole: boolean): Uint8Array[] {
  if (m === leaves.length) return isWhole ? [] : [rootOf(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), isWhole), rootOf(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), rootOf(leaves.slice(0, k))];
}

function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/**
 * How an inclusion proof is put together, e.g. `(p(Lp))`: L the leaf, p the proof's hashes, innermost first.
 * Claims with the same shape are the same claim, as a root does not say how large its tree is.
 */
export function inclusionShape(index: number, size: number): string {
  if (size === 1) return "L";
  const k = split(size);
  return index < k ? `(${inclusionShape(index, k)}p)` : `(p${inclusionShape(index - k, size - k)})`;
}

/** The same for a consistency proof: of the earlier root, then of the later one; R is the earlier root. */
export function consistencyShape(from: number, to: number): string {
  const [earlier, later] = shapes(from, to, true);
  return `${earlier} ${later}`;
}

function shapes(m: number, n: number, isWhole: boolean): [string, string] {
  if (m === n) return isWhole ? ["R", "R"] : ["p", "p"];
  const k = split(n);
  if (m <= k) {
    const [earlier, later] = shapes(m, k, isWhole);
    return [earlier, `(${later}p)`];
  }
  const [earlier, later] = shapes(m - k, n - k, false);
  return [`(p${earlier})`, `(p${later})`];
}
