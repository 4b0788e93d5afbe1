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
  padded(key, 0x36, inner);
  const digest = sha256(inner);
  padded(key, 0x5c, outer);
  outer.set(digest, BLOCK_BYTES);
  const name = sha256(outer);
  // No key is kept here.
  outer.fill(0);
  return name;
}

/** The key as the first block of what is hashed. */
function padded(key: Uint8Array, pad: number, block: Uint8Array): void {
  block.fill(pad, key.length, BLOCK_BYTES);
  for (let at = 0; at < key.length; at += 1) block[at] = key[at]! ^ pad;
}
