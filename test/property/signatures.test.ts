/** The laws of signatures and of what is signed (laws.md). */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { decodeBase64, encodeBase64 } from "@polity/runtime/base64.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { decodeEnvelope, type Envelope, encodeEnvelope } from "@polity/runtime/dsse.ts";
import { publicKeyOf, readPublicKey, writePublicKey } from "@polity/runtime/keys.ts";
import { verifyEvaluator } from "@polity/runtime/signed-evaluator.ts";
import { decodeStatement, type EvaluatorStatement, encodeStatement } from "@polity/runtime/statement.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  add,
  BASE,
  challenge,
  encodeNumber,
  encodePoint,
  expand,
  littleEndian,
  multiply,
  ORDER,
  TORSION,
} from "../support/edwards25519.ts";
import { NOW, STATEMENT, signed, TRUST } from "../support/envelope-cases.ts";
import { signerOfSeed } from "../support/signing.ts";

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
const messages = fc.uint8Array({ maxLength: 200 });
/** A place and what it is XORed with; the place is taken modulo the length. */
const flips = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));

function flip(bytes: Uint8Array, [place, pattern]: readonly [number, number]): Uint8Array {
  const changed = Uint8Array.from(bytes);
  if (changed.length > 0) changed[place % changed.length]! ^= pattern;
  return changed;
}

/** RFC 8032, section 5.1.6, with a point of small order added to R where `torsion` is not 0. */
function sign(seed: Uint8Array, message: Uint8Array, torsion = 0n): Uint8Array {
  const { scalar, prefix } = expand(seed);
  const publicKey = encodePoint(multiply(BASE, scalar));
  const r = challenge(prefix, message);
  const R = encodePoint(add(multiply(BASE, r), multiply(TORSION, torsion)));
  const S = (r + challenge(R, publicKey, message) * scalar) % ORDER;
  return Uint8Array.from([...R, ...encodeNumber(S)]);
}

/** Both paths' verdict; they must have one. */
function verdict(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const read = publicKeyOf(key);
  if (!read.ok) return false;
  const [portable, native] = [portableCrypto, nodeCrypto].map(({ verify }) =>
    verify(read.key.bytes, message, signature),
  );
  expect(native).toBe(portable);
  return portable!;
}

test("S1: the portable path and Node's give one verdict, and no change to anything verifies", async () => {
  await fc.assert(
    fc.asyncProperty(seeds, messages, flips, async (seed, message, change) => {
      const signer = signerOfSeed(seed);
      const key = signer.publicKey.bytes;
      const signature = await signer.sign(message);
      expect(verdict(key, message, signature)).toBe(true);
      expect(verdict(key, message, flip(signature, change))).toBe(false);
      expect(verdict(flip(key, change), message, signature)).toBe(false);
      const other = message.length > 0 ? flip(message, change) : Uint8Array.of(change[1]);
      expect(verdict(key, other, signature)).toBe(false);
      const S = encodeNumber(littleEndian(signature.subarray(32)) + ORDER);
      expect(verdict(key, message, Uint8Array.from([...signature.subarray(0, 32), ...S]))).toBe(false);
    }),
    { numRuns: 60 },
  );
});

test("S2: a signature is the bytes that RFC 8032 says, whoever computes them", async () => {
  await fc.assert(
    fc.asyncProperty(seeds, messages, async (seed, message) => {
      const signer = signerOfSeed(seed);
      expect(await signer.sign(message)).toEqual(sign(seed, message));
      expect(signer.publicKey.bytes).toEqual(encodePoint(multiply(BASE, expand(seed).scalar)));
    }),
    { numRuns: 20 },
  );
});

test("S3: what a dishonest signer makes with points of small order has one verdict: no signature", () => {
  fc.assert(
    fc.property(seeds, messages, fc.bigInt(1n, 7n), (seed, message, torsion) => {
      const { bytes } = signerOfSeed(seed).publicKey;
      expect(verdict(bytes, message, sign(seed, message, torsion))).toBe(false);
    }),
    { numRuns: 20 },
  );
});

test("S4: any 32 bytes are refused as a key, or are one that reads back as itself", () => {
  fc.assert(
    fc.property(seeds, (bytes) => {
      const read = publicKeyOf(bytes);
      if (!read.ok) expect(read.code).toBe("key.weak");
      else expect(readPublicKey(writePublicKey(read.key))).toEqual(read);
    }),
  );
});

