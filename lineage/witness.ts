/**
 * What a witness does (C2SP tlog-witness), without a network, a disk or a clock: it lets a log grow, and
 * never lets it become another one. Two histories of one log can then not both be cosigned.
 */
import { decodeBase64 } from "@polity/runtime/base64.ts";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { digestName, equalBytes } from "@polity/runtime/hash.ts";
import { type Checkpoint, decodeCheckpoint } from "./checkpoint.ts";
import { type NoteKey, openNote } from "./note.ts";
import { HASH_BYTES } from "./tree.ts";
import { verifyConsistency } from "./tree-proof.ts";
import { decodeWitnessRequest, type WitnessRequest } from "./witness-request.ts";

/** The last tree of a log that a witness has cosigned. */
export type Witnessed = Pick<Checkpoint, "size" | "root">;

export type WitnessCode =
  | "witness.malformed"
  | "witness.unknown_log"
  | "witness.wrong_key"
  | "witness.shrunk"
  | "witness.conflict"
  | "witness.inconsistent";

export interface WitnessRefusal {
  readonly ok: false;
  readonly code: WitnessCode;
  /** Of HTTP, as the standard says. */
  readonly status: 400 | 403 | 404 | 409 | 422;
  readonly message: string;
  /** With `witness.conflict`: the size that the witness has cosigned, for the log to begin its proof at. */
  readonly size?: number;
  /** A checkpoint that the log has signed, and that contradicts what the witness has cosigned. */
  readonly evidence?: string;
}

/** What to keep, before anybody sees a cosignature of `text`. */
export interface WitnessAdvance {
  readonly ok: true;
  readonly checkpoint: Checkpoint;
  /** The text that the log has signed. */
  readonly text: string;
  /** The note that came, with all its lines. */
  readonly note: string;
}

export interface WitnessView {
  /** The keys that sign for a log; empty where the witness does not know it. */
  readonly keysOf: (origin: string) => readonly NoteKey[];
  /** Null where nothing of that log was cosigned yet. */
  readonly lastOf: (origin: string) => Witnessed | null;
}

/**
 * Judges one request. Nobody else may change what `lastOf` answers until what is returned is kept, or a log
 * could be rolled back by two requests at once. Never throws.
 */
export function witnessStep(
  body: Uint8Array | string,
  view: WitnessView,
  crypto: CryptoPort,
): WitnessAdvance | WitnessRefusal {
  const decoded = decodeWitnessRequest(body);
  if (!decoded.ok) return refuse(400, decoded.code, decoded.message);
  const { request } = decoded;
  const opened = openLog(request, view, crypto);
  if (!opened.ok) return opened;
  const { checkpoint, text } = opened;
  const last = view.lastOf(checkpoint.origin) ?? emptyTree(crypto);
  if (request.oldSize > checkpoint.size) {
    const message = `${checkpoint.size} entries are fewer than the ${request.oldSize} of \`old\``;
    return refuse(400, "witness.shrunk", message);
  }
  if (request.oldSize !== last.size) {
    const message = `${last.size} entries of ${checkpoint.origin} are cosigned, not ${request.oldSize}`;
    return { ...refuse(409, "witness.conflict", message), size: last.size };
  }
  const { proof } = request;
  const claim = { from: last.size, to: checkpoint.size, fromRoot: last.root, toRoot: checkpoint.root, proof };
  if (verifyConsistency(claim, crypto.sha256))
    return { ok: true, checkpoint, text, note: request.checkpoint };
  return inconsistent(request, checkpoint, last);
}

interface OpenedLog {
  readonly ok: true;
  readonly checkpoint: Checkpoint;
  readonly text: string;
}

/** The checkpoint, as one of the keys of its log has signed it. */
function openLog(
  { checkpoint: note }: WitnessRequest,
  view: WitnessView,
  crypto: CryptoPort,
): OpenedLog | WitnessRefusal {
  const origin = note.slice(0, note.indexOf("\n"));
  const keys = view.keysOf(origin).filter(({ name }) => name === origin);
  if (keys.length === 0) return refuse(404, "witness.unknown_log", "no log of this name is known here");
  const opened = openNote(note, keys, crypto);
  if (!opened.ok) {
    const isForm = opened.code === "note.malformed" || opened.code === "note.too_large";
    if (isForm) return refuse(400, "witness.malformed", `${opened.code}: ${opened.message}`);
    return refuse(403, "witness.wrong_key", `${opened.code}: ${opened.message}`);
  }
  const { text } = opened;
  const decoded = decodeCheckpoint(text);
  if (decoded.ok) return { ok: true, checkpoint: decoded.checkpoint, text };
  if (isFilledNothing(text)) {
    return refuse(422, "witness.inconsistent", "a tree without entries has the root of the empty tree");
  }
  return refuse(400, "witness.malformed", `${decoded.code}: ${decoded.message}`);
}

/** The standard tells this apart from what is no checkpoint. */
function isFilledNothing(text: string): boolean {
  const [, size, root = ""] = text.split("\n", 4);
  return size === "0" && decodeBase64(root)?.length === HASH_BYTES;
}

function inconsistent(
  request: WitnessRequest,
  { size, root, origin }: Checkpoint,
  last: Witnessed,
): WitnessRefusal {
  const evidence = { evidence: request.checkpoint };
  if (size === last.size && !equalBytes(root, last.root)) {
    const message =
      `${origin} with ${size} entries was cosigned with the root ${digestName(last.root)}, ` +
      `and has now the root ${digestName(root)}`;
    return { ...refuse(422, "witness.inconsistent", message), ...evidence };
  }
  const message =
    `the proof does not show that ${size} entries of ${origin} (root ${digestName(root)}) begin with the ` +
    `${last.size} that are cosigned (root ${digestName(last.root)})`;
  return refuse(422, "witness.inconsistent", message);
}

function emptyTree({ sha256 }: CryptoPort): Witnessed {
  return { size: 0, root: sha256(new Uint8Array(0)) };
}

function refuse(status: WitnessRefusal["status"], code: WitnessCode, message: string): WitnessRefusal {
  return { ok: false, code, status, message };
}
