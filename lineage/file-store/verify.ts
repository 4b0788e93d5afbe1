/**
 * Checks a log's folder from outside: nothing is believed but a public key or a trust root. Entries are
 * covered by hashes that are signed and openings by the entries, against people; all else in the files by
 * checksums, against accidents. The first thing that is wrong is the answer.
 */
import { join } from "node:path";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { digestName, equalBytes } from "@polity/runtime/hash.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import type { TrustWalk } from "@polity/runtime/trust-walk.ts";
import type { Checkpoint } from "../checkpoint.ts";
import type { Entry } from "../entry.ts";
import { decodeEntry } from "../entry-codec.ts";
import { type NoteKey, noteKey } from "../note.ts";
import { dueAfter, sequenceProblem } from "../sequence.ts";
import { type LogCode, LogError, type LogPlace } from "../store.ts";
import { partialTiles, TILE_WIDTH, tileWidth } from "../tiles.ts";
import { HASH_BYTES, leafHash } from "../tree.ts";
import { makeTreeEdge, type TreeEdge } from "../tree-edge.ts";
import { blame } from "./blame.ts";
import { type Disk, nodeDisk } from "./disk.ts";
import { ioError } from "./disk-errors.ts";
import { expectFolder, expectPath, readOrigin } from "./folder.ts";
import { CHECKPOINT_FILE, NAME_FILE, REQUESTS_FOLDER, strangeNames } from "./layout.ts";
import { lastUpTo } from "./openings.ts";
import { type Published, readPublished } from "./published.ts";
import { damaged, endOf, framesOf, readSegment, segmentFirsts } from "./segment-read.ts";
import { fileOf, makeTileReader, type TileReader } from "./tile-read.ts";
import { makeOpeningsCheck, type OpeningsCheck } from "./verify-openings.ts";

export interface LogSummary {
  readonly origin: string;
  /** Entries. */
  readonly size: number;
  /** `sha256:` and 64 hex digits. */
  readonly root: string;
  /** Earliest and latest time that entries claim, in milliseconds since 1970; null without entries. */
  readonly time: { readonly fromMs: number; readonly toMs: number } | null;
  /** How many entries there are of each kind, in the order in which kinds came first. */
  readonly kinds: ReadonlyMap<string, number>;
  /** Of decisions. */
  readonly verdicts: ReadonlyMap<string, number>;
  /** Entries that commit to a request, and those of them that an opening is there for. */
  readonly commitments: number;
  readonly openings: number;
  /** What a stranger should know and what is nobody's fault. */
  readonly warnings: readonly string[];
}

/** Of an entry that is not what its tile says. */
const APART = "log.other_entry";

export type VerifyResult =
  | ({ readonly ok: true } & LogSummary)
  | { readonly ok: false; readonly error: LogError };

/**
 * Whether the folder is, whole, what the owner of `key` signed, or whom a trust root names for this log:
 * checkpoint, every tile, every entry, each node's count, every opening, and the root. Entries that no
 * checkpoint covers are refused. Parents are not looked up. Reads only, without the writer's lock: what is
 * written meanwhile may show as uncovered, or as a warning about openings. Memory does not grow with
 * entries, only with the number of nodes that wrote them. Never rejects.
 */
export async function verifyLog(
  dir: string,
  key: PublicKey | TrustWalk,
  crypto: CryptoPort,
): Promise<VerifyResult> {
  try {
    expectPath(dir);
    await expectFolder(nodeDisk, dir, false);
    const trusted = "root" in key ? key : (origin: string) => keyOf(origin, key, crypto);
    const published = await readPublished(nodeDisk, dir, trusted, crypto);
    if (published === null) throw unsigned();
    return { ok: true, ...(await verifyFiles(nodeDisk, dir, published, crypto)) };
  } catch (error) {
    return { ok: false, error: ioError(error, dir, "read") };
  }
}

function keyOf(origin: string, publicKey: PublicKey, { sha256 }: CryptoPort): NoteKey {
  const named = noteKey(origin, publicKey, sha256);
  if (named.ok) return named.key;
  throw new LogError("log.bad_origin", named.message, { file: CHECKPOINT_FILE, offset: 0 });
}

