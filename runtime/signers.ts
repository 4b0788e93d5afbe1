/** Who of those whom somebody trusts has signed an envelope. How many are enough is for the caller to say. */
import type { CryptoPort } from "./crypto-port.ts";
import { type Envelope, preAuthEncoding } from "./dsse.ts";
import type { PublicKey } from "./keys.ts";

export type Signers =
  | {
      readonly ok: true;
      /** Ids of the keys that signed, ascending, each once however often it signed. */
      readonly signers: readonly string[];
    }
  | { readonly ok: false; readonly message: string };

/**
 * `keys` by id, each let in by `keys.ts`. Signatures of other keys are not looked at; one that names a key
 * of these and does not verify spoils the whole envelope.
 */
export function signersOf(
  { payloadType, payload, signatures }: Envelope,
  keys: ReadonlyMap<string, PublicKey>,
  crypto: CryptoPort,
): Signers {
  const message = preAuthEncoding(payloadType, payload);
  const signers = new Set<string>();
  for (const { keyid, sig } of signatures) {
    const key = keys.get(keyid);
    if (key === undefined) continue;
    if (!isVerified(crypto, key, message, sig)) {
      return { ok: false, message: `what names ${keyid} is no signature by it on this payload` };
    }
    signers.add(keyid);
  }
  return { ok: true, signers: [...signers].sort() };
}

/** A host's own `verify` that throws, or answers anything but true, has not verified. */
function isVerified(crypto: CryptoPort, key: PublicKey, message: Uint8Array, sig: Uint8Array): boolean {
  try {
    return crypto.verify(key.bytes, message, sig) === true;
  } catch {
    return false;
  }
}
