/** Puts a writer together from what is in the folder. */
import { join } from "node:path";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { dueAfter } from "../sequence.ts";
import type { LogStore } from "../store.ts";
import { TILE_WIDTH } from "../tiles.ts";
import { leafHash } from "../tree.ts";
import type { Disk } from "./disk.ts";
import { ioError } from "./disk-errors.ts";
import { makeParts } from "./folder.ts";
import { type Integrator, makeIntegrator } from "./integrate.ts";
import { RECOVERED_BYTES_MAX, REQUESTS_SEGMENT_BYTES_MAX, WAL_SEGMENT_BYTES_MAX } from "./limits.ts";
import type { Lock } from "./lock.ts";
import type { LogState } from "./log-state.ts";
import { finishMerging, mergeOpenings } from "./merge-openings.ts";
import { type Counters, countSync, countTime, type LogMetrics, makeCounters } from "./metrics.ts";
import { makePublisher, type Publishing, type Signing, witnessedLog } from "./publish.ts";
import type { Published } from "./published.ts";
import { makeQueue } from "./queue.ts";
import { makeReading } from "./read-log.ts";
import { expectBegins, type Reconciled, reconcile } from "./reconcile.ts";
import {
  type Cut,
  expectEntry,
  type Found,
  otherTree,
  type Scan,
  scanSegments,
  uncoveredFrames,
} from "./recover.ts";
import { makeReserve } from "./reserve.ts";
import { hasRoot, type RightEdge, readRightEdge } from "./right-edge.ts";
import { segmentName } from "./segment-read.ts";
import { makeSegmentWriter } from "./segment-write.ts";
import { readSequences } from "./sequences-file.ts";
import { makeTileFiles } from "./tile-files.ts";
import { makeTileReader, type TileReader } from "./tile-read.ts";
import { makeTileTree } from "./tile-tree.ts";
import { makeWriter, makeWriting, stop, type Writer } from "./write-log.ts";

export interface WritingParts {
  readonly disk: Disk;
  readonly dir: string;
  readonly origin: string;
  readonly crypto: CryptoPort;
  readonly lock: Lock;
  readonly published: Published | null;
  readonly signing: Signing | null;
  readonly checkpointMs: number;
  readonly heartbeatMs: number;
}

interface Opened {
  readonly store: LogStore;
  readonly recoveredBytes: number;
  readonly nextSeq: (node: string) => number;
  readonly metrics: () => LogMetrics;
}

/** Nothing is changed before all of it was looked at. */
export async function openWriting(parts: WritingParts): Promise<Opened> {
  const { disk, dir, origin, crypto, signing } = parts;
  const { published, anchored, ahead } = await reconciled(parts);
  const covered = published?.checkpoint.size ?? 0;
  const tiles = makeTileReader(disk, dir, () => covered, crypto.sha256, null);
  const rightEdge = await expectTree(parts, published, tiles);
  const counted = await countedSequences(parts, tiles, covered);
  await finishMerging(disk, dir);
  const scan = { disk, dir, origin, covered };
  const found = await scanSegments(scan);
  const counters = makeCounters(counted.atMax);
  const due = new Map(counted.due);
  const bodies = await expectEntries(scan, found, { counters, due });
  await makeParts(disk, dir);
  const writer = makeParted({ ...parts, published }, anchored, rightEdge, found, { counters, due, counted });
  await cutSegments(parts, found, writer);
  await mergeOpenings(disk, dir, origin, writer.requests.firsts);
  const left = { ...found, walFirsts: [...writer.wal.firsts] };
  for await (const body of bodies ?? uncoveredBodies(scan, left)) {
    writer.integrator.take(body, leafHash(body, crypto.sha256));
    // Tiles follow once the log is open; a writer that was interrupted had seldom more than this to write.
    await writer.integrator.roomy(RECOVERED_BYTES_MAX);
  }
  counters.recoveryTruncatedBytes = found.tornBytes;
  if (ahead !== null && signing?.anchor != null) {
    const { edge } = writer.integrator;
    const { root } = makeTileTree(writer.state.tiles.hashes, crypto.sha256);
    await expectBegins(signing.anchor, ahead, published, edge.size, root);
  }
  // What a witness has seen cannot be taken back.
  if (signing?.witnesses) {
    const log = witnessedLog(writer.state, signing.key, writer.integrator);
    await signing.witnesses.expectNotAhead(log);
  }
  await writer.reserve.hold(0);
  writer.integrator.begin();
  return {
    store: storeOf(writer),
    recoveredBytes: found.tornBytes,
    nextSeq: (node) => writer.queue.sequences.get(node) ?? 0,
    metrics: () => metricsOf(writer),
  };
}

