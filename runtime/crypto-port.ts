import { type Verify, verifyStrict } from "./ed25519.ts";
import { type Sha256, sha256 } from "./hash.ts";

/** The two primitives that everything signed or chained stands on. A host may bring its platform's. */
export interface CryptoPort {
  readonly sha256: Sha256;
  readonly verify: Verify;
}

/** Runs anywhere, without the platform's help. */
export const portableCrypto: CryptoPort = Object.freeze({ sha256, verify: verifyStrict });
