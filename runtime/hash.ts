import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";

/** SHA-256 (FIPS 180-4) of bytes: 32 bytes. A host may bring a faster one, e.g. from its platform. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

export const sha256: Sha256 = nobleSha256;

const encoder = new TextEncoder();

/**
 * The UTF-8 bytes of well-formed text; lone surrogates would become U+FFFD, so callers refuse them before.
 */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

const HEX = Array.from({ length: 256 }, (_, byte) => (byte < 16 ? "0" : "") + byte.toString(16));

/** Lower-case hex, in memory order. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 1) text += HEX[bytes[at]!];
  return text;
}

/** `sha256:` and 64 hex digits: how files, facts and requests are named. */
export function digestName(digest: Uint8Array): string {
  return `sha256:${toHex(digest)}`;
}

/** Room for most of what is named, which would else be allocated for each; it keeps nothing. */
const scratch = new Uint8Array(4096);

/** The same of well-formed text, in UTF-8. */
export function digestText(text: string, hash: Sha256): string {
  if (text.length * 3 > scratch.length) return digestName(hash(utf8(text)));
  const bytes = scratch.subarray(0, encoder.encodeInto(text, scratch).written);
  const name = digestName(hash(bytes));
  bytes.fill(0);
  return name;
}

/** The 32 bytes of a name that `digestName` made, or null where the text is not one. */
export function digestBytes(name: string): Uint8Array | null {
  if (!/^sha256:[0-9a-f]{64}$/.test(name)) return null;
  const bytes = new Uint8Array(32);
  for (let at = 0; at < 32; at += 1) bytes[at] = Number.parseInt(name.slice(7 + at * 2, 9 + at * 2), 16);
  return bytes;
}

/** Also for what arrives from JavaScript: only the prototype of a Uint8Array is not enough. */
export function isBytes(value: unknown): value is Uint8Array {
  return kindOf.call(value) === "Uint8Array";
}

/** What a typed array is by itself, whatever its prototype claims; undefined for anything else. */
const kindOf: (this: unknown) => unknown = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}
