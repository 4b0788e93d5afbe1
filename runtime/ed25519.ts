/** Ed25519 (RFC 8032) under one strict profile, so that every verifier gives the same verdict. */
import { hashes, Point, verify } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";

/**
 * Whether `signature` (64 bytes) is one of `message` by `publicKey` (32 bytes, one that `keys.ts` let in):
 * cofactorless, S < L, R canonical, torsion-free and not the identity. Never throws; anything malformed is
 * no signature.
 */
export type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

// The library computes at once only with a hash that it is given; its own one is asynchronous.
hashes.sha512 = sha512;

const POINT_BYTES = 32;

/** p = 2^255 - 19, the field, and L, the order of the base point: RFC 8032, section 5.1. */
const FIELD = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;

/**
 * `Verify` on any machine. The library refuses what is not canonical, but its equation is multiplied by 8:
 * a signer could add a point of small order to R, and a verifier without the factor would disagree.
 */
export const verifyStrict: Verify = (publicKey, message, signature) => {
  try {
    if (!hasStrictForm(signature) || !verify(signature, message, publicKey, { zip215: false })) return false;
    return Point.fromBytes(signature.subarray(0, POINT_BYTES)).isTorsionFree();
  } catch {
    return false;
  }
};

/**
 * What the bytes of a signature alone can say: 64 of them, S < L, and R in its one encoding, neither the
 * identity nor the point of order 2. Platforms differ in exactly these, so every verifier asks this first.
 */
export function hasStrictForm(signature: Uint8Array): boolean {
  if (signature.length !== 2 * POINT_BYTES) return false;
  const y = littleEndian(signature.subarray(0, POINT_BYTES)) & (2n ** 255n - 1n);
  return y !== 1n && y < FIELD - 1n && littleEndian(signature.subarray(POINT_BYTES)) < ORDER;
}

/**
 * Whether 32 bytes are a key that no two verifiers disagree about: a point in its one encoding (RFC 8032,
 * section 5.1.3), not the identity, and in the group of prime order. Never throws.
 */
export function isSafeKey(bytes: Uint8Array): boolean {
  try {
    const point = Point.fromBytes(bytes);
    return !point.is0() && point.isTorsionFree();
  } catch {
    return false;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let number = 0n;
  for (let at = bytes.length - 1; at >= 0; at -= 1) number = (number << 8n) | BigInt(bytes[at]!);
  return number;
}