async function verifyFiles(
  disk: Disk,
  dir: string,
  published: Published,
  crypto: CryptoPort,
): Promise<LogSummary> {
  const { checkpoint } = published;
  const origin = await readOrigin(disk, dir);
  if (origin !== null && origin !== checkpoint.origin) {
    const message = `a checkpoint of ${checkpoint.origin} in the folder of ${origin}`;
    throw new LogError("log.other_origin", `${message}: restore it from a copy`, {
      file: CHECKPOINT_FILE,
      offset: 0,
    });
  }
  const firsts = await segmentFirsts(disk, dir, "requests");
  const openings = makeOpeningsCheck(disk, dir, checkpoint.origin, firsts);
  const tiles = makeTileReader(disk, dir, () => checkpoint.size, crypto.sha256, null, APART);
  const tally = await verifyEntries(tiles, checkpoint, openings, crypto).catch(async (error: unknown) => {
    throw isUndecided(error) ? await blame(error, disk, dir, checkpoint, crypto.sha256) : error;
  });
  await expectCovered(disk, dir, checkpoint.size);
  const ahead = await openings.expectEnd();
  return {
    origin: checkpoint.origin,
    size: checkpoint.size,
    root: digestName(checkpoint.root),
    time: tally.time,
    kinds: tally.kinds,
    verdicts: tally.verdicts,
    commitments: tally.commitments,
    openings: openings.found(),
    warnings: [
      ...(ahead === null ? [] : [ahead]),
      ...(await warningsOf(disk, dir, published)),
      ...clockWarnings(tally),
    ],
  };
}

/**
 * What is wrong is seen before it is known where: two files say different things, or an entry is not as it
 * should be and was perhaps never signed.
 */
function isUndecided(error: unknown): error is LogError {
  return error instanceof LogError && UNDECIDED.has(error.code);
}

const UNDECIDED: ReadonlySet<LogCode> = new Set<LogCode>([
  APART,
  "log.other_tile",
  "log.entry_invalid",
  "log.opening_mismatch",
]);

interface Tally {
  readonly due: Map<string, number>;
  readonly kinds: Map<string, number>;
  readonly verdicts: Map<string, number>;
  commitments: number;
  time: LogSummary["time"];
  /** Of the last entry of each node. */
  readonly times: Map<string, number>;
  /** Entries that claim to be earlier than the one before them of the same node. */
  clockBack: number;
}

async function verifyEntries(
  tiles: TileReader,
  checkpoint: Checkpoint,
  openings: OpeningsCheck,
  { sha256 }: CryptoPort,
): Promise<Tally> {
  const { size } = checkpoint;
  const edge = makeTreeEdge(sha256);
  const tally: Tally = {
    due: new Map(),
    kinds: new Map(),
    verdicts: new Map(),
    commitments: 0,
    time: null,
    times: new Map(),
    clockBack: 0,
  };
  for (let bundle = 0; bundle * TILE_WIDTH < size; bundle += 1) {
    const width = tileWidth("entries", bundle, size);
    const bodies = await tiles.bundle(bundle, width);
    const file = fileOf({ level: "entries", index: bundle, width });
    for (const [at, body] of bodies.slice(0, width).entries()) {
      const index = bundle * TILE_WIDTH + at;
      const decoded = decodeEntry(body);
      const problem = decoded.ok ? sequenceProblem(tally.due, decoded.entry) : decoded.message;
      if (!decoded.ok || problem !== null) {
        const message = `${problem}: restore the file from a copy, or ask who wrote the log`;
        throw new LogError("log.entry_invalid", message, { file, index });
      }
      await expectTiles(tiles, edge.append(leafHash(body, sha256)));
      count(tally, decoded.entry);
      await openings.expectOpens(decoded.entry, index);
    }
  }
  await expectTiles(tiles, partialTilesOf(edge));
  expectRoot(edge.root(), checkpoint);
  return tally;
}

interface Hashes {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
}

function partialTilesOf(edge: TreeEdge): Hashes[] {
  return partialTiles(edge.size).map(({ level, index }) => {
    return { level: level as number, index, hashes: edge.partial(level as number) };
  });
}

async function expectTiles(tiles: TileReader, expected: readonly Hashes[]): Promise<void> {
  for (const { level, index, hashes } of expected) {
    const width = hashes.length / HASH_BYTES;
    const found = await tiles.hashes(level, index, width);
    if (equalBytes(found.subarray(0, hashes.length), hashes)) continue;
    const file = fileOf({ level, index, width });
    const message = "the hashes are not those of the tiles below: restore the file from a copy";
    throw new LogError("log.other_tile", message, { file });
  }
}

