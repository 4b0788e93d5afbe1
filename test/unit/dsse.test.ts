import {
  decodeEnvelope,
  ENVELOPE_BYTES_MAX,
  encodeEnvelope,
  preAuthEncoding,
  signEnvelope,
} from "@polity/runtime/dsse.ts";
import { verifyStrict } from "@polity/runtime/ed25519.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import { describe, expect, test } from "vitest";
import { ANNA, BERT, CLEO, malformedForms, signed } from "../support/envelope-cases.ts";

/** "envelope", or the code of the refusal. */
function outcome(given: unknown): string {
  const decoded = decodeEnvelope(given as string);
  return decoded.ok ? "envelope" : decoded.code;
}

const GOOD = await signed();
const MALFORMED = [...(await malformedForms())];

test("PAE is that of the DSSE specification", () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  expect(text(preAuthEncoding("http://example.com/HelloWorld", utf8("hello world")))).toBe(
    "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
  );
  expect(text(preAuthEncoding("", new Uint8Array(0)))).toBe("DSSEv1 0  0 ");
  // Lengths are of bytes, and of what was given, whatever it looks like.
  expect(text(preAuthEncoding("é", utf8("1 2 ☃")))).toBe("DSSEv1 2 é 7 1 2 ☃");
});

describe("an envelope", () => {
  test("is read back, from text and from bytes", async () => {
    const envelope = await signEnvelope("text/plain", utf8("hello"), [CLEO, ANNA, BERT]);
    const text = encodeEnvelope(envelope);
    expect(decodeEnvelope(text)).toEqual({ ok: true, envelope });
    expect(decodeEnvelope(utf8(text))).toEqual({ ok: true, envelope });
    expect(text).toMatch(
      /^\{"payload":"aGVsbG8=","payloadType":"text\/plain","signatures":\[\{"keyid":"sha256:/,
    );
    expect(text).not.toMatch(/\s/);
  });

  test("is signed over its PAE, by keys in ascending order of their ids", async () => {
    const { signatures } = await signEnvelope("text/plain", utf8("hello"), [CLEO, ANNA, BERT]);
    const ids = [ANNA, BERT, CLEO].map(({ publicKey }) => publicKey.id).sort();
    expect(signatures.map(({ keyid }) => keyid)).toEqual(ids);
    for (const { publicKey } of [ANNA, BERT, CLEO]) {
      const { sig } = signatures.find(({ keyid }) => keyid === publicKey.id)!;
      const message = preAuthEncoding("text/plain", utf8("hello"));
      expect(verifyStrict(publicKey.bytes, message, sig)).toBe(true);
    }
  });

  test("may hold a key's signature twice, and nothing at all", async () => {
    const text = encodeEnvelope(await signEnvelope("x", new Uint8Array(0), [ANNA, ANNA]));
    const decoded = decodeEnvelope(text);
    expect(decoded.ok && decoded.envelope.signatures).toHaveLength(2);
    expect(decoded.ok && decoded.envelope.payload).toHaveLength(0);
  });

  test("of one key has its signatures in ascending order of their bytes", () => {
    const keyid = ANNA.publicKey.id;
    const [low, high] = [new Uint8Array(64).fill(0xf8), new Uint8Array(64).fill(0xfb)];
    const signatures = [high, low].map((sig) => ({ keyid, sig }));
    const decoded = decodeEnvelope(encodeEnvelope({ payloadType: "x", payload: low, signatures }));
    expect(decoded.ok && decoded.envelope.signatures.map(({ sig }) => sig)).toEqual([low, high]);
  });

  test("cut anywhere is refused", () => {
    for (let length = 0; length < GOOD.length; length += 1) {
      expect([length, outcome(GOOD.slice(0, length))]).toEqual([length, "envelope.malformed"]);
    }
  });

  test.each(MALFORMED)("with %s is refused", (_, text) => {
    expect(outcome(text)).toBe("envelope.malformed");
    expect(outcome(utf8(text))).toBe("envelope.malformed");
  });

  test("may be as large as 256 KiB, and no larger", () => {
    const keyid = ANNA.publicKey.id;
    const signatures = [{ keyid, sig: new Uint8Array(64) }];
    const empty = encodeEnvelope({ payloadType: "x", payload: new Uint8Array(0), signatures }).length;
    const bytes = Math.floor((ENVELOPE_BYTES_MAX - empty) / 4) * 3;
    const largest = { payloadType: "x", payload: new Uint8Array(bytes), signatures };
    expect(outcome(encodeEnvelope(largest))).toBe("envelope");
    const larger = { ...largest, payload: new Uint8Array(bytes + 1) };
    expect(() => encodeEnvelope(larger)).toThrow(RangeError);
    expect(outcome("x".repeat(ENVELOPE_BYTES_MAX))).toBe("envelope.malformed");
    expect(outcome("x".repeat(ENVELOPE_BYTES_MAX + 1))).toBe("envelope.too_large");
    expect(outcome(new Uint8Array(ENVELOPE_BYTES_MAX + 1))).toBe("envelope.too_large");
  });

  test("is UTF-8", () => {
    expect(outcome(Uint8Array.of(0xff, 0xfe))).toBe("envelope.malformed");
    const marked = Uint8Array.of(0xef, 0xbb, 0xbf, ...utf8(GOOD));
    expect(outcome(marked)).toBe("envelope.malformed");
  });

  test("is nothing else that JavaScript can pass", () => {
    const things = [null, undefined, 7, {}, [], new Uint16Array(2), Object.create(Uint8Array.prototype)];
    for (const thing of things) expect(outcome(thing)).toBe("envelope.malformed");
  });

  test("that would be refused is not written", () => {
    const { publicKey } = ANNA;
    const signatures = [{ keyid: publicKey.id, sig: new Uint8Array(64) }];
    const good = { payloadType: "x", payload: new Uint8Array(1), signatures };
    expect(outcome(encodeEnvelope(good))).toBe("envelope");
    const bad = [
      { ...good, payloadType: "" },
      { ...good, payloadType: 'a"b' },
      { ...good, payloadType: "\ud800" },
      { ...good, signatures: [] },
      { ...good, signatures: Array(17).fill(signatures[0]) },
      { ...good, signatures: [{ ...signatures[0]!, keyid: "anna" }] },
      { ...good, signatures: [{ ...signatures[0]!, sig: new Uint8Array(63) }] },
    ];
    for (const envelope of bad) expect(() => encodeEnvelope(envelope)).toThrow();
  });
});

describe("signing an envelope", () => {
  test("rejects where a signer rejects", async () => {
    const broken = { publicKey: ANNA.publicKey, sign: () => Promise.reject(new Error("no hardware")) };
    await expect(signEnvelope("x", utf8("hello"), [BERT, broken])).rejects.toThrow("no hardware");
  });

  test("rejects what is no signature by the signer's own key", async () => {
    const answers = [new Uint8Array(64), new Uint8Array(0), await BERT.sign(utf8("hello"))];
    for (const answer of answers) {
      const faulty = { publicKey: ANNA.publicKey, sign: () => Promise.resolve(answer) };
      await expect(signEnvelope("x", utf8("hello"), [faulty])).rejects.toThrow(/no signature by that key/);
    }
    const other = { publicKey: ANNA.publicKey, sign: BERT.sign };
    await expect(signEnvelope("x", utf8("hello"), [other])).rejects.toThrow(/no signature by that key/);
  });

  test("does not care what a signer or the caller does with the bytes meanwhile", async () => {
    const payload = utf8("hello");
    const meddling = {
      publicKey: ANNA.publicKey,
      sign: async (message: Uint8Array) => {
        const signature = await ANNA.sign(message);
        message.fill(0);
        payload.fill(0);
        return signature;
      },
    };
    const envelope = await signEnvelope("x", payload, [meddling, BERT]);
    expect(envelope.payload).toEqual(utf8("hello"));
    expect(outcome(encodeEnvelope(envelope))).toBe("envelope");
  });
});
