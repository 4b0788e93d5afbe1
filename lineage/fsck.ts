/**
 * Checks the files of a published log against each other: every tile and the root are derived from the
 * bundles of entries alone. It goes on after what it finds, and says of each thing which file is wrong.
 */
import { digestName, equalBytes, type Sha256 } from "@polity/runtime/hash.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { decodeEntry } from "./entry-codec.ts";
import type { Finding } from "./finding.ts";
import { judge, type Suspect } from "./fsck-judge.ts";
import type { ReadEntry } from "./read-entries.ts";
import { makeRollingRoot } from "./rolling-root.ts";
import { dueAfter, sequenceProblem } from "./sequence.ts";
import { type LogCode, LogError } from "./store.ts";
import { readTile, type TileSource } from "./tile-source.ts";
import { openTileTree, subtreeHash, type TileTree } from "./tile-tree.ts";
import {
  BUNDLE_BYTES_MAX,
  decodeEntryBundle,
  parseTilePath,
  TILE_LEVELS,
  TILE_WIDTH,
  type Tile,
  tileAt,
  tilePath,
} from "./tiles.ts";
import { HASH_BYTES, leafHash } from "./tree.ts";

export interface FsckSource extends TileSource {
  /** Names in a folder, such as `tile/0/000.p`; none where there is no such folder. A server cannot tell. */
  readonly names?: (folder: string) => Promise<readonly string[]>;
}

export interface FsckOptions {
  readonly sha256: Sha256;
  readonly onFinding: (finding: Finding) => void;
  /** With each entry that can be read, in order. */
  readonly onEntry?: (read: ReadEntry) => Promise<void> | void;
}

export interface Fscked {
  /** `sha256:` and 64 hex digits: of the tree over the entries as they are in the bundles. */
  readonly root: string;
  /** Files that were looked at. */
  readonly files: number;
}

/** Suspects whose bytes are kept for judging them; of more, only the first ones are named. */
const SUSPECTS_MAX = 64;

interface Run extends FsckOptions {
  readonly source: FsckSource;
  readonly size: number;
  readonly suspects: Suspect[];
  readonly due: Map<string, number>;
  /** Whether entries could not be read: then a node goes on from wherever it is seen next. */
  hasHole: boolean;
  files: number;
}

/** `checkpoint` is believed as it is: whoever calls this looked at its signature. */
export async function fsckTiles(
  source: FsckSource,
  checkpoint: Checkpoint,
  options: FsckOptions,
): Promise<Fscked> {
  const { size, root } = checkpoint;
  const { sha256, onFinding } = options;
  const run: Run = { ...options, source, size, suspects: [], due: new Map(), hasHole: false, files: 0 };
  const rolling = makeRollingRoot(sha256);
  let row = await deriveLeaves(run, rolling.append);
  for (let level = 1; level < TILE_LEVELS && row.length > 0; level += 1)
    row = await deriveLevel(run, level, row);
  const derived = rolling.root();
  const isRight = equalBytes(derived, root);
  const tree = isRight ? null : await openTree(run, checkpoint);
  const named = new Set(run.suspects.map(({ tile }) => tilePath(tile)));
  const isSuspect = (tile: Tile) => named.has(tilePath(tile));
  let found = 0;
  for (const suspect of run.suspects) {
    for (const finding of await judge(suspect, isRight ? "derived" : tree, isSuspect, sha256)) {
      onFinding(finding);
      found += 1;
    }
  }
  if (!isRight && found === 0) {
    const message =
      `the entries are under the root ${digestName(derived)}, and all tiles agree, but the checkpoint of ` +
      `${size} entries was signed for ${digestName(root)}: the log was rewritten, or this checkpoint is ` +
      "another log's; restore a copy, and keep both as evidence";
    onFinding({ code: "log.other_root", message, file: "checkpoint", offset: null, index: null });
  }
  return { root: digestName(derived), files: run.files };
}

