/**
 * Whether somebody whom the host trusts vouches for an evaluator, here and now. The checks are in a fixed
 * order and the first that fails is the answer, so that every host refuses for the same reason.
 */
import type { CryptoPort } from "./crypto-port.ts";
import { decodeEnvelope, type Envelope, encodeEnvelope, signEnvelope } from "./dsse.ts";
import { isBytes } from "./hash.ts";
import { type PublicKey, publicKeyOf } from "./keys.ts";
import { timestampText } from "./scalars.ts";
import { isLabel } from "./signed-document.ts";
import type { Signer } from "./signer.ts";
import { signersOf } from "./signers.ts";
import { decodeStatement, type EvaluatorStatement, encodeStatement, STATEMENT_TYPE } from "./statement.ts";

/** Whose signatures count, and for what. */
export interface Trust {
  /** 1 to 64; one that is listed twice counts once. */
  readonly keys: readonly PublicKey[];
  /** How many different keys must have signed; 1 where it is left out. */
  readonly threshold?: number;
  /** The policy's name. */
  readonly name: string;
  /** Where this host runs; left out, only evaluators that are bound to no place are accepted. */
  readonly audience?: string;
}

/** In the order in which they are made. */
export const SIGNATURE_CHECKS = [
  "trust.invalid",
  "envelope.unsigned",
  "envelope.too_large",
  "envelope.malformed",
  "envelope.payload_type",
  "envelope.wrong_key",
  "envelope.bad_signature",
  "envelope.threshold",
  "envelope.statement",
  "envelope.altered",
  "envelope.wrong_name",
  "envelope.wrong_audience",
  "envelope.not_yet_valid",
  "envelope.expired",
] as const;

export type SignatureCode = (typeof SIGNATURE_CHECKS)[number];

export interface SignatureRefusal {
  readonly ok: false;
  readonly code: SignatureCode;
  readonly message: string;
}

export interface SignedEvaluator {
  readonly ok: true;
  readonly statement: EvaluatorStatement;
  /** Ids of the trusted keys that signed, ascending. */
  readonly signers: readonly string[];
}

const TRUSTED_KEYS_MAX = 64;

/**
 * `digest` names the evaluator at hand, `sha256:` and 64 hex digits; `nowMs` is in milliseconds since 1970.
 * Never throws, whatever JavaScript passes as envelope, trust or time.
 */
export function verifyEvaluator(
  digest: string,
  envelope: Uint8Array | string | null | undefined,
  trust: Trust,
  nowMs: number,
  crypto: CryptoPort,
): SignedEvaluator | SignatureRefusal {
  const trusted = readTrust(trust, nowMs);
  if (typeof trusted === "string") return refuse("trust.invalid", trusted);
  if (typeof digest !== "string") return refuse("envelope.altered", "the evaluator at hand has no digest");
  if (isNothing(envelope))
    return refuse("envelope.unsigned", "there is no envelope: sign the evaluator and give its envelope too");
  const decoded = decodeEnvelope(envelope);
  if (!decoded.ok) return decoded;
  const signers = checkSignatures(decoded.envelope, trusted, crypto);
  if ("code" in signers) return signers;
  const read = decodeStatement(decoded.envelope.payload);
  if (!read.ok)
    return refuse("envelope.statement", `the statement that was signed is not ours: ${read.message}`);
  const { statement } = read;
  return checkStatement(statement, digest, trusted, nowMs) ?? { ok: true, statement, signers };
}

function isNothing(envelope: unknown): envelope is null | undefined {
  return (envelope ?? "") === "" || (isBytes(envelope) && envelope.length === 0);
}

/** The envelope's text. Rejects where a signer does, and for a statement that cannot be encoded. */
export async function signEvaluator(
  statement: EvaluatorStatement,
  signers: readonly Signer[],
): Promise<string> {
  return encodeEnvelope(await signEnvelope(STATEMENT_TYPE, encodeStatement(statement), signers));
}

// ---- whom to trust

interface Trusted {
  readonly keys: ReadonlyMap<string, PublicKey>;
  readonly threshold: number;
  readonly name: string;
  readonly audience: string | null;
}

