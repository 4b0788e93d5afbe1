/** The root of a growing tree (RFC 6962, 2.1) from its right edge alone: for checking, not for proofs. */
import type { Sha256 } from "@polity/runtime/hash.ts";
import { emptyRoot, nodeHash } from "./tree.ts";

export interface RollingRoot {
  readonly append: (leaf: Uint8Array) => void;
  /** Of all leaves so far. */
  readonly root: () => Uint8Array;
}

export function makeRollingRoot(sha256: Sha256): RollingRoot {
  /** Roots of complete subtrees, the largest first: one for each 1 in the binary form of the size. */
  const peaks: Uint8Array[] = [];
  let size = 0;
  return {
    append: (leaf) => {
      let hash = leaf;
      for (let count = size; count % 2 === 1; count = (count - 1) / 2)
        hash = nodeHash(peaks.pop()!, hash, sha256);
      peaks.push(hash);
      size += 1;
    },
    root: () =>
      size === 0 ? emptyRoot(sha256) : peaks.reduceRight((right, left) => nodeHash(left, right, sha256)),
  };
}
