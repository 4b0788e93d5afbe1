/** Compares the folder with what lies outside of it, before anything is written. */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { digestName, equalBytes, utf8 } from "@polity/runtime/hash.ts";
import type { Anchor } from "../anchor.ts";
import type { Checkpoint } from "../checkpoint.ts";
import type { NoteKey } from "../note.ts";
import { LogError } from "../store.ts";
import { emptyRoot } from "../tree.ts";
import type { Disk } from "./disk.ts";
import { ioError } from "./disk-errors.ts";
import { makeParts } from "./folder.ts";
import { CHECKPOINT_FILE } from "./layout.ts";
import { openPublished, type Published, writePublished } from "./published.ts";
import { hasRoot, readRightEdge } from "./right-edge.ts";
import { makeTileReader } from "./tile-read.ts";
import { makeTileTree } from "./tile-tree.ts";

export interface Reconciled {
  readonly published: Published | null;
  /** What the anchor keeps, verbatim. */
  readonly anchored: string | null;
  /** Signed and not published, for want of witnesses: the log must have it, and go on from it. */
  readonly ahead: Published | null;
}

interface Context {
  readonly disk: Disk;
  readonly dir: string;
  readonly origin: string;
  readonly crypto: CryptoPort;
  readonly key: NoteKey;
  /** Whether a checkpoint may be published as it was signed: witnesses that are asked come first. */
  readonly mayPublish: boolean;
}

/**
 * The writer's published checkpoint. Where the anchor is one ahead, since a crash came between the two, that
 * one is published now: its tiles were durable before it was signed. Rejects where the folder is behind, or
 * has another history; the message shows both sides.
 */
export async function reconcile(
  context: Context,
  anchor: Anchor,
  published: Published | null,
): Promise<Reconciled> {
  const anchored = await readAnchor(anchor);
  if (anchored === null) {
    // The log's first writer here: what it has published is what counts from now on.
    if (published !== null) await expectSwap(anchor, null, published.note);
    return { published, anchored: published?.note ?? null, ahead: null };
  }
  const kept = openAnchored(anchor, anchored, context);
  const size = published?.checkpoint.size ?? 0;
  if (kept.checkpoint.size > size) {
    if (context.mayPublish) return goOn(context, anchor, kept, published);
    return { published, anchored, ahead: kept };
  }
  const root = published === null ? emptyRoot(context.crypto.sha256) : await rootAt(context, published, kept);
  if (!equalBytes(root, kept.checkpoint.root)) throw otherHistory(anchor, kept, root, published);
  if (published === null || published.note === anchored) return { published, anchored, ahead: null };
  if (published.checkpoint.size > kept.checkpoint.size) {
    await expectSwap(anchor, anchored, published.note);
    return { published, anchored: published.note, ahead: null };
  }
  return { published, anchored, ahead: null };
}

async function readAnchor(anchor: Anchor): Promise<string | null> {
  try {
    return await anchor.read();
  } catch (error) {
    throw anchorFailed(anchor, error);
  }
}

/** One that is full is as good as a log that is: with room again both go on. */
export function anchorFailed({ place }: Anchor, error: unknown): LogError {
  const known = ioError(error, place, "write");
  if (known.code === "log.full") return known;
  const reason = error instanceof Error ? error.message : String(error);
  const why = "without it an old copy of the log might go on";
  const message = `the anchor ${place} cannot be used (${reason}): ${why}`;
  return new LogError("log.anchor_failed", message);
}

async function expectSwap(anchor: Anchor, expected: string | null, next: string): Promise<void> {
  let isKept: boolean;
  try {
    isKept = await anchor.swap(expected, next);
  } catch (error) {
    throw anchorFailed(anchor, error);
  }
  if (!isKept) throw anchorMoved(anchor);
}

