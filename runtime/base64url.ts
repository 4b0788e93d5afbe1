/** Base64url (RFC 4648, section 5) without padding, as JSON Web Signatures have it: one text per bytes. */
import { decodeBase64, encodeBase64 } from "./base64.ts";

export function encodeBase64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The bytes of what `encodeBase64Url` wrote, else null: no padding, no other alphabet, no surplus bits. */
export function decodeBase64Url(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return null;
  const padded = text.padEnd(Math.ceil(text.length / 4) * 4, "=");
  return decodeBase64(padded.replaceAll("-", "+").replaceAll("_", "/"));
}
