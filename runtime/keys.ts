/** Public keys: how they enter, how they are named, and the one text form that they have. */
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { isSafeKey } from "./ed25519.ts";
import { digestName, equalBytes, isBytes, sha256, toHex } from "./hash.ts";

/** A public key that passed the strict profile: 32 bytes, canonical, no identity, torsion-free. */
export interface PublicKey {
  readonly kind: "ed25519";
  readonly bytes: Uint8Array;
  /** `sha256:` and 64 hex digits: of the key's SPKI in DER (RFC 8410). */
  readonly id: string;
}

export type KeyCode = "key.malformed" | "key.unsupported" | "key.weak" | "key.private";

export type KeyResult =
  | { readonly ok: true; readonly key: PublicKey }
  | { readonly ok: false; readonly code: KeyCode; readonly message: string };

const KEY_BYTES = 32;
/** RFC 8410, section 4: a SEQUENCE of the algorithm 1.3.101.112 and a BIT STRING with the 32 bytes. */
const SPKI_START = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0);
const BEGIN = "-----BEGIN PUBLIC KEY-----\n";
const END = "\n-----END PUBLIC KEY-----\n";
/** Beyond every public key in use, of any algorithm. */
const PEM_CHARACTERS_MAX = 16_384;

/** From the 32 bytes of RFC 8032, section 5.1.5. A weak key would let two verifiers disagree. */
export function publicKeyOf(bytes: Uint8Array): KeyResult {
  if (!isBytes(bytes) || bytes.length !== KEY_BYTES) {
    return refuse("key.malformed", `a public key is a Uint8Array of ${KEY_BYTES} bytes`);
  }
  const copy = Uint8Array.from(bytes);
  const id = idOf(copy);
  if (id === null) {
    return refuse("key.weak", "no point of the prime-order group in its one encoding: make a new key");
  }
  return { ok: true, key: Object.freeze({ kind: "ed25519", bytes: copy, id }) };
}

/** Ids of keys that passed, by their bytes: whoever trusts a key has read it, and then it comes again. */
const passed = new Map<string, string>();
const PASSED_MAX = 64;

/** Null: a weak key. To find that out takes milliseconds where the engine has not compiled it. */
function idOf(bytes: Uint8Array): string | null {
  const name = toHex(bytes);
  const known = passed.get(name);
  if (known !== undefined) return known;
  if (!isSafeKey(bytes)) return null;
  const id = digestName(sha256(spki(bytes)));
  // The key that came first leaves first.
  const [oldest] = passed.keys();
  if (oldest !== undefined && passed.size >= PASSED_MAX) passed.delete(oldest);
  passed.set(name, id);
  return id;
}

/** SPKI (RFC 8410) in PEM (RFC 7468), three lines ended by line feeds: what `writePublicKey` writes. */
export function readPublicKey(pem: string): KeyResult {
  if (typeof pem !== "string" || pem.length > PEM_CHARACTERS_MAX) {
    return refuse("key.malformed", `a public key is a PEM text of up to ${PEM_CHARACTERS_MAX} characters`);
  }
  if (/PRIVATE KEY/.test(pem)) {
    return refuse("key.private", "this is a private key: give the public one, and keep this one to yourself");
  }
  const label = /^-----BEGIN ([A-Z0-9 ]{1,40})-----\r?\n/.exec(pem)?.[1];
  if (label === undefined)
    return refuse("key.malformed", "the first line is not `-----BEGIN PUBLIC KEY-----`");
  if (label !== "PUBLIC KEY") return refuse("key.unsupported", `a PEM file of ${label}, not of PUBLIC KEY`);
  const der = bodyOf(pem);
  if (der === null) {
    return refuse("key.malformed", "not three lines, each ended by a line feed, with nothing around them");
  }
  if (isPrivateDer(der)) {
    return refuse("key.private", "a private key under a public label: give the public one, make a new key");
  }
  if (
    der.length === SPKI_START.length + KEY_BYTES &&
    equalBytes(der.subarray(0, SPKI_START.length), SPKI_START)
  )
    return publicKeyOf(der.subarray(SPKI_START.length));
  if (isOtherSpki(der)) return refuse("key.unsupported", "a key of another algorithm: only Ed25519 is known");
  return refuse("key.malformed", "the line between BEGIN and END is no Ed25519 public key");
}

/** `readPublicKey` reads it back. */
export function writePublicKey(key: PublicKey): string {
  return BEGIN + encodeBase64(spki(key.bytes)) + END;
}

/** SubjectPublicKeyInfo in DER: 44 bytes. */
function spki(bytes: Uint8Array): Uint8Array {
  const der = new Uint8Array(SPKI_START.length + KEY_BYTES);
  der.set(SPKI_START);
  der.set(bytes, SPKI_START.length);
  return der;
}

function bodyOf(pem: string): Uint8Array | null {
  if (!pem.startsWith(BEGIN) || !pem.endsWith(END)) return null;
  const lines = pem.slice(BEGIN.length, -END.length).split("\n");
  // Larger keys, which are told apart here only to be refused by name, have lines of 64 characters.
  const isWrapped = lines.every((line, at) =>
    at < lines.length - 1 ? line.length === 64 : line.length <= 64,
  );
  return isWrapped ? decodeBase64(lines.join("")) : null;
}

/** PKCS#8 (RFC 5208): a SEQUENCE that begins with the INTEGER 0 or 1. */
function isPrivateDer(der: Uint8Array): boolean {
  const at = contentOf(der);
  return at > 0 && der[at] === 2 && der[at + 1] === 1 && der[at + 2]! <= 1;
}

/** A SEQUENCE that begins with a SEQUENCE that begins with an OBJECT IDENTIFIER other than Ed25519's. */
function isOtherSpki(der: Uint8Array): boolean {
  const at = contentOf(der);
  if (at === 0 || der[at] !== 0x30 || der[at + 2] !== 6) return false;
  return !equalBytes(der.subarray(at + 2, at + 7), SPKI_START.subarray(4, 9));
}

/** Where the content of a SEQUENCE begins that fills all bytes; 0 where there is none. */
function contentOf(der: Uint8Array): number {
  if (der[0] !== 0x30) return 0;
  const first = der[1] ?? 0;
  const lengthBytes = first < 128 ? 0 : first - 128;
  let length = lengthBytes === 0 ? first : 0;
  for (let at = 2; at < 2 + lengthBytes; at += 1) length = length * 256 + (der[at] ?? 0);
  return 2 + lengthBytes + length === der.length ? 2 + lengthBytes : 0;
}

function refuse(code: KeyCode, message: string): KeyResult {
  return { ok: false, code, message };
}
