/** Signs and publishes checkpoints: what is signed once must be true for ever. */
import { digestName } from "@polity/runtime/hash.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import type { Anchor } from "../anchor.ts";
import { type Checkpoint, encodeCheckpoint, openCheckpoint } from "../checkpoint.ts";
import { type NoteKey, signNote } from "../note.ts";
import { LogError } from "../store.ts";
import { verifyConsistency } from "../tree-proof.ts";
import type { WitnessedLog, Witnesses } from "../witnesses.ts";
import type { Integrator } from "./integrate.ts";
import { CHECKPOINT_FILE } from "./layout.ts";
import type { Lock } from "./lock.ts";
import type { LogState } from "./log-state.ts";
import type { Counters } from "./metrics.ts";
import { openPublished, readPublished, writePublished } from "./published.ts";
import { anchorFailed, anchorMoved } from "./reconcile.ts";
import { hasRoot, readRightEdge } from "./right-edge.ts";
import type { SegmentWriter } from "./segment-write.ts";
import { type KeptSequences, writeSequences } from "./sequences-file.ts";
import { tidy } from "./tidy.ts";
import type { TileFiles } from "./tile-files.ts";
import { makeTileReader } from "./tile-read.ts";
import { makeTileTree } from "./tile-tree.ts";

/** Who signs for a log: the key's name is the log's origin. */
export interface Signing {
  readonly key: NoteKey;
  readonly sign: Signer["sign"];
  readonly anchor: Anchor | null;
  readonly witnesses: Witnesses | null;
}

export interface Publishing {
  readonly state: LogState;
  readonly signing: Signing | null;
  readonly lock: Lock;
  readonly integrator: Integrator;
  readonly files: TileFiles;
  readonly wal: SegmentWriter;
  readonly requests: SegmentWriter;
  /** Which `seq` is due for each node, durable entries only. */
  readonly sequences: ReadonlyMap<string, number>;
  readonly counters: Counters;
  /** What the anchor keeps, verbatim. */
  anchored: string | null;
  /** Entries at which the sequences were written last. */
  sequencesSize: number;
}

export interface Publisher {
  /** Publishes what is durable now; see `LogStore.checkpoint`. `again`: also where nothing has grown. */
  readonly checkpoint: (again?: boolean) => Promise<string>;
  /** Resolves once no checkpoint is under way. */
  readonly settled: () => Promise<void>;
}

export function makePublisher(publishing: Publishing): Publisher {
  let last: Promise<unknown> = Promise.resolve();
  return {
    checkpoint: (again = false) => {
      // One at a time: the next one has to see what this one published.
      const next = last.then(() => publish(publishing, again));
      last = next.catch(() => undefined);
      return next;
    },
    settled: async () => {
      await last;
    },
  };
}

async function publish(publishing: Publishing, again: boolean): Promise<string> {
  const { state, signing, integrator, wal, requests, files } = publishing;
  if (signing === null) {
    throw new LogError("log.no_signer", "a checkpoint wants a signature: open the log with its signer");
  }
  const { edge } = integrator;
  const { published } = state;
  const checkpoint: Checkpoint = { origin: state.origin, size: edge.size, root: edge.root() };
  if (published?.checkpoint.size === checkpoint.size && !again) return published.note;
  const kept = sequencesToKeep(publishing, checkpoint);
  const partials = integrator.partials();
  await integrator.settled();
  await files.write(partials);
  await expectOnDisk(publishing, checkpoint);
  await requests.confirm();
  const signed = await sign(checkpoint, signing, state);
  await keepInAnchor(publishing, signing, signed);
  const note = await cosigned(publishing, signing, signed);
  await expectAlone(publishing, signing);
  await writePublished(state.disk, state.dir, note);
  state.published = openPublished(new TextEncoder().encode(note), () => signing.key, state.crypto);
  publishing.counters.checkpoints += 1;
  const { disk, dir } = state;
  await tidy({ disk, dir, wal, files }, published?.checkpoint.size ?? 0, checkpoint.size);
  if (kept !== null) await keepSequences(publishing, kept);
  return note;
}