async function reconciled({
  disk,
  dir,
  origin,
  crypto,
  signing,
  published,
}: WritingParts): Promise<Reconciled> {
  if (signing === null || signing.anchor === null) return { published, anchored: null, ahead: null };
  const { key, anchor, witnesses } = signing;
  const context = { disk, dir, origin, crypto, key, mayPublish: witnesses === null };
  return reconcile(context, anchor, published);
}

/**
 * Only to see that they are entries that continue each node's count, before anything is changed. Their bytes,
 * unless there are too many of them.
 */
async function expectEntries(
  scan: Scan,
  found: Found,
  { counters, due }: Pick<Recovered, "counters" | "due">,
): Promise<readonly Uint8Array[] | null> {
  let bodies: Uint8Array[] | null = [];
  let sizeBytes = 0;
  for await (const { file, frame } of uncoveredFrames(scan, found)) {
    countTime(counters, expectEntry(file, frame, due).at);
    sizeBytes += frame.body.length;
    if (sizeBytes > RECOVERED_BYTES_MAX) bodies = null;
    // A copy: what was read shares memory with a whole segment.
    bodies?.push(new Uint8Array(frame.body));
  }
  return bodies;
}

async function* uncoveredBodies(scan: Scan, found: Found): AsyncGenerator<Uint8Array> {
  for await (const { frame } of uncoveredFrames(scan, found)) yield new Uint8Array(frame.body);
}

async function expectTree(
  { crypto }: WritingParts,
  published: Published | null,
  tiles: TileReader,
): Promise<RightEdge> {
  const size = published?.checkpoint.size ?? 0;
  const rightEdge = await readRightEdge(tiles, size, crypto.sha256);
  if (published === null || hasRoot(rightEdge, size, published.checkpoint.root)) return rightEdge;
  throw otherTree(size);
}

interface Counted {
  /** Entries for which the file was right. */
  readonly size: number;
  readonly atMax: number | null;
  readonly due: ReadonlyMap<string, number>;
}

/** Of the entries that a checkpoint covers; only those that came after the file was written are read. */
async function countedSequences(
  { disk, dir, crypto }: WritingParts,
  tiles: TileReader,
  covered: number,
): Promise<Counted> {
  const kept = await readSequences(disk, dir);
  const tree = makeTileTree(tiles.hashes, crypto.sha256);
  const fits = kept !== null && kept.size <= covered && digestName(await tree.root(kept.size)) === kept.root;
  const from = fits ? kept.size : 0;
  const due = new Map(fits ? kept.due : []);
  const times = makeCounters(fits ? kept.atMax : null);
  const decoder = new TextDecoder();
  for (let bundle = Math.floor(from / TILE_WIDTH); bundle * TILE_WIDTH < covered; bundle += 1) {
    const first = bundle * TILE_WIDTH;
    const entries = await tiles.bundle(bundle, Math.min(TILE_WIDTH, covered - first));
    for (const [at, bytes] of entries.entries()) {
      if (first + at < from || first + at >= covered) continue;
      // Signed for, so it is an entry.
      const entry = JSON.parse(decoder.decode(bytes)) as { node: string; seq: number; at: string };
      due.set(entry.node, dueAfter(entry));
      countTime(times, Date.parse(entry.at));
    }
  }
  return { size: from, atMax: times.atMax, due };
}

interface Recovered {
  readonly counters: Counters;
  readonly due: Map<string, number>;
  readonly counted: Counted;
}