/** Null where not even the right edge of the tree leads to the root. */
async function openTree(run: Run, checkpoint: Checkpoint): Promise<TileTree | null> {
  try {
    return await openTileTree(run.source, checkpoint, { sha256: run.sha256 });
  } catch (error) {
    if (error instanceof LogError) return null;
    throw error;
  }
}

/** Looks at all bundles and tiles of level 0; the hashes of the full tiles. */
async function deriveLeaves(run: Run, append: (leaf: Uint8Array) => void): Promise<Uint8Array[]> {
  const row: Uint8Array[] = [];
  for (let index = 0; ; index += 1) {
    const bundle = tileAt("entries", index, run.size);
    if (bundle === null) return row;
    const tile: Tile = { ...bundle, level: 0 };
    const kept = await readFile(run, tile);
    const found = await readFile(run, bundle);
    const entries = found === null ? null : await readBundle(run, bundle, found, kept?.bytes ?? null);
    const leaves = (entries ?? []).map((entry) => leafHash(entry, run.sha256));
    const derived = joined(leaves);
    // What is not there is taken as the tile has it: the other files are judged all the same.
    const isWhole = leaves.length === bundle.width;
    const keptBytes = kept === null ? [] : [kept.bytes];
    if (!isWhole) makeHole(run);
    const used = isWhole ? derived : (kept?.bytes ?? derived);
    for (let at = 0; at < used.length; at += HASH_BYTES) append(used.slice(at, at + HASH_BYTES));
    if (used.length === TILE_WIDTH * HASH_BYTES) row.push(subtreeHash(used, 0, TILE_WIDTH, run.sha256));
    if (kept !== null && found !== null && !equalBytes(kept.bytes, derived)) {
      suspect(run, { tile, kept, derived, bundle: { ...found, entries: entries ?? [] } });
    }
    await comparePartials(run, tile, isWhole ? [derived, ...keptBytes] : keptBytes);
  }
}

async function deriveLevel(run: Run, level: number, hashes: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const row: Uint8Array[] = [];
  for (let first = 0; first < hashes.length; first += TILE_WIDTH) {
    const some = hashes.slice(first, first + TILE_WIDTH);
    const tile: Tile = { level, index: first / TILE_WIDTH, width: some.length };
    const derived = joined(some);
    const kept = await readFile(run, tile);
    if (kept !== null && !equalBytes(kept.bytes, derived))
      suspect(run, { tile, kept, derived, bundle: null });
    if (some.length === TILE_WIDTH) row.push(subtreeHash(derived, 0, TILE_WIDTH, run.sha256));
    await comparePartials(run, tile, kept === null ? [derived] : [derived, kept.bytes]);
  }
  return row;
}

function joined(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  for (const [at, hash] of hashes.entries()) bytes.set(hash, at * HASH_BYTES);
  return bytes;
}

function suspect(run: Run, found: Suspect): void {
  if (run.suspects.length < SUSPECTS_MAX) run.suspects.push(found);
}

/** The part of a file that belongs to the tree; null where the file is not there, or cannot be one. */
async function readFile(
  run: Run,
  tile: Tile,
): Promise<{ readonly path: string; readonly width: number; readonly bytes: Uint8Array } | null> {
  const unit = tile.level === "entries" ? BUNDLE_BYTES_MAX / TILE_WIDTH : HASH_BYTES;
  try {
    const found = await readTile(run.source, tile, (width) => width * unit);
    run.files += 1;
    if (tile.level === "entries") return found;
    if (found.bytes.length === found.width * HASH_BYTES) {
      return { ...found, bytes: found.bytes.slice(0, tile.width * HASH_BYTES) };
    }
    const message = `${found.bytes.length} bytes, and ${found.width} hashes have ${found.width * HASH_BYTES}`;
    report(run, "log.malformed", message, { file: found.path });
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    report(run, error.code, messageOf(error), { file: error.file });
  }
  return null;
}

/** Without the place, which a finding has on its own. */
function messageOf({ message, file }: LogError): string {
  return file !== null && message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message;
}

