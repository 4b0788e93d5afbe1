/** Base64 (RFC 4648, section 4): the standard alphabet with padding, and one text for one byte string. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Six bits by character code; 64 where the character is none of the alphabet. */
const SIX_BITS = new Uint8Array(128).fill(64);
for (let bits = 0; bits < 64; bits += 1) SIX_BITS[ALPHABET.charCodeAt(bits)] = bits;

export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  let at = 0;
  for (; at + 2 < bytes.length; at += 3) {
    const group = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    text += ALPHABET[group >> 18]! + ALPHABET[(group >> 12) & 63]!;
    text += ALPHABET[(group >> 6) & 63]! + ALPHABET[group & 63]!;
  }
  if (at === bytes.length) return text;
  const second = bytes[at + 1];
  const group = (bytes[at]! << 16) | ((second ?? 0) << 8);
  text += ALPHABET[group >> 18]! + ALPHABET[(group >> 12) & 63]!;
  return `${text}${second === undefined ? "=" : ALPHABET[(group >> 6) & 63]!}=`;
}

/**
 * The bytes of what `encodeBase64` wrote, else null. The URL-safe alphabet, white space, missing or surplus
 * padding and bits beyond the last byte (RFC 4648, section 3.5) would each give bytes a second text.
 */
export function decodeBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0) return null;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let pending = 0;
  let count = 0;
  let to = 0;
  for (let at = 0; at < digits; at += 1) {
    const code = text.charCodeAt(at);
    const bits = code < 128 ? SIX_BITS[code]! : 64;
    if (bits === 64) return null;
    pending = ((pending << 6) | bits) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes[to] = pending >> count;
    to += 1;
  }
  return (pending & ((1 << count) - 1)) === 0 ? bytes : null;
}
