/**
 * Cosignatures of witnesses (C2SP tlog-cosignature v1, Ed25519): that at some time, this was the largest tree
 * of a log that the witness had seen, and that it continued all it had seen before.
 */
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { type Sha256, utf8 } from "@polity/runtime/hash.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { type NoteRefusal, shownSigner } from "./note.ts";
import type { NoteForm, SignatureLine } from "./note-form.ts";
import {
  ED25519_COSIGNATURE,
  type KeyRefusal,
  type NamedKey,
  namedKey,
  readVkey,
  writeVkey,
} from "./vkey.ts";

const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;

/** A key that cosigns. The same bytes under the same name as a log's key have another hint. */
export interface CosignerKey extends NamedKey {
  readonly algorithm: typeof ED25519_COSIGNATURE;
}

export type CosignerKeyResult = { readonly ok: true; readonly key: CosignerKey } | KeyRefusal;

export interface Cosigner {
  readonly key: CosignerKey;
  readonly sign: Signer["sign"];
}

export interface Cosignature {
  readonly key: CosignerKey;
  /** POSIX time in seconds, at least 1: as the witness's clock had it. */
  readonly timeSeconds: number;
}

export type CosignaturesResult =
  | { readonly ok: true; readonly cosignatures: readonly Cosignature[] }
  | NoteRefusal;

/** Refused with `key.name` where the name is none: see `isKeyName`. */
export function cosignerKey(name: string, publicKey: PublicKey, sha256: Sha256): CosignerKeyResult {
  const named = namedKey(name, publicKey, ED25519_COSIGNATURE, sha256);
  return named.ok ? { ok: true, key: { ...named.key, algorithm: ED25519_COSIGNATURE } } : named;
}

/** `<name>+<hint>+<base64 of the byte 4 and the key>`: how witnesses publish their keys. */
export function encodeCosignerVkey(key: CosignerKey): string {
  return writeVkey(key, ED25519_COSIGNATURE);
}

/** Reads what `encodeCosignerVkey` wrote. Never throws. */
export function decodeCosignerVkey(text: string, sha256: Sha256): CosignerKeyResult {
  const named = readVkey(text, ED25519_COSIGNATURE, sha256);
  return named.ok ? { ok: true, key: { ...named.key, algorithm: ED25519_COSIGNATURE } } : named;
}

/**
 * The line below a checkpoint's text, by this cosigner at this time. Whoever calls has checked the checkpoint
 * against all that was cosigned before. Rejects with a RangeError for a bug of the caller, and with the
 * signer's own error.
 */
export async function cosign(
  text: string,
  { key, sign }: Cosigner,
  timeSeconds: number,
): Promise<SignatureLine> {
  if (!isTime(timeSeconds)) throw new RangeError(`${timeSeconds} is no time of a cosignature`);
  const signed = await sign(messageOf(text, timeSeconds));
  if (signed.length !== SIGNATURE_BYTES) {
    throw new RangeError(`the signer of ${key.name} gave ${signed.length} bytes, not ${SIGNATURE_BYTES}`);
  }
  const signature = new Uint8Array(TIME_BYTES + SIGNATURE_BYTES);
  new DataView(signature.buffer).setBigUint64(0, BigInt(timeSeconds));
  signature.set(signed, TIME_BYTES);
  return { name: key.name, hint: key.hint, signature };
}

/**
 * Who of `keys` has cosigned a note, each once with its latest time, in the order of the lines. Lines that
 * lead to none of the keys are ignored; one that leads to a key and is not by it refuses the whole note. That
 * a log has signed is for `openCheckpoint` to say. Never throws.
 */
export function openCosignatures(
  { text, lines }: NoteForm,
  keys: readonly CosignerKey[],
  crypto: Pick<CryptoPort, "verify">,
): CosignaturesResult {
  const found = new Map<CosignerKey, number>();
  for (const line of lines) {
    // Two keys may share a hint by accident; the signature then tells which of them it was.
    const known = keys.filter((key) => key.name === line.name && key.hint === line.hint);
    if (known.length === 0) continue;
    const timeSeconds = timeOf(line.signature);
    const key = known.find((one) => timeSeconds !== null && isBy(one, text, timeSeconds, line, crypto));
    if (key === undefined || timeSeconds === null) {
      const message = `the cosignature by ${shownSigner(line)} is not one of this text`;
      return { ok: false, code: "note.bad_signature", message };
    }
    found.set(key, Math.max(timeSeconds, found.get(key) ?? 0));
  }
  return { ok: true, cosignatures: [...found].map(([key, timeSeconds]) => ({ key, timeSeconds })) };
}

function isBy(
  { publicKey }: CosignerKey,
  text: string,
  timeSeconds: number,
  { signature }: SignatureLine,
  { verify }: Pick<CryptoPort, "verify">,
): boolean {
  return verify(publicKey.bytes, messageOf(text, timeSeconds), signature.subarray(TIME_BYTES));
}

/** What is signed; no text of a checkpoint begins like that and has a number in its second line. */
function messageOf(text: string, timeSeconds: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${timeSeconds}\n${text}`);
}

/** Null where the bytes are no cosignature, or have a time that no clock shows. */
function timeOf(signature: Uint8Array): number | null {
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return null;
  const view = new DataView(signature.buffer, signature.byteOffset, signature.byteLength);
  const timeSeconds = Number(view.getBigUint64(0));
  return isTime(timeSeconds) ? timeSeconds : null;
}

/** A cosignature of a witness never leaves the time out, which zero would mean. */
function isTime(timeSeconds: number): boolean {
  return Number.isSafeInteger(timeSeconds) && timeSeconds > 0;
}
