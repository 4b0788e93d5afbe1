import type { Sha256 } from "./hash.ts";

/** Of SHA-256, in bytes. */
const BLOCK_BYTES = 64;

/** HMAC-SHA256 (RFC 2104) with whatever computes SHA-256; the key has at most 64 bytes. */
export function hmacSha256(sha256: Sha256, key: Uint8Array, message: Uint8Array): Uint8Array {
  if (key.length > BLOCK_BYTES) throw new RangeError(`a key of ${key.length} bytes, not at most 64`);
  const inner = new Uint8Array(BLOCK_BYTES + message.length).fill(0x36, 0, BLOCK_BYTES);
  const outer = new Uint8Array(BLOCK_BYTES + 32).fill(0x5c, 0, BLOCK_BYTES);
  for (let at = 0; at < key.length; at += 1) {
    inner[at]! ^= key[at]!;
    outer[at]! ^= key[at]!;
  }
  inner.set(message, BLOCK_BYTES);
  outer.set(sha256(inner), BLOCK_BYTES);
  return sha256(outer);
}
