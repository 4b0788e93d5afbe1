/** Opens a published log for whoever trusts its key, and compares it with a checkpoint seen before. */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { digestName, equalBytes } from "@polity/runtime/hash.ts";
import { type Checkpoint, decodeCheckpoint } from "./checkpoint.ts";
import type { LogPolicy } from "./log-policy.ts";
import { decodeNote, NOTE_BYTES_MAX } from "./note-form.ts";
import { type LogKeys, ROOTED_ADVICE } from "./rooted-keys.ts";
import { type LogCode, LogError } from "./store.ts";
import type { TileSource } from "./tile-source.ts";
import { openTileTree, type TileTree } from "./tile-tree.ts";
import { CHECKPOINT_PATH } from "./tiles.ts";
import { openWitnessed } from "./witnessed-checkpoint.ts";

/** A checkpoint, and what was looked at. */
export interface SignedHead {
  /** The signed note, as it was read. */
  readonly note: string;
  readonly checkpoint: Checkpoint;
  /** Whether a known key signed it; false only where nobody gave a key. */
  readonly isVerified: boolean;
  /** Signature lines by keys that nobody here knows. */
  readonly unknown: number;
}

export interface TileLog extends SignedHead {
  readonly source: TileSource;
  readonly tree: TileTree;
}

export interface OpenTilesOptions {
  /**
   * Of the log. Null: signatures are not looked at, and everything is only checked against the checkpoint as
   * it is.
   */
  readonly keys: LogKeys | null;
  readonly crypto: CryptoPort;
  /** Who has to have cosigned, and which logs are meant; null, or left out: nobody has to. */
  readonly policy?: LogPolicy | null;
  /** The only log that is meant; null for any that a key signed. */
  readonly origin?: string | null;
  /** See `TileTreeOptions`. */
  readonly cacheBytesMax?: number;
}

export type OpenTilesResult =
  | { readonly ok: true; readonly log: TileLog }
  | { readonly ok: false; readonly error: LogError };

/**
 * Reads the checkpoint, checks who signed it, and the right edge of the tree against it. Everything that is
 * read later is checked against that root. Never rejects.
 */
export async function openTiles(source: TileSource, options: OpenTilesOptions): Promise<OpenTilesResult> {
  try {
    const head = await readHead(source, options);
    const { sha256 } = options.crypto;
    const { cacheBytesMax } = options;
    const limits = cacheBytesMax === undefined ? { sha256 } : { sha256, cacheBytesMax };
    return { ok: true, log: { ...head, source, tree: await openTileTree(source, head.checkpoint, limits) } };
  } catch (error) {
    if (error instanceof LogError) return { ok: false, error };
    throw error;
  }
}

/** The checkpoint that a log serves; rejects with a `LogError`. */
export async function readHead(source: TileSource, options: OpenTilesOptions): Promise<SignedHead> {
  const bytes = await source.read(CHECKPOINT_PATH, NOTE_BYTES_MAX);
  if (bytes !== null) return openHead(bytes, CHECKPOINT_PATH, options);
  const advice = "check the path or address; a log that has none yet is signed with `pol log checkpoint`";
  throw new LogError("log.missing", `there is no checkpoint in ${source.name}: ${advice}`, {
    file: CHECKPOINT_PATH,
  });
}

const CODES = new Map<string, readonly [LogCode, string]>([
  ...ROOTED_ADVICE,
  ["note.unknown_keys", ["log.other_key", "use the key of this log, or check whose log this is"]],
  [
    "note.bad_signature",
    ["log.bad_signature", "it was forged, or changed after it was signed; restore it from a copy"],
  ],
  ["witness.quorum", ["log.unwitnessed", "ask whoever keeps the log, or wait for the next checkpoint"]],
  ["checkpoint.wrong_origin", ["log.other_key", "use the key of this log, or check whose log this is"]],
]);

/** A checkpoint from anywhere: `file` is what messages call it. Throws a `LogError`. */
export function openHead(bytes: Uint8Array, file: string, options: OpenTilesOptions): SignedHead {
  const { keys, crypto, origin = null, policy = null } = options;
  const form = decodeNote(bytes);
  if (!form.ok) throw refused(form.code, form.message, file);
  const unsigned = decodeCheckpoint(form.form.text);
  if (!unsigned.ok) throw refused(unsigned.code, unsigned.message, file);
  const note = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const found = unsigned.checkpoint.origin;
  if (origin !== null && origin !== found) {
    const message = `this is the log ${found}, not ${origin}: check the place, or the name`;
    throw new LogError("log.other_origin", message, { file });
  }
  if (keys === null && policy === null) {
    const { checkpoint } = unsigned;
    return { note, checkpoint, isVerified: false, unknown: form.form.lines.length };
  }
  const opened = openWitnessed(bytes, { keys: keys ?? [], policy }, crypto);
  if (!opened.ok) {
    const both = opened.code === "note.bad_signature" ? claimText(unsigned.checkpoint) : "";
    throw refused(opened.code, `${opened.message}${both}`, file);
  }
  const { checkpoint, signedBy, cosignatures } = opened;
  const unknown = form.form.lines.length - signedBy.length - cosignatures.length;
  return { note, checkpoint, isVerified: true, unknown };
}

function claimText({ origin, size, root }: Checkpoint): string {
  return `; it claims that ${origin} has ${size} entries under ${digestName(root)}`;
}

function refused(code: string, message: string, file: string): LogError {
  const [ours, advice] = CODES.get(code) ?? ["log.malformed", "restore it from a copy"];
  return new LogError(ours, `${message}: ${advice}`, { file, offset: 0 });
}

/** How a log goes on from a checkpoint that was seen before. */
export type Continuity =
  /** It begins with everything that the earlier checkpoint covers. */
  | { readonly kind: "continues"; readonly proof: readonly Uint8Array[] }
  /** It has fewer entries than were signed for: its end was cut off, or this is an old copy. */
  | { readonly kind: "shrunk" }
  /**
   * Both are signed, and no log can have both: `root` is what the log has now under the earlier size, and
   * `proof` shows that this belongs to the later checkpoint.
   */
  | { readonly kind: "forked"; readonly root: Uint8Array; readonly proof: readonly Uint8Array[] };

/** Both heads were checked. Rejects with a `LogError` where the log's files are not what was signed for. */
export async function compareHeads(earlier: SignedHead, log: TileLog): Promise<Continuity> {
  const { size, root } = earlier.checkpoint;
  const { tree } = log;
  if (size > tree.size) return { kind: "shrunk" };
  const found = await tree.rootAt(size);
  const proof = await tree.consistencyProof(size);
  return equalBytes(found, root) ? { kind: "continues", proof } : { kind: "forked", root: found, proof };
}