function makeParted(
  parts: WritingParts,
  anchored: string | null,
  { edge, tail }: RightEdge,
  found: Found,
  { counters, due, counted }: Recovered,
): Writer {
  const { disk, dir, origin, crypto, lock, published, signing, checkpointMs, heartbeatMs } = parts;
  const files = makeTileFiles(disk, dir);
  // A copy: what was read shares memory with a whole bundle.
  const bodies = tail.map((body) => Uint8Array.from(body));
  const integrator: Integrator = makeIntegrator(edge, bodies, files, (error) => {
    stop(writer, ioError(error, "public", "write"));
  });
  const onSync = (seconds: number) => countSync(counters, seconds);
  const common = { disk, dir, origin, onSync };
  const walMax = { kind: "wal", segmentBytesMax: WAL_SEGMENT_BYTES_MAX } as const;
  const requestsMax = { kind: "requests", segmentBytesMax: REQUESTS_SEGMENT_BYTES_MAX } as const;
  const wal = makeSegmentWriter({ ...common, ...walMax, firsts: [...found.walFirsts] });
  const requests = makeSegmentWriter({ ...common, ...requestsMax, firsts: [...found.requestsFirsts] });
  const size = () => edge.size;
  const state: LogState = {
    disk,
    dir,
    origin,
    crypto,
    tiles: makeTileReader(disk, dir, size, crypto.sha256, integrator),
    size,
    requestsFirsts: () => requests.firsts,
    published,
    isClosed: false,
  };
  const sequences = new Map(due);
  const publishing: Publishing = {
    ...{ state, signing, lock, integrator, files, wal, requests, sequences, counters, anchored },
    sequencesSize: counted.size,
  };
  const onTime = (at: number) => countTime(counters, at);
  const writer: Writer = makeWriter({
    ...{ state, wal, requests, integrator, sequences, lock, counters, checkpointMs, heartbeatMs },
    publisher: makePublisher(publishing),
    queue: makeQueue(due, onTime, crypto.sha256),
    reserve: makeReserve(disk, dir),
  });
  return writer;
}

/** Segments end where their last record does, and go away where they have none, or are covered. */
async function cutSegments({ disk, dir }: WritingParts, { cuts }: Found, writer: Writer): Promise<void> {
  for (const cut of cuts) {
    const { firsts } = cut.kind === "wal" ? writer.wal : writer.requests;
    if (await cutOne(disk, dir, cut)) continue;
    firsts.splice(firsts.indexOf(cut.first), 1);
    await disk.syncFolder(join(dir, cut.kind));
  }
}

/** Whether there is something left. */
async function cutOne(disk: Disk, dir: string, { kind, first, sizeBytes, isEmpty }: Cut): Promise<boolean> {
  const file = `${kind}/${segmentName(first)}`;
  const path = join(dir, file);
  try {
    if (isEmpty) {
      await disk.remove(path);
      return false;
    }
    const opened = await disk.open(path, "update");
    if (opened === null) return false;
    try {
      if ((await opened.size()) !== sizeBytes) await opened.truncate(sizeBytes);
      // In any case: what a killed process wrote may be in memory only, and counts from now on.
      await opened.sync();
      return true;
    } finally {
      await opened.close();
    }
  } catch (error) {
    throw ioError(error, file, "write");
  }
}

function storeOf(writer: Writer): LogStore {
  const { state } = writer;
  return {
    origin: state.origin,
    get size() {
      return state.size();
    },
    ...makeReading(state),
    ...makeWriting(writer),
  };
}

function metricsOf({ counters, queue, integrator, state }: Writer): LogMetrics {
  return {
    appendTotal: counters.appended,
    busyTotal: counters.busy,
    batchTotal: counters.batches,
    queueDepth: queue.items.length,
    queueBytes: queue.bytes,
    walSyncSeconds: { ...counters.syncs },
    sizeDurable: integrator.edge.size,
    sizeIntegrated: integrator.integrated(),
    sizePublished: state.published?.checkpoint.size ?? 0,
    backlogBytes: integrator.backlogBytes(),
    checkpointTotal: counters.checkpoints,
    checkpointFailedTotal: counters.checkpointsFailed,
    recoveryTruncatedBytes: counters.recoveryTruncatedBytes,
    clockBackTotal: counters.clockBack,
    clockBackMsMax: counters.clockBackMsMax,
  };
}
