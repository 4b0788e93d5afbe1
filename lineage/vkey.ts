/** How keys of notes are written (C2SP signed-note v1, "verifier keys"): name, hint, algorithm and key. */
import { decodeBase64, encodeBase64 } from "@polity/runtime/base64.ts";
import { type Sha256, toHex, utf8 } from "@polity/runtime/hash.ts";
import { type KeyCode, type PublicKey, publicKeyOf } from "@polity/runtime/keys.ts";
import { isKeyName, KEY_NAME_BYTES_MAX } from "./note-form.ts";

/** Above any vkey of Ed25519, and of the algorithms that are refused by name. */
const VKEY_CHARACTERS_MAX = 4096;

/** The algorithm's byte; it counts as part of the key wherever the key is hashed or written. */
export const ED25519 = 1;
/** Of a cosigner: the same keys, for signatures with a time (C2SP tlog-cosignature v1). */
export const ED25519_COSIGNATURE = 4;

export type Algorithm = typeof ED25519 | typeof ED25519_COSIGNATURE;

/** A key by its name; its hint is of one algorithm. */
export interface NamedKey {
  /** See `isKeyName`. */
  readonly name: string;
  readonly publicKey: PublicKey;
  /** 8 hex digits: leads from a signature line to the key, and proves nothing. */
  readonly hint: string;
}

export type NoteKeyCode = KeyCode | "key.name" | "key.hint";

export interface KeyRefusal {
  readonly ok: false;
  readonly code: NoteKeyCode;
  readonly message: string;
}

export type NamedKeyResult = { readonly ok: true; readonly key: NamedKey } | KeyRefusal;

/** Refused with `key.name` where the name is none: see `isKeyName`. */
export function namedKey(
  name: string,
  publicKey: PublicKey,
  algorithm: Algorithm,
  sha256: Sha256,
): NamedKeyResult {
  if (isKeyName(name)) {
    return { ok: true, key: { name, publicKey, hint: hintOf(name, publicKey, algorithm, sha256) } };
  }
  const rule = `1 to ${KEY_NAME_BYTES_MAX} bytes of UTF-8 without spaces, control characters and +`;
  return refuseKey("key.name", `not the name of a key: a name has ${rule}`);
}

/**
 * `<name>+<hint>+<base64 of the algorithm's byte and the key>`: how logs and witnesses publish their keys.
 */
export function writeVkey({ name, hint, publicKey }: NamedKey, algorithm: Algorithm): string {
  return `${name}+${hint}+${encodeBase64(typed(publicKey, algorithm))}`;
}

/** Reads what `writeVkey` wrote; `key.hint` where the hint belongs to another name or key. Never throws. */
export function readVkey(text: string, algorithm: Algorithm, sha256: Sha256): NamedKeyResult {
  if (typeof text !== "string" || text.length > VKEY_CHARACTERS_MAX) {
    return refuseKey("key.malformed", `a vkey is a text of up to ${VKEY_CHARACTERS_MAX} characters`);
  }
  // Base64 may have a + of its own.
  const match = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/su.exec(text);
  const bytes = decodeBase64(match?.[3] ?? "");
  if (match === null || bytes === null || bytes.length === 0) {
    return refuseKey("key.malformed", "a vkey is name+hint+key: a name, 8 lower-case hex digits, base64");
  }
  if (bytes[0] !== algorithm) return refuseKey("key.unsupported", otherAlgorithm(bytes[0]!, algorithm));
  const bare = publicKeyOf(bytes.slice(1));
  if (!bare.ok) return bare;
  const named = namedKey(match[1]!, bare.key, algorithm, sha256);
  if (!named.ok || named.key.hint === match[2]) return named;
  return refuseKey("key.hint", `the hint of this name and key is ${named.key.hint}, not ${match[2]}`);
}

function otherAlgorithm(found: number, wanted: Algorithm): string {
  if (wanted === ED25519 && found === ED25519_COSIGNATURE) {
    return `a key of algorithm ${found}, of a witness: a log's key is of algorithm ${wanted}`;
  }
  if (wanted === ED25519_COSIGNATURE && found === ED25519) {
    return `a key of algorithm ${found}, of a log: a witness's key is of algorithm ${wanted}`;
  }
  const known = wanted === ED25519 ? "Ed25519" : "Ed25519 with a time";
  return `a key of algorithm ${found}: only ${wanted}, ${known}, is known`;
}

/** The first 4 bytes of the SHA-256 of name, line feed, algorithm and key. */
function hintOf(name: string, publicKey: PublicKey, algorithm: Algorithm, sha256: Sha256): string {
  const start = utf8(`${name}\n`);
  const key = typed(publicKey, algorithm);
  const bytes = new Uint8Array(start.length + key.length);
  bytes.set(start);
  bytes.set(key, start.length);
  return toHex(sha256(bytes).subarray(0, 4));
}

function typed({ bytes }: PublicKey, algorithm: Algorithm): Uint8Array {
  return Uint8Array.of(algorithm, ...bytes);
}

function refuseKey(code: NoteKeyCode, message: string): KeyRefusal {
  return { ok: false, code, message };
}
