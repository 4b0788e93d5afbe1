/** Which of two files that contradict each other is wrong, and from which byte on. */
import { digestName, equalBytes, type Sha256 } from "@polity/runtime/hash.ts";
import type { Finding } from "./finding.ts";
import { LogError } from "./store.ts";
import { subtreeHash, type TileTree } from "./tile-tree.ts";
import { TILE_WIDTH, type Tile, tilePath } from "./tiles.ts";
import { HASH_BYTES, leafHash } from "./tree.ts";

/** A tile that does not have the hashes of what is below it. */
export interface Suspect {
  readonly tile: Tile;
  /** The file, as far as it belongs to the tree. */
  readonly kept: { readonly path: string; readonly bytes: Uint8Array };
  /** What the entries give. */
  readonly derived: Uint8Array;
  /** At level 0, where the hashes come from. */
  readonly bundle: {
    readonly path: string;
    readonly bytes: Uint8Array;
    readonly entries: readonly Uint8Array[];
  } | null;
}

/**
 * `trust` is what leads to the signed root: the entries (`derived`), the tiles, or null where neither does.
 * `isSuspect`: a tile contradicts what is below it. Where a tile is right, what is below it and contradicts
 * nothing below itself was changed with all of that.
 */
export async function judge(
  suspect: Suspect,
  trust: "derived" | TileTree | null,
  isSuspect: (tile: Tile) => boolean,
  sha256: Sha256,
): Promise<Finding[]> {
  const { tile, kept, derived, bundle } = suspect;
  // Where entries are missing, the tile stood in for them on the way to the root.
  const isWhole = derived.length === kept.bytes.length;
  const right = trust === "derived" ? (isWhole ? "derived" : "kept") : await rightOf(suspect, trust, sha256);
  switch (right) {
    case "derived":
      return [wrongTile(kept, derived)];
    case "kept":
      if (bundle === null) return wrongBelow(suspect, isSuspect);
      return wrongBundle(tile, kept.bytes, bundle, sha256);
    case "neither": {
      const what = bundle === null ? "what is below it" : `the entries of ${bundle.path}`;
      const message = `its hashes are not those of ${what}, and neither leads to the root that was signed`;
      return [
        { code: "log.other_tile", message: restore(message), file: kept.path, offset: null, index: null },
      ];
    }
  }
}

async function rightOf(
  { tile, kept, derived }: Suspect,
  tree: TileTree | null,
  sha256: Sha256,
): Promise<"derived" | "kept" | "neither"> {
  if (tree === null) return "neither";
  // The right edge led to the root when the tree was opened.
  if (tile.width < TILE_WIDTH) return "kept";
  let above: Uint8Array;
  try {
    above = await tree.hashes(Number(tile.level) + 1, Math.floor(tile.index / TILE_WIDTH));
  } catch (error) {
    if (error instanceof LogError) return "neither";
    throw error;
  }
  const at = (tile.index % TILE_WIDTH) * HASH_BYTES;
  const expected = above.subarray(at, at + HASH_BYTES);
  const leads = (hashes: Uint8Array) =>
    hashes.length === TILE_WIDTH * HASH_BYTES &&
    equalBytes(subtreeHash(hashes, 0, TILE_WIDTH, sha256), expected);
  if (leads(kept.bytes)) return "kept";
  return leads(derived) ? "derived" : "neither";
}

/** Only full tiles have a hash above them. */
function wrongBelow({ tile, kept, derived }: Suspect, isSuspect: (tile: Tile) => boolean): Finding[] {
  const found: Finding[] = [];
  for (let at = 0; at < kept.bytes.length; at += HASH_BYTES) {
    const [above, given] = [kept.bytes, derived].map((hashes) => hashes.subarray(at, at + HASH_BYTES));
    const index = tile.index * TILE_WIDTH + at / HASH_BYTES;
    const below: Tile = { level: Number(tile.level) - 1, index, width: TILE_WIDTH };
    if (equalBytes(above!, given!) || isSuspect(below)) continue;
    const message =
      `its hashes lead to ${digestName(given!)}, and ${digestName(above!)} was signed: ` +
      "it was changed together with what is below it";
    const file = tilePath(below);
    found.push({ code: "log.other_tile", message: restore(message), file, offset: null, index: null });
  }
  return found;
}

