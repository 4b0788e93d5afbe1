import { generateKeyPairSync } from "node:crypto";
import { generateKey, nodeCrypto, nodeSigner } from "@polity/lineage/node/crypto.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { digestName, digestText, utf8 } from "@polity/runtime/hash.ts";
import { readPublicKey, writePublicKey } from "@polity/runtime/keys.ts";
import { describe, expect, test } from "vitest";
import { signerOf } from "../support/signing.ts";

const MESSAGE = Uint8Array.of(1, 2, 3);
const { privatePem, publicPem, publicKey } = generateKey();

/** "signer", or the code of the refusal. */
function outcome(pem: unknown): string {
  const made = nodeSigner(pem as string);
  return made.ok ? "signer" : made.code;
}

describe("Node's primitives", () => {
  test("hash as the portable ones do, into a plain Uint8Array", () => {
    for (const length of [0, 1, 55, 56, 63, 64, 65, 1000]) {
      const digest = nodeCrypto.sha256(new Uint8Array(length).fill(length));
      expect(digest).toEqual(portableCrypto.sha256(new Uint8Array(length).fill(length)));
      expect(digest.constructor).toBe(Uint8Array);
    }
  });

  test("name a text as they name its bytes, short or long", () => {
    for (const text of ["", "a", "ä€😀", "x".repeat(1_365), "x".repeat(1_366), "€".repeat(5_000), "b"]) {
      const named = digestName(portableCrypto.sha256(utf8(text)));
      for (const { sha256 } of [nodeCrypto, portableCrypto]) expect(digestText(text, sha256)).toBe(named);
    }
  });

  test("keep no more keys than they need, and none of them wrong", async () => {
    const signers = Array.from({ length: 80 }, (_, at) => signerOf(at + 1));
    const signatures = await Promise.all(signers.map(({ sign }) => sign(MESSAGE)));
    for (let round = 0; round < 2; round += 1) {
      for (const [at, signer] of signers.entries()) {
        const { bytes } = signer.publicKey;
        expect(nodeCrypto.verify(bytes, MESSAGE, signatures[at]!)).toBe(true);
        expect(nodeCrypto.verify(bytes, MESSAGE, signatures[(at + 1) % 80]!)).toBe(false);
      }
    }
  });

  test("are not misled by a key whose bytes change", async () => {
    const [one, two] = [signerOf(1), signerOf(2)];
    const bytes = Uint8Array.from(one.publicKey.bytes);
    expect(nodeCrypto.verify(bytes, MESSAGE, await one.sign(MESSAGE))).toBe(true);
    bytes.set(two.publicKey.bytes);
    expect(nodeCrypto.verify(bytes, MESSAGE, await one.sign(MESSAGE))).toBe(false);
    expect(nodeCrypto.verify(bytes, MESSAGE, await two.sign(MESSAGE))).toBe(true);
  });
});

describe("a generated key", () => {
  test("comes as two files, of which one is public and one signs", async () => {
    expect(readPublicKey(publicPem)).toEqual({ ok: true, key: publicKey });
    expect(writePublicKey(publicKey)).toBe(publicPem);
    const made = nodeSigner(privatePem);
    if (!made.ok) throw new Error(made.message);
    expect(made.signer.publicKey).toEqual(publicKey);
    const signature = await made.signer.sign(MESSAGE);
    expect(signature.constructor).toBe(Uint8Array);
    for (const { verify } of [nodeCrypto, portableCrypto]) {
      expect(verify(publicKey.bytes, MESSAGE, signature)).toBe(true);
    }
  });

  test("is another one each time", () => {
    expect(generateKey().publicKey.id).not.toBe(publicKey.id);
  });

  test("is not shown by its signer", () => {
    const made = nodeSigner(privatePem);
    const shown = JSON.stringify(made) + Object.values(made).map(String).join("");
    expect(shown).not.toContain(privatePem.split("\n")[1]!.slice(24, 34));
  });
});

describe("a private key's file", () => {
  test("with any byte changed is refused or another key, and nothing repeats it", () => {
    const bytes = Buffer.from(privatePem, "latin1");
    const body = privatePem.split("\n")[1]!;
    const outcomes = new Set<string>();
    for (let at = 0; at < bytes.length; at += 1) {
      for (const pattern of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= pattern;
        const made = nodeSigner(changed.toString("latin1"));
        outcomes.add(made.ok ? "signer" : made.code);
        if (made.ok) expect([at, made.signer.publicKey.id === publicKey.id]).toEqual([at, false]);
        else
          for (let from = 24; from + 5 <= 64; from += 1)
            expect(made.message).not.toContain(body.slice(from, from + 5));
      }
    }
    expect([...outcomes].sort()).toEqual(["key.malformed", "key.unsupported", "signer"]);
  });

  test.each([
    ["CRLF", privatePem.replaceAll("\n", "\r\n")],
    ["no last newline", privatePem.slice(0, -1)],
    ["text after it", `${privatePem}x`],
    ["text before it", `x\n${privatePem}`],
    ["nothing in it", ""],
    ["no text", 7],
    ["nothing at all", undefined],
    ["its body cut", privatePem.replace(/.\n-----END/, "\n-----END")],
  ])("with %s is key.malformed", (_, pem) => {
    expect(outcome(pem)).toBe("key.malformed");
  });

  test.each([
    ["RSA", generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey],
    ["EC", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey],
    ["X25519", generateKeyPairSync("x25519").privateKey],
    ["Ed448", generateKeyPairSync("ed448").privateKey],
  ])("of %s is key.unsupported", (_, key) => {
    expect(outcome(key.export({ type: "pkcs8", format: "pem" }))).toBe("key.unsupported");
  });

  test("in another form is key.unsupported", () => {
    const { privateKey: ec } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { privateKey: mine } = generateKeyPairSync("ed25519");
    const locked = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "p" } as const;
    expect(outcome(ec.export({ type: "sec1", format: "pem" }))).toBe("key.unsupported");
    expect(outcome(mine.export(locked))).toBe("key.unsupported");
    expect(outcome(privatePem.replaceAll("PRIVATE", "OPENSSH PRIVATE"))).toBe("key.unsupported");
  });

  test("that is public is key.public", () => {
    expect(outcome(publicPem)).toBe("key.public");
    const { publicKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 1024 });
    expect(outcome(rsa.export({ type: "pkcs1", format: "pem" }))).toBe("key.public");
  });
});
