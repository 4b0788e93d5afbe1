/** Envelopes around one statement, good ones and ones with faults: test/vectors/envelopes/ and its tests. */
import { encodeBase64 } from "@polity/runtime/base64.ts";
import { type Envelope, encodeEnvelope, signEnvelope } from "@polity/runtime/dsse.ts";
import { writePublicKey } from "@polity/runtime/keys.ts";
import type { SignatureCode, Trust } from "@polity/runtime/signed-evaluator.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { type EvaluatorStatement, encodeStatement, STATEMENT_TYPE } from "@polity/runtime/statement.ts";
import { signerOf } from "./signing.ts";

export const [ANNA, BERT, CLEO] = [signerOf(1), signerOf(2), signerOf(3)];
const STRANGER = signerOf(4);

export const NOW = Date.UTC(2026, 10, 22, 12);

export const STATEMENT: EvaluatorStatement = {
  name: "guide.payments",
  version: 3n,
  digest: `sha256:${"5a".repeat(32)}`,
  abi: { major: 1, minor: 0 },
  sources: [{ file: "payments.pol", sha256: `sha256:${"c3".repeat(32)}` }],
  audience: "eu-1",
  validFromMs: Date.UTC(2026, 10, 1),
  validUntilMs: Date.UTC(2027, 4, 1),
};

export const TRUST: Trust = { keys: [ANNA.publicKey], name: "guide.payments", audience: "eu-1" };

/** Everything that `verifyEvaluator` is asked with, but for the primitives. */
export interface Asked {
  readonly digest: string;
  readonly envelope: string | null;
  readonly trust: Trust;
  readonly nowMs: number;
}

export async function signed(
  statement: EvaluatorStatement = STATEMENT,
  signers: readonly Signer[] = [ANNA],
): Promise<string> {
  return encodeEnvelope(await signEnvelope(STATEMENT_TYPE, encodeStatement(statement), signers));
}

/**
 * A good question with these faults in it, whichever they are; only `envelope.not_yet_valid` and
 * `envelope.expired` exclude each other.
 */
export async function askedWith(faults: ReadonlySet<SignatureCode>): Promise<Asked> {
  const statement: EvaluatorStatement = {
    ...STATEMENT,
    ...(faults.has("envelope.wrong_name") && { name: "guide.refunds" }),
    ...(faults.has("envelope.wrong_audience") && { audience: "eu-2" }),
    ...(faults.has("envelope.altered") && { digest: `sha256:${"5b".repeat(32)}` }),
    ...(faults.has("envelope.not_yet_valid") && { validFromMs: NOW + 1 }),
    ...(faults.has("envelope.expired") && { validUntilMs: NOW }),
  };
  const text = new TextDecoder().decode(encodeStatement(statement));
  const payload = faults.has("envelope.statement") ? text.replace("evaluator:v1", "evaluator:v2") : text;
  const type = faults.has("envelope.payload_type") ? "application/json" : STATEMENT_TYPE;
  const signer = faults.has("envelope.wrong_key") ? STRANGER : ANNA;
  const envelope = await signEnvelope(type, new TextEncoder().encode(payload), [signer]);
  const bad = faults.has("envelope.bad_signature") ? flipSignature(envelope) : envelope;
  const odd = faults.has("envelope.malformed") ? `${encodeEnvelope(bad)} ` : encodeEnvelope(bad);
  const long = faults.has("envelope.too_large") ? odd.padEnd(256 * 1024 + 1) : odd;
  const threshold = faults.has("envelope.threshold") && { threshold: 2, keys: [ANNA, BERT].map(keyOf) };
  return {
    digest: STATEMENT.digest,
    envelope: faults.has("envelope.unsigned") ? null : long,
    trust: { ...TRUST, ...threshold, ...(faults.has("trust.invalid") && { threshold: 0 }) },
    nowMs: NOW,
  };
}

export function keyOf({ publicKey }: Signer): Signer["publicKey"] {
  return publicKey;
}

function flipSignature(envelope: Envelope): Envelope {
  const [first, ...rest] = envelope.signatures;
  const sig = Uint8Array.from(first!.sig);
  sig[40]! ^= 1;
  return { ...envelope, signatures: [{ ...first!, sig }, ...rest] };
}

