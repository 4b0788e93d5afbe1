/** The checkpoint file: what the log has promised to the world. */
import { join } from "node:path";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import type { TrustWalk } from "@polity/runtime/trust-walk.ts";
import { type Checkpoint, decodeCheckpoint } from "../checkpoint.ts";
import type { NoteKey } from "../note.ts";
import { decodeNote, NOTE_BYTES_MAX } from "../note-form.ts";
import { ROOTED_ADVICE } from "../rooted-keys.ts";
import { type LogCode, LogError } from "../store.ts";
import { openSigned } from "../witnessed-checkpoint.ts";
import { type Disk, PUBLIC_FILE_MODE, readWhole } from "./disk.ts";
import { CHECKPOINT_FILE, replaceFile } from "./layout.ts";

export interface Published {
  /** The signed note. */
  readonly note: string;
  readonly checkpoint: Checkpoint;
  /** Signature lines by keys other than the log's. */
  readonly unknown: number;
}

/** Null where nothing was published yet. Without a key, the signature goes unchecked. */
export async function readPublished(
  disk: Disk,
  dir: string,
  key: ((origin: string) => NoteKey) | TrustWalk | null,
  crypto: CryptoPort,
): Promise<Published | null> {
  const bytes = await readWhole(disk, join(dir, CHECKPOINT_FILE), NOTE_BYTES_MAX);
  return bytes === null ? null : openPublished(bytes, key, crypto);
}

/** Throws what is wrong with the note, as of the checkpoint's file. */
export function openPublished(
  bytes: Uint8Array,
  key: ((origin: string) => NoteKey) | TrustWalk | null,
  crypto: CryptoPort,
): Published {
  const form = decodeNote(bytes);
  if (!form.ok) throw refused(form.code, form.message);
  const unsigned = decodeCheckpoint(form.form.text);
  if (!unsigned.ok) throw refused(unsigned.code, unsigned.message);
  const note = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  if (key === null) {
    return { note, checkpoint: unsigned.checkpoint, unknown: form.form.lines.length };
  }
  const keys = typeof key === "function" ? [key(unsigned.checkpoint.origin)] : key;
  const opened = openSigned(bytes, { keys, policy: null }, crypto);
  if (!opened.ok) throw refused(opened.code, opened.message);
  return { note, checkpoint: opened.checkpoint, unknown: opened.unknown };
}

const CODES = new Map<string, readonly [LogCode, string]>([
  ...ROOTED_ADVICE,
  ["note.unknown_keys", ["log.other_key", "use the key of this log, or check whose log this is"]],
  ["note.bad_signature", ["log.bad_signature", "it was changed after it was signed; restore it from a copy"]],
]);

function refused(code: string, message: string): LogError {
  const [ours, advice] = CODES.get(code) ?? ["log.malformed", "restore it from a copy"];
  return new LogError(ours, `${message}: ${advice}`, { file: CHECKPOINT_FILE, offset: 0 });
}

export async function writePublished(disk: Disk, dir: string, note: string): Promise<void> {
  await replaceFile(disk, dir, CHECKPOINT_FILE, utf8(note), PUBLIC_FILE_MODE);
}
