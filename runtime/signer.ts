import type { PublicKey } from "./keys.ts";

/** Whoever holds a private key: a file, an agent, a hardware module. The key itself never shows. */
export interface Signer {
  readonly publicKey: PublicKey;
  /** The 64 bytes of an Ed25519 signature (RFC 8032, 5.1.6) of exactly these bytes. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
}
