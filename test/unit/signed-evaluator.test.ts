import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { type CryptoPort, portableCrypto } from "@polity/runtime/crypto-port.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import { readPublicKey } from "@polity/runtime/keys.ts";
import {
  SIGNATURE_CHECKS,
  type SignatureCode,
  signEvaluator,
  type Trust,
  verifyEvaluator,
} from "@polity/runtime/signed-evaluator.ts";
import { describe, expect, test } from "vitest";
import {
  ANNA,
  type Asked,
  askedWith,
  BERT,
  CLEO,
  type EnvelopeCase,
  envelopeCases,
  keyOf,
  NOW,
  STATEMENT,
  signed,
  TRUST,
} from "../support/envelope-cases.ts";

/** `POLITY_WRITE_VECTORS=1 npx vitest run test/unit/signed-evaluator` writes the file anew. */
const WRITE = process.env.POLITY_WRITE_VECTORS === "1";
const FILE = new URL("../vectors/envelopes/evaluators.json", import.meta.url);
const CASES = await envelopeCases(SIGNATURE_CHECKS);

/** Who signed, or the code of the refusal. */
function outcome(asked: Asked, crypto: CryptoPort = nodeCrypto): SignatureCode | readonly string[] {
  const { digest, envelope, trust, nowMs } = asked;
  const verified = verifyEvaluator(digest, envelope, trust, nowMs, crypto);
  if (!verified.ok) expect(verified.message).toMatch(/^.{5,600}$/);
  return verified.ok ? verified.signers : verified.code;
}

function askedOf({ trust, now, ...others }: EnvelopeCase): Asked {
  const keys = trust.keys.map((pem) => {
    const read = readPublicKey(pem);
    if (!read.ok) throw new Error(read.message);
    return read.key;
  });
  return { ...others, trust: { ...trust, keys }, nowMs: now };
}

describe("test/vectors/envelopes", () => {
  test("evaluators.json is what its generator makes", () => {
    const source = "test/support/envelope-cases.ts, which test/unit/signed-evaluator.test.ts runs again";
    const text = `${JSON.stringify({ source, cases: CASES }, null, 1)}\n`;
    if (WRITE) writeFileSync(FILE, text);
    expect(existsSync(FILE) ? readFileSync(FILE, "utf8") : "").toBe(text);
  });

  test.each(CASES.map((row) => [row.name, row] as const))("%s", (_, row) => {
    expect(outcome(askedOf(row), nodeCrypto)).toEqual(row.expect);
    expect(outcome(askedOf(row), portableCrypto)).toEqual(row.expect);
  });
});

describe("the checks", () => {
  test.each(SIGNATURE_CHECKS)("%s fails alone", async (check) => {
    expect(outcome(await askedWith(new Set([check])))).toBe(check);
  });

  test("come in their order: of any two that fail, the first is the answer", async () => {
    const seen = new Set<string>();
    for (const [at, first] of SIGNATURE_CHECKS.entries()) {
      for (const second of SIGNATURE_CHECKS.slice(at + 1)) {
        if (first === "envelope.not_yet_valid") continue;
        const found = outcome(await askedWith(new Set([first, second])));
        expect(`${first} and ${second}: ${found}`).toBe(`${first} and ${second}: ${first}`);
        seen.add(first);
      }
    }
    expect(seen.size).toBe(SIGNATURE_CHECKS.length - 2);
  });

  test("come in their order: of all that fail from one on, that one is the answer", async () => {
    for (const [at, first] of SIGNATURE_CHECKS.entries()) {
      const late = first === "envelope.not_yet_valid" ? "envelope.expired" : "envelope.not_yet_valid";
      const later = SIGNATURE_CHECKS.slice(at).filter((check) => check !== late);
      expect(outcome(await askedWith(new Set(later)))).toBe(first);
    }
  });
});

