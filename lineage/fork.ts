/**
 * Two histories of one log, as a file that convinces whoever has the log's key: two checkpoints that it has
 * signed, and, where they have different sizes, the proof that the later one does not begin with the earlier.
 *
 *     polity-fork@v1
 *     root <base64: under the earlier size, the later tree has this root>
 *     <base64 of each hash of the proof from there to the later root (RFC 6962, 2.1.2)>
 *
 *     <the earlier checkpoint, a signed note>
 *
 *     <the later one>
 *
 * Of two checkpoints of one size, the lines of root and proof are left out: the two roots say it all.
 */
import { decodeBase64, encodeBase64 } from "@polity/runtime/base64.ts";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { digestName, equalBytes } from "@polity/runtime/hash.ts";
import type { Checkpoint, CheckpointRefusal } from "./checkpoint.ts";
import type { NoteKey, NoteRefusal } from "./note.ts";
import { NOTE_BYTES_MAX } from "./note-form.ts";
import { isTrustWalk, type LogKeys, type RootedRefusal } from "./rooted-keys.ts";
import { readText } from "./strict-text.ts";
import { HASH_BYTES } from "./tree.ts";
import { PROOF_HASHES_MAX, verifyConsistency } from "./tree-proof.ts";
import { openSigned } from "./witnessed-checkpoint.ts";

const FIRST_LINE = "polity-fork@v1";
const ROOT = "root ";
const FORK_BYTES_MAX = 2 * NOTE_BYTES_MAX + 4096;

/** What the later tree has where the earlier one ends. */
export interface ForkProof {
  readonly root: Uint8Array;
  readonly hashes: readonly Uint8Array[];
}

export interface Fork {
  /** Signed notes; the earlier one covers no more entries than the later. */
  readonly earlier: string;
  readonly later: string;
  /** Null where both cover as many. */
  readonly proof: ForkProof | null;
}

export interface ForkRefusal {
  readonly ok: false;
  readonly code: "proof.too_large" | "proof.malformed" | "proof.no_fork";
  readonly message: string;
}

export type ForkFileResult = { readonly ok: true; readonly fork: Fork } | ForkRefusal;

export type ForkResult =
  | {
      readonly ok: true;
      readonly earlier: Checkpoint;
      readonly later: Checkpoint;
      /** Under the earlier size, in the later tree; another than the earlier root. */
      readonly root: Uint8Array;
    }
  | ForkRefusal
  | SignedRefusal;

/** Of a checkpoint by nobody who counts. */
type SignedRefusal = NoteRefusal | CheckpointRefusal | RootedRefusal;

/** The text of the file. A RangeError means a bug of the caller. */
export function encodeFork({ earlier, later, proof }: Fork): string {
  const lines = proof === null ? [] : [ROOT + encodeBase64(proof.root), ...proof.hashes.map(encodeBase64)];
  const text = [FIRST_LINE, ...lines, "", earlier, later].join("\n");
  const decoded = decodeFork(text);
  if (!decoded.ok) throw new RangeError(`no evidence of a fork: ${decoded.message}`);
  return text;
}

/** Reads what `encodeFork` wrote. Says nothing about whether it shows anything. Never throws. */
export function decodeFork(input: Uint8Array | string): ForkFileResult {
  const read = readText(input, FORK_BYTES_MAX);
  if (!read.ok) return refuse(read.isTooLarge ? "proof.too_large" : "proof.malformed", read.message);
  // A checkpoint has one blank line, between its text and its signatures.
  const parts = read.text.split("\n\n", 6);
  if (parts.length !== 5)
    return malformed("not a proof and two checkpoints, with one blank line between each");
  const [head = "", earlierText, earlierLines, laterText, laterLines] = parts;
  const [first, rootLine, ...lines] = head.split("\n", PROOF_HASHES_MAX + 3);
  if (first !== FIRST_LINE) return malformed(`line 1 is not ${FIRST_LINE}`);
  const fork = {
    earlier: `${earlierText}\n\n${earlierLines}\n`,
    later: `${laterText}\n\n${laterLines}`,
  };
  if (rootLine === undefined) return { ok: true, fork: { ...fork, proof: null } };
  const root = rootLine.startsWith(ROOT) ? decodeBase64(rootLine.slice(ROOT.length)) : null;
  if (root?.length !== HASH_BYTES)
    return malformed(`line 2 is not \`root\` and ${HASH_BYTES} bytes in base64`);
  if (lines.length > PROOF_HASHES_MAX)
    return refuse("proof.too_large", `more than ${PROOF_HASHES_MAX} hashes`);
  const hashes: Uint8Array[] = [];
  for (const [at, line] of lines.entries()) {
    const hash = decodeBase64(line);
    if (hash?.length !== HASH_BYTES) return malformed(`line ${at + 3} is not ${HASH_BYTES} bytes in base64`);
    hashes.push(hash);
  }
  return { ok: true, fork: { ...fork, proof: { root, hashes } } };
}

/**
 * Whether the log that owns one of `keys` has signed two histories: both notes are its own, of one origin,
 * and the later tree has another root under the earlier size than the one that was signed. Of bare keys one
 * has to have signed both. Never throws.
 */
