/** The Merkle tree of RFC 6962, 2.1 (the same in RFC 9162, 2.1), over SHA-256. */
import type { Sha256 } from "@polity/runtime/hash.ts";

export const HASH_BYTES = 32;

/** A stored chunk is as large as a tile of published logs: 256 hashes. */
const CHUNK_HASHES = 256;

/** Grows by one leaf at a time; answers for every size that it has had. */
export interface Tree {
  /** Leaves. */
  readonly size: number;
  /** Takes a leaf hash of 32 bytes (`leafHash`), not an entry. */
  readonly append: (leaf: Uint8Array) => void;
  /** Of the first `size` leaves; of all where no size is given. */
  readonly root: (size?: number) => Uint8Array;
  /** RFC 6962, 2.1.1: for the leaf at `index` among the first `size`; the leaf's sibling comes first. */
  readonly inclusionProof: (index: number, size: number) => Uint8Array[];
  /** RFC 6962, 2.1.2: that the first `to` leaves begin with the first `from`; empty for 0 and for `to`. */
  readonly consistencyProof: (from: number, to: number) => Uint8Array[];
}

/** What is hashed is put together here: to allocate it takes as long as to hash it. */
const leafBytes = new Uint8Array(8 * 1024);
const nodeBytes = new Uint8Array(1 + 2 * HASH_BYTES);
nodeBytes[0] = 1;

/** The hash of a leaf: of the byte 0 and the entry, so that no entry can pass for a node. */
export function leafHash(entry: Uint8Array, sha256: Sha256): Uint8Array {
  const sizeBytes = 1 + entry.length;
  const bytes = sizeBytes > leafBytes.length ? new Uint8Array(sizeBytes) : leafBytes.subarray(0, sizeBytes);
  bytes.set(entry, 1);
  return sha256(bytes);
}

/** The hash of a node: of the byte 1 and the hashes of its two children. */
export function nodeHash(left: Uint8Array, right: Uint8Array, sha256: Sha256): Uint8Array {
  nodeBytes.set(left, 1);
  nodeBytes.set(right, 1 + HASH_BYTES);
  return sha256(nodeBytes);
}

/** The root of a tree without leaves: the hash of nothing. */
export function emptyRoot(sha256: Sha256): Uint8Array {
  return sha256(new Uint8Array(0));
}

/**
 * An empty tree. It keeps the hash of every complete subtree, 64 bytes per leaf, so that roots and proofs of
 * all earlier sizes take O(log n) hashes. A RangeError means a bug of the caller: a leaf that is no hash, a
 * size that the tree never had, an index beyond the size.
 */
export function makeTree(sha256: Sha256): Tree {
  const state: State = { sha256, levels: [{ chunks: [], count: 0 }] };
  return {
    get size() {
      return sizeOf(state);
    },
    append: (leaf) => append(state, leaf),
    root: (size = sizeOf(state)) => {
      expectWithin("size", size, sizeOf(state));
      return size === 0 ? emptyRoot(sha256) : rangeHash(state, 0, size);
    },
    inclusionProof: (index, size) => inclusionProof(state, index, size),
    consistencyProof: (from, to) => consistencyProof(state, from, to),
  };
}

/** The hashes of the complete subtrees with 2^level leaves, from the left. */
interface Level {
  readonly chunks: Uint8Array[];
  count: number;
}

interface State {
  readonly sha256: Sha256;
  readonly levels: Level[];
}

function sizeOf(state: State): number {
  return state.levels[0]!.count;
}

function append(state: State, leaf: Uint8Array): void {
  if (leaf.length !== HASH_BYTES) throw new RangeError(`a leaf hash has 32 bytes, not ${leaf.length}`);
  let hash = leaf;
  for (let height = 0; ; height += 1) {
    if (state.levels.length === height) state.levels.push({ chunks: [], count: 0 });
    const level = state.levels[height]!;
    push(level, hash);
    // A node is complete, and stored, once its second child is.
    if (level.count % 2 === 1) return;
    hash = nodeHash(stored(level, level.count - 2), hash, state.sha256);
  }
}

function push(level: Level, hash: Uint8Array): void {
  const at = level.count % CHUNK_HASHES;
  if (at === 0) level.chunks.push(new Uint8Array(CHUNK_HASHES * HASH_BYTES));
  level.chunks.at(-1)!.set(hash, at * HASH_BYTES);
  level.count += 1;
}

/** A copy: what the tree keeps must not be within the caller's reach. */
function stored(level: Level, index: number): Uint8Array {
  const at = (index % CHUNK_HASHES) * HASH_BYTES;
  return level.chunks[Math.floor(index / CHUNK_HASHES)]!.slice(at, at + HASH_BYTES);
}

/** The hash over `width` leaves from `begin`, where `begin` is a multiple of the next power of two. */
function rangeHash(state: State, begin: number, width: number): Uint8Array {
  let height = 0;
  let power = 1;
  for (; power < width; power *= 2) height += 1;
  if (power === width) return stored(state.levels[height]!, begin / power);
  const left = power / 2;
  return nodeHash(
    stored(state.levels[height - 1]!, begin / left),
    rangeHash(state, begin + left, width - left),
    state.sha256,
  );
}

function inclusionProof(state: State, index: number, size: number): Uint8Array[] {
  expectWithin("size", size, sizeOf(state));
  expectWithin("index", index, size - 1);
  const hashes: Uint8Array[] = [];
  let begin = 0;
  let width = size;
  while (width > 1) {
    const left = leftWidth(width);
    if (index < begin + left) {
      hashes.push(rangeHash(state, begin + left, width - left));
      width = left;
    } else {
      hashes.push(rangeHash(state, begin, left));
      begin += left;
      width -= left;
    }
  }
  return hashes.reverse();
}

function consistencyProof(state: State, from: number, to: number): Uint8Array[] {
  expectWithin("size", to, sizeOf(state));
  expectWithin("earlier size", from, to);
  if (from === 0 || from === to) return [];
  const hashes: Uint8Array[] = [];
  let begin = 0;
  let width = to;
  while (begin + width !== from) {
    const left = leftWidth(width);
    if (from <= begin + left) {
      hashes.push(rangeHash(state, begin + left, width - left));
      width = left;
    } else {
      hashes.push(rangeHash(state, begin, left));
      begin += left;
      width -= left;
    }
  }
  // Whoever knows the earlier root knows this hash where it is that root, and only there.
  if (begin > 0) hashes.push(rangeHash(state, begin, width));
  return hashes.reverse();
}

/** The largest power of two below `width`: how many leaves the left child of a node has. */
function leftWidth(width: number): number {
  let power = 1;
  while (power * 2 < width) power *= 2;
  return power;
}

function expectWithin(what: string, value: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value <= max) return;
  const range = max < 0 ? "but there is none in an empty tree" : `not an integer from 0 to ${max}`;
  throw new RangeError(`the ${what} is ${value}, ${range}`);
}