describe("an envelope", () => {
  test.each([
    [1, ["envelope.bad_signature", "envelope.malformed", "envelope.payload_type", "envelope.wrong_key"]],
    [32, ["envelope.bad_signature", "envelope.malformed", "envelope.payload_type"]],
    [255, ["envelope.malformed"]],
  ])("with any byte changed, by xor %i, is refused", async (pattern, expected) => {
    const bytes = utf8(await signed());
    const codes = new Set<string>();
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= pattern;
      const verified = verifyEvaluator(STATEMENT.digest, changed, TRUST, NOW, nodeCrypto);
      expect([at, verified.ok]).toEqual([at, false]);
      if (!verified.ok) codes.add(verified.code);
    }
    expect([...codes].sort()).toEqual(expected);
  });

  test("may be text or its bytes, and says who signed and what", async () => {
    const text = await signed(STATEMENT, [CLEO, ANNA]);
    const trust = { ...TRUST, keys: [ANNA, BERT, CLEO].map(keyOf), threshold: 2 };
    const signers = [ANNA, CLEO].map(({ publicKey }) => publicKey.id).sort();
    for (const envelope of [text, utf8(text)]) {
      const verified = verifyEvaluator(STATEMENT.digest, envelope, trust, NOW, nodeCrypto);
      expect(verified).toEqual({ ok: true, statement: STATEMENT, signers });
    }
  });

  test("that is empty, in any way, is unsigned", () => {
    for (const envelope of ["", new Uint8Array(0), null, undefined]) {
      const verified = verifyEvaluator(STATEMENT.digest, envelope, TRUST, NOW, nodeCrypto);
      expect(verified).toMatchObject({ ok: false, code: "envelope.unsigned" });
    }
  });

  test("for no audience is for hosts without one, and the other way round", async () => {
    const { audience: _, ...anywhere } = TRUST;
    const free = await signed({ ...STATEMENT, audience: null });
    const bound = await signed();
    const ask = (envelope: string, trust: Trust) =>
      outcome({ digest: STATEMENT.digest, envelope, trust, nowMs: NOW });
    expect(ask(free, anywhere)).toEqual([ANNA.publicKey.id]);
    expect(ask(bound, anywhere)).toBe("envelope.wrong_audience");
    expect(ask(free, TRUST)).toBe("envelope.wrong_audience");
  });

  test("holds from its first millisecond until before its last", async () => {
    const envelope = await signed();
    const at = (nowMs: number) => outcome({ digest: STATEMENT.digest, envelope, trust: TRUST, nowMs });
    const { validFromMs, validUntilMs } = STATEMENT;
    expect(at(validFromMs - 1)).toBe("envelope.not_yet_valid");
    expect(at(validFromMs)).toEqual([ANNA.publicKey.id]);
    expect(at(validUntilMs - 1)).toEqual([ANNA.publicKey.id]);
    expect(at(validUntilMs)).toBe("envelope.expired");
  });

  test("is not signed for a statement that could not be read, nor where a signer fails", async () => {
    await expect(signEvaluator({ ...STATEMENT, name: "" }, [ANNA])).rejects.toThrow(RangeError);
    await expect(signEvaluator(STATEMENT, [])).rejects.toThrow(RangeError);
    await expect(signEvaluator(STATEMENT, Array(17).fill(ANNA))).rejects.toThrow(RangeError);
  });
});

