/** The hashes of prelude/families.ts and prelude/directory.ts, as the compiler computes them. */

const MULTIPLIER = 0x9e3779b97f4a7c15n;
const WORD = (1n << 64n) - 1n;

/** Of text, in words of 8 bytes padded with zeros. */
export function hashText(text: Uint8Array): number {
  let hash = BigInt(text.length);
  for (let at = 0; at < text.length; at += 8) {
    let word = 0n;
    for (let low = Math.min(7, text.length - at - 1); low >= 0; low -= 1) {
      word = (word << 8n) | BigInt(text[at + low] ?? 0);
    }
    hash = ((hash ^ word) * MULTIPLIER) & WORD;
    hash ^= hash >> 29n;
  }
  return Number(((hash >> 32n) ^ hash) & 0xffff_ffffn);
}

export function hashKey(key: bigint): number {
  let hash = (key * MULTIPLIER) & WORD;
  hash ^= hash >> 29n;
  hash = (hash * MULTIPLIER) & WORD;
  return Number(hash >> 32n);
}

/** A place among so many: the hash as a fraction of 2^32. */
export function slotOf(hash: number, slots: number): number {
  return Number((BigInt(hash) * BigInt(slots)) >> 32n);
}
