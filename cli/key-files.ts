/** Files of keys: PKCS#8 and SPKI (RFC 8410) in PEM. No message repeats anything of a private one. */
import { generateKey, nodeSigner } from "@polity/lineage/node/crypto.ts";
import { type PublicKey, readPublicKey } from "@polity/runtime/keys.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { failure } from "./failure.ts";
import { nameOf, readSecret, readText } from "./read-file.ts";
import { writeNew } from "./write-file.ts";

export interface KeyPair {
  readonly id: string;
  /** Paths. */
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Makes `NAME.pem` and `NAME.pub.pem`: both, or neither where one is in the way. */
export function writeKeyPair(name: string): KeyPair {
  const { privatePem, publicPem, publicKey } = generateKey();
  const pair = { id: publicKey.id, privateKey: `${name}.pem`, publicKey: `${name}.pub.pem` };
  writeNew([
    { path: pair.privateKey, content: privatePem, mode: 0o600 },
    { path: pair.publicKey, content: publicPem, mode: 0o644 },
  ]);
  return pair;
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ["key.public", "the private key of NAME.pub.pem is NAME.pem"],
  ["key.private", "the public key of NAME.pem is NAME.pub.pem"],
  ["key.malformed", "pol keygen makes a key pair"],
  ["key.unsupported", "pol keygen makes a key pair"],
  ["key.weak", "pol keygen makes a key pair"],
]);

export async function readSigner(path: string): Promise<Signer> {
  const pem = await readSecret(path);
  const read = nodeSigner(pem);
  if (read.ok) return read.signer;
  const isEncrypted = pem.includes("ENCRYPTED");
  const hint = isEncrypted ? "openssl pkey -in FILE prints it without its password" : HINTS.get(read.code);
  throw failure(`${nameOf(path)} is no private key to use here: ${read.message}`, hint);
}

export async function readTrusted(path: string): Promise<PublicKey> {
  const read = readPublicKey(await readText(path));
  if (read.ok) return read.key;
  throw failure(`${nameOf(path)} is no public key to use here: ${read.message}`, HINTS.get(read.code));
}
