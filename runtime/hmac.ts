import type { Sha256 } from "./hash.ts";

/** Of SHA-256, in bytes. */
const BLOCK_BYTES = 64;

/** The second message: to allocate it takes as long as to hash it. */
const outer = new Uint8Array(BLOCK_BYTES + 32);

/** HMAC-SHA256 (RFC 2104) with whatever computes SHA-256; the key has at most 64 bytes. */
export function hmacSha256(sha256: Sha256, key: Uint8Array, message: Uint8Array): Uint8Array {
  const inner = new Uint8Array(BLOCK_BYTES + message.length);
  inner.set(message, BLOCK_BYTES);
  return hmacInPlace(sha256, key, inner);
}

/** The same of a message that lies behind 64 bytes, which are written over. */
export function hmacInPlace(sha256: Sha256, key: Uint8Array, inner: Uint8Array): Uint8Array {
  if (key.length > BLOCK_BYTES) throw new RangeError(`a key of ${key.length} bytes, not at most 64`);
  for (let at = 0; at < BLOCK_BYTES; at += 1) {
    const byte = at < key.length ? key[at]! : 0;
    inner[at] = byte ^ 0x36;
  }
  const digest = sha256(inner);
  for (let at = 0; at < BLOCK_BYTES; at += 1) outer[at] = (at < key.length ? key[at]! : 0) ^ 0x5c;
  outer.set(digest, BLOCK_BYTES);
  const name = sha256(outer);
  // No key is kept here.
  outer.fill(0);
  return name;
}