function count(tally: Tally, entry: Entry): void {
  const { at, kind, node } = entry;
  tally.due.set(node, dueAfter(entry));
  tally.kinds.set(kind, (tally.kinds.get(kind) ?? 0) + 1);
  if (at < (tally.times.get(node) ?? at)) tally.clockBack += 1;
  tally.times.set(node, at);
  tally.time = {
    fromMs: Math.min(tally.time?.fromMs ?? at, at),
    toMs: Math.max(tally.time?.toMs ?? at, at),
  };
  if (entry.kind !== "decision") return;
  tally.verdicts.set(entry.verdict, (tally.verdicts.get(entry.verdict) ?? 0) + 1);
  if (entry.request !== null) tally.commitments += 1;
}

function expectRoot(found: Uint8Array, { size, root }: Checkpoint): void {
  if (equalBytes(found, root)) return;
  const message =
    `the ${size} entries are under the root ${digestName(found)}, but the checkpoint of ${size} was signed ` +
    `for ${digestName(root)}: an entry was changed or replaced; restore the file from a copy`;
  throw new LogError("log.other_root", message, { file: CHECKPOINT_FILE });
}

/** What was written ahead of the checkpoint is no damage, but nobody vouches for it. */
async function expectCovered(disk: Disk, dir: string, size: number): Promise<void> {
  const firsts = await segmentFirsts(disk, dir, "wal");
  const from = lastUpTo(firsts, size) ?? size;
  for (const first of firsts) {
    const segment = first < from ? null : await readSegment(disk, dir, "wal", first);
    if (segment === null) continue;
    const frames = framesOf(segment);
    for (let read = frames.next(); ; read = frames.next()) {
      if (!read.done) {
        const { offset, index } = read.value;
        if (index >= size) throw uncovered(size, { file: segment.file, offset, index });
        continue;
      }
      const { offset, dataEnd, isTorn } = endOf(segment, read.value);
      if (dataEnd <= offset) break;
      if (isTorn) throw begun({ file: segment.file, offset });
      throw damaged(segment.file, offset, "no crash leaves such bytes, so they were changed");
    }
  }
}

/** An entry is durable before it is signed: after a crash there may be no signature at all. */
function unsigned(): LogError {
  const advice = "sign one with `pol log checkpoint`; if there was one, restore it from a copy";
  return new LogError("log.uncovered", `there is no checkpoint, so nobody vouches for the log: ${advice}`, {
    file: CHECKPOINT_FILE,
  });
}

function uncovered(size: number, place: LogPlace): LogError {
  const advice = "nobody vouches for it yet; sign a checkpoint with `pol log checkpoint`, or append and sign";
  return new LogError(
    "log.uncovered",
    `the checkpoint covers ${size} entries, and here is one more: ${advice}`,
    place,
  );
}

function begun(place: LogPlace): LogError {
  const what = "behind what the checkpoint covers is the beginning of an entry";
  const advice = "a writer was interrupted, or is at work; sign with `pol log checkpoint` when it is done";
  return new LogError("log.uncovered", `${what}: ${advice}`, place);
}

async function warningsOf(disk: Disk, dir: string, { unknown }: Published): Promise<string[]> {
  const warnings = (await strangeNames(disk, dir)).map(
    (name) => `${name} is no part of the log and was not read`,
  );
  const mode = await disk.folderMode(join(dir, REQUESTS_FOLDER));
  if (mode === null) warnings.push("there are no openings: no request was checked against its commitment");
  // Windows has no such modes.
  else if (process.platform !== "win32" && (mode & 0o077) !== 0) {
    const shown = mode.toString(8);
    warnings.push(
      `${REQUESTS_FOLDER} may be read or changed by others (mode ${shown}): chmod 700 ${REQUESTS_FOLDER}`,
    );
  }
  if ((await readOrigin(disk, dir)) === null) {
    warnings.push(`there is no file ${NAME_FILE}: this is a copy of what is published`);
  }
  if (unknown > 0)
    warnings.push(`${unknown} more signatures on the checkpoint, by keys that are not known here`);
  return warnings;
}

function clockWarnings({ clockBack }: Tally): string[] {
  if (clockBack === 0) return [];
  const entries = clockBack === 1 ? "entry claims" : "entries claim";
  return [
    `${clockBack} ${entries} to be earlier than the one before of the same node: its clock was set back`,
  ];
}