/** What a lenient reader would take for the same envelope, or for one at all; each is malformed. */
export async function malformedForms(): Promise<ReadonlyMap<string, string>> {
  // `?>` makes sure that the payload has both characters in which the alphabets of base64 differ.
  const odd = { ...STATEMENT, sources: [{ ...STATEMENT.sources[0]!, file: "?>?>?>?>.pol" }] };
  const good = await signed(odd, [ANNA, BERT]);
  const { payload, payloadType, signatures } = JSON.parse(good) as Wire;
  const [first, second] = signatures as [WireSignature, WireSignature];
  const json = (changes: object) => JSON.stringify({ payload, payloadType, signatures, ...changes });
  const bytes = (count: number) => [{ keyid: first.keyid, sig: encodeBase64(new Uint8Array(count)) }];
  return new Map([
    ["members in another order", JSON.stringify({ payloadType, payload, signatures })],
    [
      "members of a signature in another order",
      json({ signatures: [{ sig: first.sig, keyid: first.keyid }] }),
    ],
    ["signatures in another order", json({ signatures: [second, first] })],
    ["spaces", JSON.stringify({ payload, payloadType, signatures }, null, 1)],
    ["a space after it", `${good} `],
    ["a line feed after it", `${good}\n`],
    ["a byte order mark", `\uFEFF${good}`],
    ["an unknown member", json({ zone: "" })],
    ["an unknown member of a signature", json({ signatures: [{ ...first, zone: "" }] })],
    ["no payload", json({ payload: undefined })],
    ["no payload type", json({ payloadType: undefined })],
    ["no signatures at all", json({ signatures: undefined })],
    ["an empty list of signatures", json({ signatures: [] })],
    ["signatures that are no list", json({ signatures: { 0: first } })],
    ["a signature that is text", json({ signatures: [first.sig] })],
    ["no key id", json({ signatures: [{ sig: first.sig }] })],
    ["no signature beside a key id", json({ signatures: [{ keyid: first.keyid }] })],
    ["a member twice", good.replace('{"payload":', `{"payload":"${payload}","payload":`)],
    ["a payload in URL-safe base64", json({ payload: urlSafe(payload) })],
    ["a signature in URL-safe base64", json({ signatures: [{ ...first, sig: urlSafe(first.sig) }] })],
    ["a payload with a line feed in it", json({ payload: `${payload.slice(0, 76)}\n${payload.slice(76)}` })],
    ["a payload that is no text", json({ payload: 7 })],
    ["a payload that is JSON", json({ payload: JSON.parse(atob(payload)) })],
    ["a signature without padding", json({ signatures: [{ ...first, sig: first.sig.replace(/=+$/, "") }] })],
    ["a signature of 63 bytes", json({ signatures: bytes(63) })],
    ["a signature of 65 bytes", json({ signatures: bytes(65) })],
    ["a signature in base64 twice", json({ signatures: [{ ...first, sig: btoa(first.sig) }] })],
    ["17 signatures", json({ signatures: Array(17).fill(first) })],
    ["a key id in capitals", json({ signatures: [{ ...first, keyid: first.keyid.toUpperCase() }] })],
    ["an empty key id", json({ signatures: [{ ...first, keyid: "" }] })],
    ["a key id without its algorithm", json({ signatures: [{ ...first, keyid: first.keyid.slice(7) }] })],
    ["an empty payload type", json({ payloadType: "" })],
    ["a payload type with a space", json({ payloadType: `${payloadType} ` })],
    ["a payload type beyond ASCII", json({ payloadType: "application/é" })],
    ["a payload type of 256 characters", json({ payloadType: "x".repeat(256) })],
    ["an escaped slash", good.replace("application/", "application\\/")],
    ["an escaped letter", good.replace("application", "\\u0061pplication")],
    ["the envelope as JSON text", JSON.stringify(good)],
    ["the envelope in base64", btoa(good)],
    ["the envelope in a list", `[${good}]`],
    ["two envelopes", good + good],
    ["a number", "7"],
    ["null", "null"],
    ["no JSON", "hello"],
  ]);
}

interface WireSignature {
  readonly keyid: string;
  readonly sig: string;
}

interface Wire {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly WireSignature[];
}

function urlSafe(base64: string): string {
  return base64.replaceAll("+", "-").replaceAll("/", "_");
}

