/** Signed notes (C2SP signed-note v1), by Ed25519 keys with names. */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { type Sha256, utf8 } from "@polity/runtime/hash.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { decodeNote, encodeNote, type NoteFormCode, type SignatureLine } from "./note-form.ts";
import { ED25519, type NamedKey, type NamedKeyResult, namedKey, readVkey, writeVkey } from "./vkey.ts";

const SIGNATURE_BYTES = 64;

/** A key that signs notes. */
export type NoteKey = NamedKey;

export interface NoteSigner {
  readonly key: NoteKey;
  /** The 64 bytes of an Ed25519 signature of exactly these bytes, by `key.publicKey`. */
  readonly sign: Signer["sign"];
}

export type NoteKeyResult = NamedKeyResult;

export type NoteCode = NoteFormCode | "note.unknown_keys" | "note.bad_signature";

export interface NoteRefusal {
  readonly ok: false;
  readonly code: NoteCode;
  readonly message: string;
}

export type NoteResult =
  | {
      readonly ok: true;
      /** With its final line feed: what was signed. */
      readonly text: string;
      /** Those of the keys given that signed, each once, in the order of the lines. */
      readonly signedBy: readonly NoteKey[];
      /** Signature lines by other keys; nothing is known about them. */
      readonly unknown: number;
    }
  | NoteRefusal;

/** Refused with `key.name` where the name is none: see `isKeyName`. */
export function noteKey(name: string, publicKey: PublicKey, sha256: Sha256): NoteKeyResult {
  return namedKey(name, publicKey, ED25519, sha256);
}

/** `<name>+<hint>+<base64 of the byte 1 and the key>`: how logs publish their keys. */
export function encodeVkey(key: NoteKey): string {
  return writeVkey(key, ED25519);
}

/** Reads what `encodeVkey` wrote; `key.hint` where the hint belongs to another name or key. Never throws. */
export function decodeVkey(text: string, sha256: Sha256): NoteKeyResult {
  return readVkey(text, ED25519, sha256);
}

/**
 * The note of a text, one line per signer, in their order. The text ends in a line feed and has no control
 * character but line feeds. Rejects with a RangeError for a bug of the caller, and with a signer's own error.
 */
export async function signNote(text: string, signers: readonly NoteSigner[]): Promise<string> {
  const message = utf8(text);
  const lines: SignatureLine[] = [];
  for (const { key, sign } of signers) {
    const signature = await sign(message);
    if (signature.length !== SIGNATURE_BYTES) {
      throw new RangeError(
        `the signer of ${key.name} gave ${signature.length} bytes, not ${SIGNATURE_BYTES}`,
      );
    }
    lines.push({ name: key.name, hint: key.hint, signature });
  }
  return encodeNote({ text, lines });
}

/**
 * Opens a note for whoever trusts `keys`. Lines whose name and hint lead to none of them are counted and
 * ignored; a line that leads to one of them must verify, or nothing counts. A text that no trusted key signed
 * is never handed out. Never throws.
 */
export function openNote(
  note: Uint8Array | string,
  keys: readonly NoteKey[],
  crypto: Pick<CryptoPort, "verify">,
): NoteResult {
  const decoded = decodeNote(note);
  if (!decoded.ok) return decoded;
  const { text, lines } = decoded.form;
  const message = utf8(text);
  const signedBy = new Set<NoteKey>();
  let unknown = 0;
  for (const line of lines) {
    // Two keys may share a hint by accident; the signature then tells which of them it was.
    const known = keys.filter((key) => key.name === line.name && key.hint === line.hint);
    const signer = known.find((key) => isSignatureBy(key.publicKey, message, line.signature, crypto));
    if (signer !== undefined) signedBy.add(signer);
    else if (known.length === 0) unknown += 1;
    else return refuse("note.bad_signature", `the signature by ${shownSigner(line)} is not one of this text`);
  }
  if (signedBy.size > 0) return { ok: true, text, signedBy: [...signedBy], unknown };
  const names = lines.slice(0, 3).map(shownSigner).join(", ");
  return refuse("note.unknown_keys", `no signature by a key that is trusted here, but by ${names}`);
}

export function isSignatureBy(
  { bytes }: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
  { verify }: Pick<CryptoPort, "verify">,
): boolean {
  return signature.length === SIGNATURE_BYTES && verify(bytes, message, signature);
}

/** For messages: whoever wrote the note chose the name, so nothing in it may act on a terminal. */
export function shownSigner({ name, hint }: Pick<SignatureLine, "name" | "hint">): string {
  const shown = name.replace(/[^!-~]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
  return `${shown} (${hint})`;
}

function refuse(code: NoteCode, message: string): NoteRefusal {
  return { ok: false, code, message };
}
