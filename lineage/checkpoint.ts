/** Checkpoints: what a log signs about its tree (C2SP tlog-checkpoint v1), without extension lines. */
import { decodeBase64, encodeBase64 } from "@polity/runtime/base64.ts";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { readCount } from "./count.ts";
import { type NoteKey, type NoteRefusal, openNote } from "./note.ts";
import { KEY_NAME_BYTES_MAX } from "./note-form.ts";
import { HASH_BYTES } from "./tree.ts";

export interface Checkpoint {
  /** The log's name, and that of the key that signs for it. */
  readonly origin: string;
  /** Leaves. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** The SHA-256 of nothing. */
const EMPTY_ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

export type CheckpointCode = "checkpoint.malformed" | "checkpoint.wrong_origin";

export interface CheckpointRefusal<Code extends CheckpointCode = CheckpointCode> {
  readonly ok: false;
  readonly code: Code;
  readonly message: string;
}

export type CheckpointResult =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  | CheckpointRefusal<"checkpoint.malformed">;

export type OpenedCheckpoint =
  | {
      readonly ok: true;
      readonly checkpoint: Checkpoint;
      readonly signedBy: readonly NoteKey[];
      readonly unknown: number;
    }
  | CheckpointRefusal
  | NoteRefusal;

/**
 * Whether a text may name a log: a URL without scheme, query and fragment, such as `example.com/eu/agents`,
 * in ASCII, without `+`, up to 255 bytes. Every origin can name a key.
 */
export function isOrigin(text: string): boolean {
  if (typeof text !== "string" || text.length > KEY_NAME_BYTES_MAX) return false;
  return /^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(\/[A-Za-z0-9._~!$&'()*,;=:@%-]+)*$/.test(text);
}

/** The text that is signed: three lines. A RangeError means a bug of the caller. */
export function encodeCheckpoint({ origin, size, root }: Checkpoint): string {
  const text = `${origin}\n${size}\n${encodeBase64(root)}\n`;
  const decoded = decodeCheckpoint(text);
  if (!decoded.ok) throw new RangeError(`not a checkpoint: ${decoded.message}`);
  return text;
}

/** Reads what `encodeCheckpoint` wrote. Of an empty tree, only its own root is accepted. Never throws. */
export function decodeCheckpoint(text: string): CheckpointResult {
  if (typeof text !== "string") return malformed("a checkpoint is a text");
  const lines = text.split("\n", 5);
  if (lines.length !== 4 || lines[3] !== "") {
    return malformed("a checkpoint has three lines, each ended by a line feed: origin, size, root");
  }
  const [origin, sizeText, rootText] = [lines[0]!, lines[1]!, lines[2]!];
  if (!isOrigin(origin)) return malformed("line 1 is not an origin, such as example.com/log");
  const size = readCount(sizeText);
  if (size === null) return malformed("line 2 is not a size: a decimal up to 2^53-1 without leading zeros");
  const root = decodeBase64(rootText);
  if (root?.length !== HASH_BYTES) return malformed(`line 3 is not a root: ${HASH_BYTES} bytes in base64`);
  if (size === 0 && rootText !== EMPTY_ROOT) return malformed("line 3 is not the root of an empty tree");
  return { ok: true, checkpoint: { origin, size, root } };
}

/**
 * Opens a signed checkpoint for whoever trusts `keys`: `openNote`, `decodeCheckpoint`, and one of the keys
 * that signed has the name of the origin, so that no key speaks for another log. Never throws.
 */
export function openCheckpoint(
  note: Uint8Array | string,
  keys: readonly NoteKey[],
  crypto: Pick<CryptoPort, "verify">,
): OpenedCheckpoint {
  const opened = openNote(note, keys, crypto);
  if (!opened.ok) return opened;
  const decoded = decodeCheckpoint(opened.text);
  if (!decoded.ok) return decoded;
  const { checkpoint } = decoded;
  const { signedBy, unknown } = opened;
  if (signedBy.some((key) => key.name === checkpoint.origin))
    return { ok: true, checkpoint, signedBy, unknown };
  const names = signedBy.map((key) => key.name).join(", ");
  const message = `a checkpoint of ${checkpoint.origin}, signed only by ${names}: use the key of that log`;
  return { ok: false, code: "checkpoint.wrong_origin", message };
}

function malformed(message: string): CheckpointResult {
  return { ok: false, code: "checkpoint.malformed", message };
}
