/** The primitives of Node, which are faster than portable ones, under the same strict profile. */
import * as platform from "node:crypto";
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  randomUUID,
  sign,
  verify,
} from "node:crypto";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { hasStrictForm, type Verify } from "@polity/runtime/ed25519.ts";
import type { Sha256 } from "@polity/runtime/hash.ts";
import { type PublicKey, readPublicKey, writePublicKey } from "@polity/runtime/keys.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import type { RecordingPorts } from "../recorder.ts";

type SignerCode = "key.malformed" | "key.unsupported" | "key.public";

type SignerResult =
  | { readonly ok: true; readonly signer: Signer }
  | { readonly ok: false; readonly code: SignerCode; readonly message: string };

/** `hash` spares an object for each digest. Nodes before 20.12 lack it, and cannot import it by name. */
const sha256: Sha256 =
  platform.hash === undefined
    ? (bytes) => plain(createHash("sha256").update(bytes).digest())
    : (bytes) => fromBinary(platform.hash("sha256", bytes, "binary"));

/** Making a buffer takes the platform longer than a short text, and longer than hashing what a log hashes. */
function fromBinary(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** SHA-256 of what comes piece by piece. */
export function nodeHashing(): {
  readonly update: (bytes: Uint8Array) => void;
  readonly digest: () => Uint8Array;
} {
  const hash = createHash("sha256");
  return { update: (bytes) => void hash.update(bytes), digest: () => plain(hash.digest()) };
}

/** What OpenSSL accepts depends on its version, except for a safe key and a signature of strict form. */
const verifyNative: Verify = (publicKey, message, signature) => {
  try {
    return hasStrictForm(signature) && verify(null, message, keyObject(publicKey), signature);
  } catch {
    return false;
  }
};

export const nodeCrypto: CryptoPort = Object.freeze({ sha256, verify: verifyNative });

/** Enough for a trust root with its logs; a key object costs about as much as a verification. */
const CACHED_KEYS_MAX = 64;
const cachedKeys = new Map<string, KeyObject>();

function keyObject(publicKey: Uint8Array): KeyObject {
  const pem = writePublicKey({ kind: "ed25519", bytes: publicKey, id: "" });
  const known = cachedKeys.get(pem);
  if (known !== undefined) return known;
  const made = createPublicKey(pem);
  // The key that came first leaves first, which is good enough where there are few.
  const [oldest] = cachedKeys.keys();
  if (oldest !== undefined && cachedKeys.size >= CACHED_KEYS_MAX) cachedKeys.delete(oldest);
  cachedKeys.set(pem, made);
  return made;
}

/**
 * PKCS#8 (RFC 5208) of an Ed25519 seed (RFC 8410, section 7) in PEM, three lines ended by line feeds, as
 * `generateKey` and `openssl genpkey` write it. In DER the first 16 of its 48 bytes are always the same.
 */
const PRIVATE_PEM =
  /^-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI[A-P][A-Za-z0-9+/]{42}\n-----END PRIVATE KEY-----\n$/;

/** Signs with a key that is in memory. No message repeats anything of it. */
export function nodeSigner(privatePem: string): SignerResult {
  if (typeof privatePem !== "string") return refuse("key.malformed", "a private key is a PEM text");
  if (!PRIVATE_PEM.test(privatePem)) return refuseOther(privatePem);
  const privateKey = createPrivateKey(privatePem);
  const publicPem = createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();
  const read = readPublicKey(publicPem);
  if (!read.ok) return refuse("key.malformed", "this seed gives no usable public key: make a new key");
  const signer: Signer = Object.freeze({
    publicKey: read.key,
    sign: async (message: Uint8Array) => plain(sign(null, message, privateKey)),
  });
  return { ok: true, signer };
}

function refuseOther(pem: string): SignerResult {
  if (/-----BEGIN [A-Z ]*PUBLIC KEY-----/.test(pem)) {
    return refuse("key.public", "this is a public key: to sign, give the private one");
  }
  const label = /^-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----/.exec(pem)?.[1];
  if (label !== undefined && label !== "PRIVATE KEY") {
    return refuse("key.unsupported", `${label} is not supported: give an unencrypted PKCS#8 Ed25519 key`);
  }
  const type = label === undefined ? undefined : privateKeyType(pem);
  if (type === undefined || type === "ed25519") {
    return refuse("key.malformed", "no PKCS#8 PEM file of exactly three lines, each ended by a line feed");
  }
  return refuse("key.unsupported", `a key of type ${type}: only Ed25519 is known`);
}

function privateKeyType(pem: string): string | undefined {
  try {
    return createPrivateKey(pem).asymmetricKeyType;
  } catch {
    // The message of what was thrown might quote the key.
    return undefined;
  }
}

/** A fresh key, as PEM files: PKCS#8 (secret) and SPKI. */
export function generateKey(): {
  readonly privatePem: string;
  readonly publicPem: string;
  readonly publicKey: PublicKey;
} {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519", {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const read = readPublicKey(publicKey);
  if (!read.ok) throw new Error("Node made a public key that is not safe");
  return { privatePem: privateKey, publicPem: publicKey, publicKey: read.key };
}

/** Asking the system takes longer than all else that a salt needs, so some is fetched at once. */
const RANDOM_POOL_BYTES = 4_096;
const pool = { bytes: new Uint8Array(0), at: 0 };

/** Unpredictable bytes, as salts are made of. */
export function nodeRandomBytes(count: number): Uint8Array {
  if (count > RANDOM_POOL_BYTES / 8) return plain(randomBytes(count));
  if (pool.at + count > pool.bytes.length) {
    pool.bytes = randomBytes(RANDOM_POOL_BYTES);
    pool.at = 0;
  }
  const taken = new Uint8Array(count);
  for (let at = 0; at < count; at += 1) {
    taken[at] = pool.bytes[pool.at]!;
    // What was given away is nowhere else.
    pool.bytes[pool.at] = 0;
    pool.at += 1;
  }
  return taken;
}

/** A UUID (RFC 9562, version 4) in lower case. */
export function nodeUuid(): string {
  return randomUUID();
}

/** What a recorder needs (`recorder.ts`). */
export const nodeRecording: RecordingPorts = Object.freeze({
  now: Date.now,
  uuid: nodeUuid,
  randomBytes: nodeRandomBytes,
  sha256,
  wake: (afterMs: number, run: () => void) => setTimeout(run, afterMs),
});

/** A Buffer is a Uint8Array whose `slice` shares memory: nobody outside should meet one. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

function refuse(code: SignerCode, message: string): SignerResult {
  return { ok: false, code, message };
}