function report(
  run: Run,
  code: LogCode,
  message: string,
  place: Partial<Pick<Finding, "file" | "offset" | "index">>,
) {
  run.onFinding({
    code,
    message,
    file: place.file ?? null,
    offset: place.offset ?? null,
    index: place.index ?? null,
  });
}

/** The entries of a bundle, as far as they can be told apart; each is shown to whoever wants to see it. */
async function readBundle(
  run: Run,
  tile: Tile,
  { path, width, bytes }: { readonly path: string; readonly width: number; readonly bytes: Uint8Array },
  kept: Uint8Array | null,
): Promise<Uint8Array[]> {
  const decoded = decodeEntryBundle(bytes, width);
  const entries = decoded.entries.slice(0, tile.width);
  let offset = 0;
  for (const [at, entry] of entries.entries()) {
    const index = tile.index * TILE_WIDTH + at;
    const leaf = leafHash(entry, run.sha256);
    const isSigned = kept === null || equalBytes(leaf, kept.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
    // Behind the first entry that is another one, bytes may be cut in the wrong places.
    if (!isSigned) {
      makeHole(run);
      return entries;
    }
    await showEntry(run, { index, bytes: entry, leaf }, { file: path, offset, index });
    offset += 2 + entry.length;
  }
  if (!decoded.ok) report(run, "log.malformed", decoded.message, { file: path, offset: decoded.offset });
  else await comparePartials(run, tile, [bytes]);
  return entries;
}

function makeHole(run: Run): void {
  run.hasHole = true;
  run.due.clear();
}

async function showEntry(
  run: Run,
  { index, bytes, leaf }: Omit<ReadEntry, "entry">,
  place: Pick<Finding, "file" | "offset" | "index">,
): Promise<void> {
  const decoded = decodeEntry(bytes);
  if (!decoded.ok) {
    const where = decoded.path === "" ? "" : `${decoded.path}: `;
    return report(run, "log.entry_invalid", `${where}${decoded.message}`, place);
  }
  const { entry } = decoded;
  const isNext = run.hasHole && !run.due.has(entry.node);
  const problem = isNext ? null : sequenceProblem(run.due, entry);
  if (problem !== null) report(run, "log.entry_invalid", problem, place);
  run.due.set(entry.node, dueAfter(entry));
  await run.onEntry?.({ index, bytes, leaf, entry });
}

/**
 * Partial tiles of earlier sizes may still be there: each is the beginning of what came later. Where it is
 * not known yet which of two is right, either will do.
 */
async function comparePartials(run: Run, tile: Tile, later: readonly Uint8Array[]): Promise<void> {
  const folder = `${tilePath({ ...tile, width: TILE_WIDTH })}.p`;
  for (const name of (await run.source.names?.(folder)) ?? []) {
    const path = `${folder}/${name}`;
    const earlier = parseTilePath(path);
    if (earlier === null || earlier.width >= tile.width) continue;
    const expected = later.map((bytes) => beginning(bytes, tile.level, earlier.width));
    const bytesMax = Math.max(0, ...expected.map(({ length }) => length));
    const found = await run.source.read(path, bytesMax + 1).catch((error: unknown) => {
      if (error instanceof LogError) return new Uint8Array(bytesMax + 1);
      throw error;
    });
    run.files += 1;
    if (found === null || expected.length === 0) continue;
    if (expected.some((bytes) => equalBytes(found, bytes))) continue;
    const offset = Math.max(...expected.map((bytes) => firstDifference(found, bytes)));
    const message = "it is not the beginning of the tile that took its place: the file was changed";
    report(run, "log.other_tile", message, { file: path, offset });
  }
}

function beginning(bytes: Uint8Array, level: Tile["level"], width: number): Uint8Array {
  if (level !== "entries") return bytes.subarray(0, width * HASH_BYTES);
  let end = 0;
  for (let at = 0; at < width; at += 1) end += 2 + bytes[end]! * 256 + bytes[end + 1]!;
  return bytes.subarray(0, end);
}

function firstDifference(found: Uint8Array, expected: Uint8Array): number {
  let at = 0;
  while (at < found.length && at < expected.length && found[at] === expected[at]) at += 1;
  return at;
}