function wrongTile({ path, bytes }: Suspect["kept"], derived: Uint8Array): Finding {
  let offset = 0;
  while (offset < bytes.length && bytes[offset] === derived[offset]) offset += 1;
  const [found, given] = [hex(bytes[offset]), hex(derived[offset])];
  const message = `this byte is ${found}, and what is below the tile gives ${given}`;
  return { code: "log.other_tile", message: restore(message), file: path, offset, index: null };
}

function wrongBundle(
  tile: Tile,
  signed: Uint8Array,
  { path, bytes, entries }: NonNullable<Suspect["bundle"]>,
  sha256: Sha256,
): Finding[] {
  let offset = 0;
  for (const [at, entry] of entries.entries()) {
    const leaf = leafHash(entry, sha256);
    const expected = signed.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
    if (!equalBytes(leaf, expected)) {
      const index = tile.index * TILE_WIDTH + at;
      return [otherEntry({ path, bytes, entry, leaf, expected, offset, index }, signed, sha256)];
    }
    offset += 2 + entry.length;
  }
  // All entries that can be told apart are right: what is behind them was found when they were read.
  return [];
}

interface Other {
  readonly path: string;
  /** The whole bundle. */
  readonly bytes: Uint8Array;
  readonly entry: Uint8Array;
  readonly leaf: Uint8Array;
  readonly expected: Uint8Array;
  readonly offset: number;
  readonly index: number;
}

function otherEntry(other: Other, signed: Uint8Array, sha256: Sha256): Finding {
  const { path, leaf, expected, offset, index } = other;
  const both = `the leaf hash of these bytes is ${digestName(leaf)}, and ${digestName(expected)} was signed`;
  const changed = changedByte(other, sha256);
  if (changed !== null) {
    const message = `this byte is ${hex(changed.found)} and was ${hex(changed.was)}: ${both}`;
    return { code: "log.other_entry", message: restore(message), file: path, offset: changed.offset, index };
  }
  const elsewhere = placeOf(leaf, signed);
  const what = elsewhere === null ? "the entry was rewritten" : "entries were put in another order";
  const message = `${what}: ${both}`;
  return { code: "log.other_entry", message: restore(message), file: path, offset, index };
}

function placeOf(leaf: Uint8Array, signed: Uint8Array): number | null {
  for (let at = 0; at < signed.length; at += HASH_BYTES) {
    if (equalBytes(leaf, signed.subarray(at, at + HASH_BYTES))) return at / HASH_BYTES;
  }
  return null;
}

/** So many bytes are hashed in search of the one that was changed: a second or two. */
const SEARCH_BYTES_MAX = 500_000_000;

interface ChangedByte {
  readonly offset: number;
  readonly found: number;
  readonly was: number;
}

/** The one byte that makes the entry, or its length, what was signed; null where no single one does. */
function changedByte({ bytes, entry, expected, offset }: Other, sha256: Sha256): ChangedByte | null {
  for (const at of [offset, offset + 1]) {
    for (let was = 0; was < 256; was += 1) {
      const [high, low] = at === offset ? [was, bytes[offset + 1]!] : [bytes[offset]!, was];
      const end = offset + 2 + high * 256 + low;
      if (was === bytes[at] || end > bytes.length) continue;
      if (equalBytes(leafHash(bytes.subarray(offset + 2, end), sha256), expected)) {
        return { offset: at, found: bytes[at]!, was };
      }
    }
  }
  const tried = new Uint8Array(1 + entry.length);
  tried.set(entry, 1);
  if (256 * entry.length * entry.length > SEARCH_BYTES_MAX) return null;
  for (const [at, found] of entry.entries()) {
    for (let was = 0; was < 256; was += 1) {
      tried[at + 1] = was;
      if (was !== found && equalBytes(sha256(tried), expected))
        return { offset: offset + 2 + at, found, was };
    }
    tried[at + 1] = found;
  }
  return null;
}

function hex(byte: number | undefined): string {
  return byte === undefined ? "missing" : `0x${byte.toString(16).padStart(2, "0")}`;
}

function restore(message: string): string {
  return `${message}; restore the file from a copy`;
}