/** Read once, so that an accessor cannot answer differently later; text says what is wrong. */
function readTrust(trust: unknown, nowMs: unknown): Trusted | string {
  try {
    if (!Number.isSafeInteger(nowMs)) return "the time is no whole number of milliseconds";
    const { keys, threshold = 1, name, audience } = (trust ?? {}) as Readonly<Record<string, unknown>>;
    if (!isLabel(name)) return "`name` is not the name of a policy";
    if (audience !== undefined && !isLabel(audience)) return "`audience` is no name of a place";
    const byId = readKeys(keys);
    if (typeof byId === "string") return byId;
    if (typeof threshold !== "number" || !Number.isSafeInteger(threshold) || threshold < 1)
      return "`threshold` is not a whole number from 1 on";
    if (threshold > byId.size) return `\`threshold\` is ${threshold}, with ${byId.size} different keys`;
    return { keys: byId, threshold, name, audience: audience ?? null };
  } catch {
    return "it cannot be read";
  }
}

function readKeys(keys: unknown): ReadonlyMap<string, PublicKey> | string {
  if (!Array.isArray(keys)) return "`keys` is no array: what is trusted has to be said";
  if (keys.length < 1 || keys.length > TRUSTED_KEYS_MAX) {
    return `${keys.length} keys, not 1 to ${TRUSTED_KEYS_MAX}`;
  }
  const byId = new Map<string, PublicKey>();
  for (let at = 0; at < keys.length; at += 1) {
    const { bytes, id } = (keys[at] ?? {}) as Partial<PublicKey>;
    // From JavaScript comes anything in the shape of a key, weak ones too.
    const read = publicKeyOf(bytes as Uint8Array);
    if (!read.ok) return `keys[${at}]: ${read.message}`;
    if (read.key.id !== id) return `keys[${at}]: its id is not that of its bytes`;
    byId.set(read.key.id, read.key);
  }
  return byId;
}

// ---- who signed

/** The ids of the trusted keys that signed. */
function checkSignatures(
  envelope: Envelope,
  { keys, threshold }: Trusted,
  crypto: CryptoPort,
): readonly string[] | SignatureRefusal {
  const { payloadType, signatures } = envelope;
  if (payloadType !== STATEMENT_TYPE) {
    return refuse("envelope.payload_type", `a payload of type ${payloadType}, not ${STATEMENT_TYPE}`);
  }
  if (!signatures.some(({ keyid }) => keys.has(keyid))) {
    return refuse("envelope.wrong_key", `signed by ${signatures[0]?.keyid}, which is not a trusted key`);
  }
  const found = signersOf(envelope, keys, crypto);
  if (!found.ok) return refuse("envelope.bad_signature", found.message);
  const { signers } = found;
  if (signers.length >= threshold) return signers;
  return refuse("envelope.threshold", `${signers.length} of the trusted keys signed, ${threshold} have to`);
}

// ---- what was signed

function checkStatement(
  { name, audience, digest, validFromMs, validUntilMs }: EvaluatorStatement,
  actual: string,
  trusted: Trusted,
  nowMs: number,
): SignatureRefusal | null {
  if (digest !== actual)
    return refuse("envelope.altered", `the evaluator is ${actual}, but ${digest} was signed`);
  if (name !== trusted.name)
    return refuse("envelope.wrong_name", `signed as policy ${name}, but ${trusted.name} is wanted`);
  if (audience !== trusted.audience) {
    const [signed, here] = [audience ?? "no audience", trusted.audience ?? "no audience"];
    return refuse("envelope.wrong_audience", `signed for ${signed}, but this host is for ${here}`);
  }
  if (nowMs < validFromMs)
    return refuse("envelope.not_yet_valid", `valid from ${timestampText(BigInt(validFromMs))}`);
  if (nowMs >= validUntilMs)
    return refuse("envelope.expired", `valid until ${timestampText(BigInt(validUntilMs))}: sign it again`);
  return null;
}

function refuse(code: SignatureCode, message: string): SignatureRefusal {
  return { ok: false, code, message };
}
