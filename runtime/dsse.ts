/**
 * DSSE 1.0.2, the Dead Simple Signing Envelope, in one form only: canonical JSON (RFC 8785) with exactly the
 * members of the protocol, standard base64, key ids as `keys.ts` makes them, Ed25519. Whoever may write an
 * envelope in several ways can show two of them to two readers.
 */
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { verifyStrict } from "./ed25519.ts";
import { digestBytes, isBytes, utf8 } from "./hash.ts";
import { canonicalJson, parseJson } from "./json.ts";
import { array, members, refuse, ShapeError, text } from "./shape.ts";
import type { Signer } from "./signer.ts";

export interface EnvelopeSignature {
  /** The id of the key, `sha256:` and 64 hex digits. It only says which key to try. */
  readonly keyid: string;
  /** 64 bytes: Ed25519 over `preAuthEncoding`. */
  readonly sig: Uint8Array;
}

export interface Envelope {
  /** 1 to 255 visible ASCII characters, neither `"` nor `\`. */
  readonly payloadType: string;
  readonly payload: Uint8Array;
  /** 1 to 16, ascending by key id, then by signature. A key may come twice; whoever counts, counts keys. */
  readonly signatures: readonly EnvelopeSignature[];
}

export type EnvelopeCode = "envelope.too_large" | "envelope.malformed";

export type EnvelopeResult =
  | { readonly ok: true; readonly envelope: Envelope }
  | { readonly ok: false; readonly code: EnvelopeCode; readonly message: string };

export const ENVELOPE_BYTES_MAX = 256 * 1024;
const SIGNATURES_MAX = 16;
const SIGNATURE_BYTES = 64;

/** Signatures in any order; throws for what `decodeEnvelope` would refuse. */
export function encodeEnvelope(envelope: Envelope): string {
  const written = write(envelope);
  const read = decodeEnvelope(written);
  if (!read.ok) throw new RangeError(`no envelope: ${read.message}`);
  return written;
}

function write({ payload, payloadType, signatures }: Envelope): string {
  const written: unknown[] = [];
  for (const { keyid, sig } of signatures.toSorted(compare)) written.push({ keyid, sig: encodeBase64(sig) });
  return canonicalJson({ payload: encodeBase64(payload), payloadType, signatures: written });
}

function compare(a: EnvelopeSignature, b: EnvelopeSignature): number {
  if (a.keyid !== b.keyid) return a.keyid < b.keyid ? -1 : 1;
  for (const [at, byte] of a.sig.entries()) {
    const difference = byte - (b.sig[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Only what `encodeEnvelope` wrote: UTF-8 bytes, or the text. Verifies nothing. Never throws. */
export function decodeEnvelope(given: Uint8Array | string): EnvelopeResult {
  if (typeof given !== "string" && !isBytes(given)) {
    return failed("envelope.malformed", "neither text nor bytes");
  }
  if (given.length > ENVELOPE_BYTES_MAX) {
    return failed("envelope.too_large", `more than ${ENVELOPE_BYTES_MAX} bytes: no envelope is this long`);
  }
  const written = typeof given === "string" ? given : utf8Text(given);
  if (written === null) return failed("envelope.malformed", "not UTF-8 text");
  const parsed = parseJson(written, { depthMax: 3 });
  if (!parsed.ok) {
    return failed("envelope.malformed", `not JSON: ${parsed.message} at character ${parsed.offset}`);
  }
  try {
    const envelope = readEnvelope(parsed.value);
    if (write(envelope) === written) return { ok: true, envelope };
    return failed(
      "envelope.malformed",
      "not in canonical form: members, signatures or spaces stand elsewhere",
    );
  } catch (error) {
    if (error instanceof ShapeError) return failed("envelope.malformed", error.message);
    throw error;
  }
}

function readEnvelope(json: unknown): Envelope {
  const top = members(json, "envelope", ["payload", "payloadType", "signatures"]);
  const payloadType = text(top.payloadType, "payloadType");
  // Without what JSON escapes, there is nothing to agree on about the bytes of the type.
  if (!/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/.test(payloadType)) {
    refuse("payloadType", "not 1 to 255 visible ASCII characters without quote and backslash");
  }
  const payload = base64(top.payload, "payload");
  if (Array.isArray(top.signatures) && (top.signatures.length < 1 || top.signatures.length > SIGNATURES_MAX))
    refuse("signatures", `${top.signatures.length} signatures, not 1 to ${SIGNATURES_MAX}`);
  return { payloadType, payload, signatures: array(top.signatures, "signatures", readSignature) };
}

function readSignature(json: unknown, where: string): EnvelopeSignature {
  const signature = members(json, where, ["keyid", "sig"]);
  const keyid = text(signature.keyid, `${where}.keyid`);
  if (digestBytes(keyid) === null) refuse(`${where}.keyid`, "not `sha256:` and 64 hex digits");
  const sig = base64(signature.sig, `${where}.sig`);
  if (sig.length !== SIGNATURE_BYTES) refuse(`${where}.sig`, `${sig.length} bytes, not ${SIGNATURE_BYTES}`);
  return { keyid, sig };
}

function base64(value: unknown, where: string): Uint8Array {
  return decodeBase64(text(value, where)) ?? refuse(where, "not standard base64 with padding");
}

// `ignoreBOM` keeps a byte order mark in the text, where the reader of JSON refuses it.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function utf8Text(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** PAE of DSSE 1.0.2, the bytes that are signed: both lengths in bytes, so that nothing can be shifted. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType);
  const head = utf8(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

/**
 * Rejects where a signer rejects, or answers with anything but a valid signature by its own key: a faulty
 * signature can give away the key that made it.
 */
export async function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  signers: readonly Signer[],
): Promise<Envelope> {
  const copy = Uint8Array.from(payload);
  const signatures: EnvelopeSignature[] = [];
  for (const { publicKey, sign } of signers) {
    const message = preAuthEncoding(payloadType, copy);
    const sig = Uint8Array.from(await sign(message));
    if (!verifyStrict(publicKey.bytes, preAuthEncoding(payloadType, copy), sig)) {
      throw new Error(`the signer of ${publicKey.id} answered with no signature by that key`);
    }
    signatures.push({ keyid: publicKey.id, sig });
  }
  return { payloadType, payload: copy, signatures: signatures.sort(compare) };
}

function failed(code: EnvelopeCode, message: string): EnvelopeResult {
  return { ok: false, code, message };
}