export function anchorMoved({ place }: Anchor): LogError {
  const message =
    `somebody else has signed for this log meanwhile (${place}): a copy of the folder is in use elsewhere; ` +
    "keep the one whose checkpoint is there, and give the other another origin";
  return new LogError("log.anchor_moved", message);
}

function openAnchored(anchor: Anchor, note: string, { key, crypto, origin }: Context): Published {
  try {
    const kept = openPublished(utf8(note), () => key, crypto);
    if (kept.checkpoint.origin === origin) return kept;
    throw new Error(`it is of ${kept.checkpoint.origin}, not of ${origin}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `the anchor ${anchor.place} holds no checkpoint by the key of this log: ${reason}`;
    throw new LogError("log.anchor_failed", message);
  }
}

/** The folder's root at the size that the anchor knows. */
async function rootAt(context: Context, { checkpoint }: Published, kept: Published): Promise<Uint8Array> {
  if (checkpoint.size === kept.checkpoint.size) return checkpoint.root;
  const { disk, dir, crypto } = context;
  const tiles = makeTileReader(disk, dir, () => checkpoint.size, crypto.sha256, null);
  return makeTileTree(tiles.hashes, crypto.sha256).root(kept.checkpoint.size);
}

async function goOn(
  context: Context,
  anchor: Anchor,
  kept: Published,
  published: Published | null,
): Promise<Reconciled> {
  const { disk, dir, crypto } = context;
  const { size, root } = kept.checkpoint;
  const tiles = makeTileReader(disk, dir, () => size, crypto.sha256, null);
  const isThere = await readRightEdge(tiles, size, crypto.sha256).then(
    (found) => hasRoot(found, size, root),
    (error: unknown) => {
      if (error instanceof LogError) return false;
      throw error;
    },
  );
  if (!isThere) throw rolledBack(anchor, kept, published);
  try {
    // One that was killed here before has left a file of that name.
    await makeParts(disk, dir);
    await writePublished(disk, dir, kept.note);
  } catch (error) {
    throw ioError(error, CHECKPOINT_FILE, "write");
  }
  return { published: kept, anchored: kept.note, ahead: null };
}

/** That the log, as it was recovered, begins with what was signed and not published. */
export async function expectBegins(
  anchor: Anchor,
  ahead: Published,
  published: Published | null,
  size: number,
  rootOf: (size: number) => Promise<Uint8Array>,
): Promise<void> {
  const { size: signed, root } = ahead.checkpoint;
  if (signed > size) throw rolledBack(anchor, ahead, published);
  const found = await rootOf(signed);
  if (!equalBytes(found, root)) throw otherHistory(anchor, ahead, found, published);
}

/** `5 entries, root sha256:…` */
function sideText({ size, root }: Pick<Checkpoint, "size" | "root">): string {
  return `${size} ${size === 1 ? "entry" : "entries"}, root ${digestName(root)}`;
}

function rolledBack(anchor: Anchor, kept: Published, published: Published | null): LogError {
  const here = published === null ? "no checkpoint" : sideText(published.checkpoint);
  const message =
    `this folder is older than what was signed: here ${here}; in the anchor ${anchor.place} ` +
    `${sideText(kept.checkpoint)}. An old copy was put back, or entries were lost: restore the newest ` +
    "copy; keep both as evidence";
  return new LogError("log.rolled_back", message, { file: CHECKPOINT_FILE });
}

function otherHistory(
  anchor: Anchor,
  kept: Published,
  root: Uint8Array,
  published: Published | null,
): LogError {
  const whole = published === null ? "no checkpoint" : `checkpoint of ${sideText(published.checkpoint)}`;
  const message =
    `two histories were signed: the first ${kept.checkpoint.size} entries here have the root ` +
    `${digestName(root)} (${whole}); in the anchor ${anchor.place} ${sideText(kept.checkpoint)}. ` +
    "Keep both as evidence, and find out which folder was written to";
  return new LogError("log.other_root", message, { file: CHECKPOINT_FILE });
}
