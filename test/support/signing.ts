/** Keys that are the same on every run, made from the seeds 1, 2, 3 …, as signers that never ask anybody. */
import { nodeSigner } from "@polity/lineage/node/crypto.ts";
import { encodeBase64 } from "@polity/runtime/base64.ts";
import type { Signer } from "@polity/runtime/signer.ts";

const PKCS8_START = Buffer.from("302e020100300506032b657004220420", "hex");

function privatePemOf(seed: Uint8Array): string {
  const body = encodeBase64(Buffer.concat([PKCS8_START, seed]));
  return `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`;
}

/** Of the seed that consists of this byte alone. */
export function signerOf(byte: number): Signer {
  return signerOfSeed(new Uint8Array(32).fill(byte));
}

export function signerOfSeed(seed: Uint8Array): Signer {
  const made = nodeSigner(privatePemOf(seed));
  if (!made.ok) throw new Error(made.message);
  return made.signer;
}
