import { createPublicKey, verify } from "node:crypto";
import type { Verify } from "@polity/runtime/ed25519.ts";

/** What ed25519-child.ts prints: a verdict for each case. */
export interface ChildReport {
  readonly portable: readonly string[];
  readonly native: readonly string[];
  readonly platform: readonly string[];
}

const SPKI_START = Buffer.from("302a300506032b6570032100", "hex");

/** Node's own verdict, without any check of ours. */
export const platformVerify: Verify = (publicKey, message, signature) => {
  const der = Buffer.concat([SPKI_START, publicKey]);
  return verify(null, message, createPublicKey({ key: der, format: "der", type: "spki" }), signature);
};