/** What is signed is what lies on the disk, and continues what was signed before. */
async function expectOnDisk({ state }: Publishing, { size, root }: Checkpoint): Promise<void> {
  const { disk, dir, crypto, published } = state;
  const tiles = makeTileReader(disk, dir, () => size, crypto.sha256, null);
  const found = await readRightEdge(tiles, size, crypto.sha256);
  const place = { file: CHECKPOINT_FILE };
  if (!hasRoot(found, size, root)) {
    const sides = `in memory ${digestName(root)}, on the disk ${digestName(found.edge.root())}`;
    const message = `the ${size} entries have two roots, ${sides}: nothing was signed; check memory and disk`;
    throw new LogError("log.other_root", message, place);
  }
  if (published === null) return;
  const { size: from, root: fromRoot } = published.checkpoint;
  const proof = await makeTileTree(tiles.hashes, crypto.sha256).consistencyProof(from, size);
  if (verifyConsistency({ from, to: size, fromRoot, toRoot: root, proof }, crypto.sha256)) return;
  const message = `the ${size} entries do not begin with the ${from} that were signed: nothing was signed`;
  throw new LogError("log.other_root", message, place);
}

/** A signer that fails, or signs something else, does the log no harm: nothing was published. */
async function sign(checkpoint: Checkpoint, signing: Signing, state: LogState): Promise<string> {
  const { key, sign: signBytes } = signing;
  let note: string;
  try {
    note = await signNote(encodeCheckpoint(checkpoint), [{ key, sign: signBytes }]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LogError("log.unsigned", `the signer failed (${reason}), nothing was published: try again`);
  }
  const opened = openCheckpoint(note, [key], state.crypto);
  if (opened.ok) return note;
  const advice = "check the signer; nothing was published";
  throw new LogError("log.unsigned", `the signer's signature does not verify: ${opened.message}; ${advice}`);
}

async function keepInAnchor(publishing: Publishing, { anchor }: Signing, note: string): Promise<void> {
  if (anchor === null || publishing.anchored === note) return;
  let isKept: boolean;
  try {
    isKept = await anchor.swap(publishing.anchored, note);
  } catch (error) {
    throw anchorFailed(anchor, error);
  }
  if (!isKept) throw anchorMoved(anchor);
  publishing.anchored = note;
}

async function cosigned(
  { state, integrator }: Publishing,
  { witnesses, key }: Signing,
  note: string,
): Promise<string> {
  if (witnesses === null) return note;
  const {
    isQuorum,
    problems,
    note: whole,
  } = await witnesses.cosign(note, witnessedLog(state, key, integrator));
  if (!isQuorum) {
    const reasons = problems.map(({ witness, message }) => `${witness}: ${message}`).join("; ");
    const message = `too few witnesses cosigned (${reasons}), nothing was published: try again`;
    throw new LogError("log.unwitnessed", message);
  }
  const opened = openCheckpoint(whole, [key], state.crypto);
  if (opened.ok) return whole;
  throw new LogError("log.unwitnessed", `what the witnesses gave are no signatures: ${opened.message}`);
}

/** The log at its present size; the witnesses may be behind. */
export function witnessedLog(state: LogState, key: NoteKey, { edge }: Integrator): WitnessedLog {
  const { size } = edge;
  const { root, consistencyProof } = makeTileTree(state.tiles.hashes, state.crypto.sha256);
  return { key, size, root, consistencyProof };
}

/** Two writers with one key could sign two histories, so whatever hints at a second one ends this one. */
async function expectAlone({ state, lock }: Publishing, { key }: Signing): Promise<void> {
  const onDisk = await readPublished(state.disk, state.dir, () => key, state.crypto);
  if (onDisk?.note === state.published?.note && (await lock.isHeld())) return;
  const message =
    "lock or checkpoint changed while the log was open: find out what else writes to the folder";
  throw new LogError("log.failed", message, { file: CHECKPOINT_FILE });
}

/** After so many entries, what a restart would have to read is written again. */
const SEQUENCES_EVERY = 8_192;

/** As of the checkpoint, before anything else becomes durable; null where the last ones will do. */
function sequencesToKeep(publishing: Publishing, { size, root }: Checkpoint): KeptSequences | null {
  const { sequences, sequencesSize, counters } = publishing;
  if (sequencesSize > 0 && size - sequencesSize < SEQUENCES_EVERY) return null;
  return { size, root: digestName(root), atMax: counters.atMax, due: new Map(sequences) };
}

async function keepSequences(publishing: Publishing, kept: KeptSequences): Promise<void> {
  const { disk, dir } = publishing.state;
  await writeSequences(disk, dir, kept);
  publishing.sequencesSize = kept.size;
}