/** Cases with names, as they stand in test/vectors/envelopes/; keys are PEM texts there. */
export interface EnvelopeCase {
  readonly name: string;
  readonly digest: string;
  readonly envelope: string | null;
  readonly trust: {
    readonly keys: readonly string[];
    readonly threshold?: number;
    readonly name: string;
    readonly audience?: string;
  };
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The signers' names on success, else the code. */
  readonly expect: SignatureCode | readonly string[];
}

/** One case for each check, those in which several keys sign, and the forms of an envelope. */
export async function envelopeCases(checks: readonly SignatureCode[]): Promise<readonly EnvelopeCase[]> {
  const cases: EnvelopeCase[] = [];
  function add(name: string, asked: Asked, expected: EnvelopeCase["expect"]): void {
    const { digest, envelope, trust, nowMs } = asked;
    const keys = trust.keys.map(writePublicKey);
    cases.push({ name, digest, envelope, trust: { ...trust, keys }, now: nowMs, expect: expected });
  }
  const good = await askedWith(new Set());
  add("signed by a trusted key", good, ids(ANNA));
  add("at the first moment", { ...good, nowMs: STATEMENT.validFromMs }, ids(ANNA));
  add("at the last moment", { ...good, nowMs: STATEMENT.validUntilMs - 1 }, ids(ANNA));
  // An envelope of more than 256 KiB would make a large file of vectors; the tests make one as they run.
  const small = checks.filter((check) => check !== "envelope.too_large");
  for (const check of small) add(check, await askedWith(new Set([check])), check);
  for (const { name, asked, expect } of await severalKeys()) add(name, asked, expect);
  for (const [name, envelope] of await malformedForms())
    add(name, { ...good, envelope }, "envelope.malformed");
  return cases;
}

async function severalKeys(): Promise<
  readonly { readonly name: string; readonly asked: Asked; readonly expect: EnvelopeCase["expect"] }[]
> {
  const good = await askedWith(new Set());
  const trust = { ...TRUST, keys: [ANNA, BERT, CLEO].map(keyOf), threshold: 2 };
  const by = async (...signers: readonly Signer[]) => ({
    ...good,
    trust,
    envelope: await signed(STATEMENT, signers),
  });
  const both = JSON.parse((await by(ANNA, BERT)).envelope) as Wire;
  const swapped = { ...both, signatures: swapSignatures(both.signatures) };
  const encodedTwice = { ...both, payload: btoa(both.payload) };
  return [
    { name: "two of three", asked: await by(ANNA, CLEO), expect: ids(ANNA, CLEO) },
    { name: "all of three", asked: await by(ANNA, BERT, CLEO), expect: ids(ANNA, BERT, CLEO) },
    { name: "two and a stranger", asked: await by(ANNA, BERT, STRANGER), expect: ids(ANNA, BERT) },
    { name: "one of three", asked: await by(BERT), expect: "envelope.threshold" },
    { name: "one of three twice", asked: await by(BERT, BERT), expect: "envelope.threshold" },
    { name: "one and a stranger", asked: await by(BERT, STRANGER), expect: "envelope.threshold" },
    { name: "a stranger twice", asked: await by(STRANGER, STRANGER), expect: "envelope.wrong_key" },
    {
      name: "two whose signatures are exchanged",
      asked: { ...good, trust, envelope: JSON.stringify(swapped) },
      expect: "envelope.bad_signature",
    },
    {
      name: "a payload in base64 twice",
      asked: { ...good, trust, envelope: JSON.stringify(encodedTwice) },
      expect: "envelope.bad_signature",
    },
    {
      name: "a key that is trusted twice, for two",
      asked: { ...(await by(ANNA, ANNA)), trust: { ...trust, keys: [ANNA, ANNA].map(keyOf) } },
      expect: "trust.invalid",
    },
    {
      name: "a key that is trusted twice, for one",
      asked: { ...(await by(ANNA)), trust: { ...TRUST, keys: [ANNA, ANNA].map(keyOf) } },
      expect: ids(ANNA),
    },
  ];
}

function swapSignatures(signatures: readonly WireSignature[]): readonly WireSignature[] {
  const [a, b] = signatures as [WireSignature, WireSignature];
  return [
    { keyid: a.keyid, sig: b.sig },
    { keyid: b.keyid, sig: a.sig },
  ];
}

function ids(...signers: readonly Signer[]): readonly string[] {
  return signers.map(({ publicKey }) => publicKey.id).sort();
}