test("B1: base64 reads back, is Node's, and of each byte string there is one text", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = encodeBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64"));
      expect(decodeBase64(text)).toEqual(bytes);
    }),
  );
  const texts = fc.string({ unit: fc.constantFrom(..."AQgwz09+/-_=é\n "), maxLength: 12 });
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = decodeBase64(text);
      if (bytes !== null) expect(encodeBase64(bytes)).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const digests = hex.map((digits) => `sha256:${digits}`);
const labels = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  .filter((text) => !/\p{Cc}/u.test(text));

const envelopes: fc.Arbitrary<Envelope> = fc.record({
  payloadType: fc.stringMatching(/^[!#-[\]-~]{1,60}$/),
  payload: fc.uint8Array({ maxLength: 300 }),
  signatures: fc.array(fc.record({ keyid: digests, sig: fc.uint8Array({ minLength: 64, maxLength: 64 }) }), {
    minLength: 1,
    maxLength: 16,
  }),
});

test("S5: an envelope reads back, whatever the order in which it is given", () => {
  fc.assert(
    fc.property(envelopes, (envelope) => {
      const text = encodeEnvelope(envelope);
      const decoded = decodeEnvelope(text);
      if (!decoded.ok) throw new Error(decoded.message);
      expect(encodeEnvelope(decoded.envelope)).toBe(text);
      expect(encodeEnvelope({ ...envelope, signatures: envelope.signatures.toReversed() })).toBe(text);
      const { payload, payloadType, signatures } = decoded.envelope;
      expect([payload, payloadType]).toEqual([envelope.payload, envelope.payloadType]);
      expect(new Set(signatures.map(({ sig }) => encodeBase64(sig)))).toEqual(
        new Set(envelope.signatures.map(({ sig }) => encodeBase64(sig))),
      );
    }),
  );
});

test("S6: whatever is accepted as an envelope is what encoding writes", () => {
  fc.assert(
    fc.property(envelopes, fc.array(flips, { minLength: 1, maxLength: 3 }), (envelope, changes) => {
      const bytes = changes.reduce(flip, new TextEncoder().encode(encodeEnvelope(envelope)));
      const decoded = decodeEnvelope(bytes);
      if (decoded.ok) expect(new TextEncoder().encode(encodeEnvelope(decoded.envelope))).toEqual(bytes);
    }),
    { numRuns: 1000 },
  );
});

const statements: fc.Arbitrary<EvaluatorStatement> = fc
  .record({
    name: labels,
    version: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    digest: digests,
    abi: fc.record({ major: fc.nat(65_535), minor: fc.nat(65_535) }),
    sources: fc.uniqueArray(fc.record({ file: labels, sha256: digests }), { selector: ({ file }) => file }),
    audience: fc.option(labels),
    times: fc.uniqueArray(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), {
      minLength: 2,
      maxLength: 2,
    }),
  })
  .map(({ times, sources, ...others }) => ({
    ...others,
    sources: sources.sort((a, b) => (a.file < b.file ? -1 : 1)),
    validFromMs: Math.min(...times),
    validUntilMs: Math.max(...times),
  }));

test("S7: a statement reads back, and whatever is accepted as one is what encoding writes", () => {
  fc.assert(
    fc.property(statements, flips, (statement, change) => {
      const bytes = encodeStatement(statement);
      expect(decodeStatement(bytes)).toEqual({ ok: true, statement });
      const changed = flip(bytes, change);
      const decoded = decodeStatement(changed);
      if (decoded.ok) expect(encodeStatement(decoded.statement)).toEqual(changed);
    }),
  );
});

test("S8: nothing that is asked about an evaluator makes verifying throw", async () => {
  const envelope = await signed();
  const anything = fc.anything({ withBigInt: true, withDate: true, withTypedArray: true });
  const given = fc.oneof(fc.constant(envelope), anything);
  const trusts = fc.oneof(
    fc.constant(TRUST),
    anything,
    fc.record({ keys: anything, threshold: anything, name: anything, audience: anything }),
  );
  fc.assert(
    fc.property(anything, given, trusts, fc.oneof(fc.constant(NOW), anything), (digest, text, trust, now) => {
      const all = [digest, text, trust, now] as [string, string, typeof TRUST, number];
      const verified = verifyEvaluator(...all, nodeCrypto);
      if (verified.ok) expect(digest).toBe(STATEMENT.digest);
    }),
    { numRuns: 500 },
  );
});