describe("from JavaScript", () => {
  const throwing = new Proxy(
    {},
    {
      get: () => {
        throw new Error("no");
      },
    },
  );
  const { publicKey } = ANNA;
  const weak = { kind: "ed25519", bytes: Uint8Array.of(1, ...new Uint8Array(31)), id: publicKey.id };

  test.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["text", "trust me"],
    ["a number", 7],
    ["an empty object", {}],
    ["what throws", throwing],
    ["no keys", { ...TRUST, keys: undefined }],
    ["an empty list of keys", { ...TRUST, keys: [] }],
    ["keys that are no list", { ...TRUST, keys: { 0: publicKey, length: 1 } }],
    ["65 keys", { ...TRUST, keys: Array(65).fill(publicKey) }],
    ["keys that throw", { ...TRUST, keys: [throwing] }],
    ["a key that is nothing", { ...TRUST, keys: [null] }],
    ["a key that is PEM", { ...TRUST, keys: ["-----BEGIN PUBLIC KEY-----"] }],
    ["bare bytes as a key", { ...TRUST, keys: [publicKey.bytes] }],
    ["a key without an id", { ...TRUST, keys: [{ ...publicKey, id: undefined }] }],
    ["a key under another key's id", { ...TRUST, keys: [{ ...publicKey, id: BERT.publicKey.id }] }],
    ["a weak key", { ...TRUST, keys: [weak] }],
    ["a good key and a weak one", { ...TRUST, keys: [publicKey, weak] }],
    ["a threshold of 0", { ...TRUST, threshold: 0 }],
    ["a threshold of -1", { ...TRUST, threshold: -1 }],
    ["a threshold of 0.5", { ...TRUST, threshold: 0.5 }],
    ["a threshold that is no number", { ...TRUST, threshold: "1" }],
    ["a threshold that is NaN", { ...TRUST, threshold: Number.NaN }],
    ["a threshold of null", { ...TRUST, threshold: null }],
    ["a threshold beyond the keys", { ...TRUST, threshold: 2 }],
    ["no name", { ...TRUST, name: undefined }],
    ["an empty name", { ...TRUST, name: "" }],
    ["a name that is no text", { ...TRUST, name: 7 }],
    ["an audience of null", { ...TRUST, audience: null }],
    ["an empty audience", { ...TRUST, audience: "" }],
  ])("trust that is %s is trust.invalid", async (_, trust) => {
    const envelope = await signed();
    expect(outcome({ digest: STATEMENT.digest, envelope, trust: trust as Trust, nowMs: NOW })).toBe(
      "trust.invalid",
    );
  });

  test.each([undefined, null, "2026", Number.NaN, Number.POSITIVE_INFINITY, 0.5, 2 ** 53, 1n, new Date(NOW)])(
    "the time %s is trust.invalid",
    async (nowMs) => {
      const asked = await askedWith(new Set());
      expect(outcome({ ...asked, nowMs: nowMs as number })).toBe("trust.invalid");
    },
  );

  test.each([7, {}, [], true, new Uint16Array(3), Object.create(Uint8Array.prototype), throwing])(
    "the envelope %# is malformed",
    (envelope) => {
      const verified = verifyEvaluator(STATEMENT.digest, envelope as string, TRUST, NOW, nodeCrypto);
      expect(verified).toMatchObject({ ok: false, code: "envelope.malformed" });
    },
  );

  test("a digest that is none is another one than was signed", async () => {
    const asked = await askedWith(new Set());
    for (const digest of ["", "sha256:", undefined, null, STATEMENT.digest.toUpperCase()]) {
      expect(outcome({ ...asked, digest: digest as string })).toBe("envelope.altered");
    }
  });

  test("a verifier that throws, or answers anything but true, has not verified", async () => {
    const asked = await askedWith(new Set());
    const verifiers = [
      () => {
        throw new Error("no");
      },
      () => 1,
      () => "true",
      () => Promise.resolve(true),
      () => undefined,
    ];
    for (const verify of verifiers) {
      const crypto = { ...nodeCrypto, verify } as unknown as CryptoPort;
      expect(outcome(asked, crypto)).toBe("envelope.bad_signature");
    }
  });

  test("trust is read once, so an accessor cannot change its mind", async () => {
    const asked = await askedWith(new Set(["envelope.wrong_name"]));
    let reads = 0;
    const trust = {
      ...TRUST,
      get name() {
        reads += 1;
        return reads === 1 ? TRUST.name : "guide.refunds";
      },
    };
    expect(outcome({ ...asked, trust })).toBe("envelope.wrong_name");
    expect(reads).toBe(1);
  });
});
