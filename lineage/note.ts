/** Signed notes (C2SP signed-note v1), by Ed25519 keys with names. */
import { decodeBase64, encodeBase64 } from "@polity/runtime/base64.ts";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { type Sha256, toHex, utf8 } from "@polity/runtime/hash.ts";
import { type KeyCode, type PublicKey, publicKeyOf } from "@polity/runtime/keys.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import {
  decodeNote,
  encodeNote,
  isKeyName,
  KEY_NAME_BYTES_MAX,
  type NoteFormCode,
  type SignatureLine,
} from "./note-form.ts";

/** Above any vkey of Ed25519, and of the algorithms that are refused by name. */
const VKEY_CHARACTERS_MAX = 4096;
const SIGNATURE_BYTES = 64;
/** The algorithm's byte; it counts as part of the key wherever the key is hashed or written. */
const ED25519 = 1;

/** A key that signs notes. */
export interface NoteKey {
  /** See `isKeyName`. */
  readonly name: string;
  readonly publicKey: PublicKey;
  /** 8 hex digits: leads from a signature line to the key, and proves nothing. */
  readonly hint: string;
}

export interface NoteSigner {
  readonly key: NoteKey;
  /** The 64 bytes of an Ed25519 signature of exactly these bytes, by `key.publicKey`. */
  readonly sign: Signer["sign"];
}

export type NoteKeyCode = KeyCode | "key.name" | "key.hint";

export type NoteKeyResult =
  | { readonly ok: true; readonly key: NoteKey }
  | { readonly ok: false; readonly code: NoteKeyCode; readonly message: string };

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
  if (isKeyName(name)) return { ok: true, key: { name, publicKey, hint: hintOf(name, publicKey, sha256) } };
  const rule = `1 to ${KEY_NAME_BYTES_MAX} bytes of UTF-8 without spaces, control characters and +`;
  return { ok: false, code: "key.name", message: `not the name of a key: a name has ${rule}` };
}

/** `<name>+<hint>+<base64 of the byte 1 and the key>`: how logs publish their keys. */
export function encodeVkey({ name, hint, publicKey }: NoteKey): string {
  return `${name}+${hint}+${encodeBase64(typed(publicKey))}`;
}

/** Reads what `encodeVkey` wrote; `key.hint` where the hint belongs to another name or key. Never throws. */
export function decodeVkey(text: string, sha256: Sha256): NoteKeyResult {
  if (typeof text !== "string" || text.length > VKEY_CHARACTERS_MAX) {
    return refuseKey("key.malformed", `a vkey is a text of up to ${VKEY_CHARACTERS_MAX} characters`);
  }
  // Base64 may have a + of its own.
  const match = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/su.exec(text);
  const bytes = decodeBase64(match?.[3] ?? "");
  if (match === null || bytes === null || bytes.length === 0) {
    return refuseKey("key.malformed", "a vkey is name+hint+key: a name, 8 lower-case hex digits, base64");
  }
  if (bytes[0] !== ED25519) {
    return refuseKey("key.unsupported", `a key of algorithm ${bytes[0]}: only ${ED25519}, Ed25519, is known`);
  }
  const bare = publicKeyOf(bytes.slice(1));
  if (!bare.ok) return bare;
  const named = noteKey(match[1]!, bare.key, sha256);
  if (!named.ok || named.key.hint === match[2]) return named;
  return refuseKey("key.hint", `the hint of this name and key is ${named.key.hint}, not ${match[2]}`);
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
    else return refuse("note.bad_signature", `the signature by ${nameOf(line)} is not one of this text`);
  }
  if (signedBy.size > 0) return { ok: true, text, signedBy: [...signedBy], unknown };
  const names = lines.slice(0, 3).map(nameOf).join(", ");
  return refuse("note.unknown_keys", `no signature by a key that is trusted here, but by ${names}`);
}

/** The first 4 bytes of the SHA-256 of name, line feed, algorithm and key. */
function hintOf(name: string, publicKey: PublicKey, sha256: Sha256): string {
  const start = utf8(`${name}\n`);
  const key = typed(publicKey);
  const bytes = new Uint8Array(start.length + key.length);
  bytes.set(start);
  bytes.set(key, start.length);
  return toHex(sha256(bytes).subarray(0, 4));
}

function typed({ bytes }: PublicKey): Uint8Array {
  return Uint8Array.of(ED25519, ...bytes);
}

function isSignatureBy(
  { bytes }: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
  { verify }: Pick<CryptoPort, "verify">,
): boolean {
  return signature.length === SIGNATURE_BYTES && verify(bytes, message, signature);
}

/** For messages: whoever wrote the note chose the name, so nothing in it may act on a terminal. */
function nameOf({ name, hint }: SignatureLine): string {
  const shown = name.replace(/[^!-~]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
  return `${shown} (${hint})`;
}

function refuseKey(code: NoteKeyCode, message: string): NoteKeyResult {
  return { ok: false, code, message };
}

function refuse(code: NoteCode, message: string): NoteRefusal {
  return { ok: false, code, message };
}