export function verifyFork(fork: Fork, keys: LogKeys, crypto: CryptoPort): ForkResult {
  const trust = { keys, policy: null };
  const [first, second] = [openSigned(fork.earlier, trust, crypto), openSigned(fork.later, trust, crypto)];
  if (!first.ok) return first;
  if (!second.ok) return second;
  const [earlier, later] = [first.checkpoint, second.checkpoint];
  if (earlier.origin !== later.origin) {
    return refuse(
      "proof.no_fork",
      `two logs, ${earlier.origin} and ${later.origin}: each may say what it says`,
    );
  }
  if (earlier.size > later.size) {
    return refuse(
      "proof.no_fork",
      `the earlier checkpoint covers ${earlier.size} entries, the later ${later.size}`,
    );
  }
  const root = rootAtEarlier(fork, earlier, later, crypto);
  if (root === null) {
    const sizes = `${earlier.size} to ${later.size} entries`;
    return refuse("proof.no_fork", `the proof from ${sizes} does not lead to the root that was signed`);
  }
  if (equalBytes(root, earlier.root)) {
    const both = `${earlier.size} entries have the root ${digestName(root)}`;
    return refuse("proof.no_fork", `both checkpoints are of one history: ${both}`);
  }
  return isOneLog(first, second, keys) ? { ok: true, earlier, later, root } : otherSigner(earlier);
}

/**
 * A bare key stands for any name, so two of them may be those of two logs, of which one took the other's
 * name: one of them has to have signed both. Keys with a name, and a trust root, say whose they are.
 */
function isOneLog(first: Signers, second: Signers, keys: LogKeys): boolean {
  const ids = ({ signedBy }: Signers) => signedBy.map(({ publicKey }) => publicKey.id);
  if (isTrustWalk(keys) || ids(first).some((id) => ids(second).includes(id))) return true;
  const named = new Set(keys.flatMap((key) => ("hint" in key ? [key.publicKey.id] : [])));
  return [first, second].every((signers) => ids(signers).some((id) => named.has(id)));
}

interface Signers {
  readonly signedBy: readonly NoteKey[];
}

function otherSigner({ origin }: Checkpoint): ForkRefusal {
  const why = "keys without a name may be those of two logs, of which one took the other's name";
  return refuse("proof.no_fork", `no key has signed both checkpoints of ${origin}: ${why}`);
}

/** The root that the later tree has under the earlier size; null where the proof shows none. */
function rootAtEarlier(
  { proof }: Fork,
  earlier: Checkpoint,
  later: Checkpoint,
  { sha256 }: CryptoPort,
): Uint8Array | null {
  if (earlier.size === later.size) return proof === null ? later.root : null;
  if (proof === null) return null;
  const claim = { from: earlier.size, to: later.size, fromRoot: proof.root, toRoot: later.root };
  return verifyConsistency({ ...claim, proof: proof.hashes }, sha256) ? proof.root : null;
}

export type Comparison =
  /** The later one begins with the earlier one, or they are the same. */
  | { readonly kind: "continues"; readonly earlier: Checkpoint; readonly later: Checkpoint }
  | { readonly kind: "forked"; readonly fork: Fork; readonly earlier: Checkpoint; readonly later: Checkpoint }
  /** The sizes differ, and nothing that was given leads from one to the other. */
  | { readonly kind: "unproven"; readonly earlier: Checkpoint; readonly later: Checkpoint }
  | {
      readonly kind: "refused";
      readonly note: 0 | 1;
      readonly refusal: ForkRefusal | SignedRefusal;
    };

/**
 * Compares two checkpoints of one log, in either order. `proof` is what the tree of the larger one has under
 * the smaller size, from whoever has that tree; it is checked. Never throws.
 */
export function compareCheckpoints(
  notes: readonly [string, string],
  proof: ForkProof | null,
  keys: LogKeys,
  crypto: CryptoPort,
): Comparison {
  const trust = { keys, policy: null };
  const [first, second] = [openSigned(notes[0], trust, crypto), openSigned(notes[1], trust, crypto)];
  if (!first.ok) return { kind: "refused", note: 0, refusal: first };
  if (!second.ok) return { kind: "refused", note: 1, refusal: second };
  const isOrdered = first.checkpoint.size <= second.checkpoint.size;
  const [earlier, later] = isOrdered
    ? [first.checkpoint, second.checkpoint]
    : [second.checkpoint, first.checkpoint];
  if (earlier.origin !== later.origin) {
    const message = `of the log ${second.checkpoint.origin}, and the other is of ${first.checkpoint.origin}`;
    return { kind: "refused", note: 1, refusal: refuse("proof.no_fork", message) };
  }
  const sides = { earlier, later };
  const [earlierNote, laterNote] = isOrdered ? notes : [notes[1], notes[0]];
  const needed = earlier.size === later.size || earlier.size === 0 ? null : proof;
  const fork = { earlier: earlierNote, later: laterNote, proof: needed };
  // Every tree begins with the empty one.
  if (earlier.size === 0) return { kind: "continues", ...sides };
  const root = rootAtEarlier(fork, earlier, later, crypto);
  if (root === null) return { kind: "unproven", ...sides };
  if (equalBytes(root, earlier.root)) return { kind: "continues", ...sides };
  return isOneLog(first, second, keys)
    ? { kind: "forked", fork, ...sides }
    : { kind: "refused", note: 1, refusal: otherSigner(earlier) };
}

function malformed(message: string): ForkRefusal {
  return refuse("proof.malformed", message);
}

function refuse(code: ForkRefusal["code"], message: string): ForkRefusal {
  return { ok: false, code, message };
}
