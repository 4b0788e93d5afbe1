/** The vectors of test/vectors/ed25519/, and what a pipeline says about each of them. */
import type { Verify } from "@polity/runtime/ed25519.ts";
import { publicKeyOf } from "@polity/runtime/keys.ts";
import type { KeyCase, SignatureCase } from "./ed25519-crafted.ts";

/** "The key enters through `publicKeyOf`, then the signature is verified": one word, as in `expect`. */
export function verdictOf(verify: Verify, test: SignatureCase | KeyCase): string {
  const read = publicKeyOf(fromHex(test.publicKey));
  if (!read.ok) return read.code;
  if (!("signature" in test)) return "key";
  const isVerified = verify(read.key.bytes, fromHex(test.message), fromHex(test.signature));
  return isVerified ? "signature" : "signature.refused";
}

/** Without `Buffer`, since pages use it too. */
export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16);
  return bytes;
}
