import { createHash, createPublicKey, generateKeyPairSync } from "node:crypto";
import { generateKey } from "@polity/lineage/node/crypto.ts";
import { encodeBase64 } from "@polity/runtime/base64.ts";
import { publicKeyOf, readPublicKey, writePublicKey } from "@polity/runtime/keys.ts";
import { describe, expect, test } from "vitest";
import { fromHex } from "../support/ed25519-cases.ts";
import { weakKeys } from "../support/ed25519-crafted.ts";
import { signerOf } from "../support/signing.ts";

const { publicKey } = signerOf(1);
const PEM = writePublicKey(publicKey);

/** "key", or the code of the refusal. */
function outcome(pem: unknown): string {
  const read = readPublicKey(pem as string);
  return read.ok ? "key" : read.code;
}

function spkiPem(bytes: Uint8Array): string {
  const der = Buffer.concat([fromHex("302a300506032b6570032100"), bytes]);
  return `-----BEGIN PUBLIC KEY-----\n${encodeBase64(der)}\n-----END PUBLIC KEY-----\n`;
}

describe("a public key", () => {
  test("is written as Node writes it, and read back", () => {
    const { publicPem, publicKey: made } = generateKey();
    expect(writePublicKey(made)).toBe(publicPem);
    expect(readPublicKey(PEM)).toEqual({ ok: true, key: publicKey });
    expect(publicKeyOf(publicKey.bytes)).toEqual({ ok: true, key: publicKey });
  });

  test("is named by the SHA-256 of its SPKI in DER", () => {
    const der = createPublicKey(PEM).export({ type: "spki", format: "der" });
    expect(publicKey.id).toBe(`sha256:${createHash("sha256").update(der).digest("hex")}`);
  });

  test("keeps bytes of its own", () => {
    const bytes = Uint8Array.from(publicKey.bytes);
    const read = publicKeyOf(bytes);
    bytes.fill(0);
    expect(read.ok && read.key.bytes).toEqual(publicKey.bytes);
  });

  test("has 32 bytes", () => {
    const wrong: readonly unknown[] = [
      new Uint8Array(0),
      new Uint8Array(31),
      new Uint8Array(33),
      new Uint8Array(64),
      [...publicKey.bytes],
      Object.create(Uint8Array.prototype),
      "x".repeat(32),
      null,
      undefined,
    ];
    for (const bytes of wrong) {
      expect(publicKeyOf(bytes as Uint8Array)).toMatchObject({ ok: false, code: "key.malformed" });
    }
  });

  test("is refused as key.weak where verifiers might disagree about it", () => {
    expect(weakKeys()).toHaveLength(19);
    for (const { publicKey: hex } of weakKeys()) {
      expect([hex, outcome(spkiPem(fromHex(hex)))]).toEqual([hex, "key.weak"]);
    }
  });
});

describe("a PEM file", () => {
  test("with any byte changed is refused or another key", () => {
    const bytes = Buffer.from(PEM, "latin1");
    const outcomes = new Set<string>();
    for (let at = 0; at < bytes.length; at += 1) {
      for (const pattern of [1, 2, 4, 8, 16, 32, 64, 128, 3, 0x30, 255]) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= pattern;
        const read = readPublicKey(changed.toString("latin1"));
        outcomes.add(read.ok ? "key" : read.code);
        expect(read.ok && read.key.id === publicKey.id, `byte ${at} xor ${pattern}`).toBe(false);
      }
    }
    expect([...outcomes].sort()).toEqual(["key", "key.malformed", "key.unsupported", "key.weak"]);
  });

  test("with any byte missing, at any end or in between, is refused", () => {
    for (let at = 0; at < PEM.length; at += 1) {
      expect([at, outcome(PEM.slice(0, at) + PEM.slice(at + 1)) === "key"]).toEqual([at, false]);
      expect([at, outcome(PEM.slice(0, at)) === "key"]).toEqual([at, false]);
      expect([at, outcome(PEM.slice(at + 1)) === "key"]).toEqual([at, false]);
    }
  });

  test.each([
    ["CRLF", PEM.replaceAll("\n", "\r\n")],
    ["no last newline", PEM.slice(0, -1)],
    ["a blank line after it", `${PEM}\n`],
    ["a blank line before it", `\n${PEM}`],
    ["text after it", `${PEM}# mine\n`],
    ["text before it", `Bag Attributes\n${PEM}`],
    ["two of them", PEM + PEM],
    ["a byte order mark", `\uFEFF${PEM}`],
    ["a space at the end of a line", PEM.replace("KEY-----\n", "KEY----- \n")],
    ["no padding", PEM.replace("=\n", "\n")],
    ["the URL-safe alphabet", withSigns().replaceAll("+", "-").replaceAll("/", "_")],
    ["a wrapped line", PEM.replace(/^(.{40})(.*=)$/m, "$1\n$2")],
    ["bits beyond the last byte", PEM.replace(/(.)=\n/, (_, last) => `${next(last)}=\n`)],
    ["33 bytes", spkiPem(new Uint8Array(33).fill(9))],
    ["31 bytes", spkiPem(new Uint8Array(31).fill(9))],
    ["nothing", ""],
    ["only the body", PEM.split("\n")[1]!],
    ["far too much", PEM.padEnd(20_000, "\n")],
    ["no text", new Uint8Array(3)],
    ["nothing at all", undefined],
  ])("with %s is key.malformed", (_, pem) => {
    expect(outcome(pem)).toBe("key.malformed");
  });

  test.each([
    ["RSA", generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey],
    ["EC", generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey],
    ["X25519", generateKeyPairSync("x25519").publicKey],
    ["Ed448", generateKeyPairSync("ed448").publicKey],
    ["X448", generateKeyPairSync("x448").publicKey],
  ])("of %s is key.unsupported", (_, key) => {
    expect(outcome(key.export({ type: "spki", format: "pem" }))).toBe("key.unsupported");
  });

  test("of another kind is key.unsupported", () => {
    const { publicKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 1024 });
    expect(outcome(rsa.export({ type: "pkcs1", format: "pem" }))).toBe("key.unsupported");
    expect(outcome(PEM.replaceAll("PUBLIC KEY", "CERTIFICATE"))).toBe("key.unsupported");
  });

  test("of a private key is key.private, and no message repeats any of it", () => {
    const encrypted = { cipher: "aes-256-cbc", passphrase: "p" };
    const { privatePem } = generateKey();
    const privates = [
      privatePem,
      privatePem.replaceAll("PRIVATE", "PUBLIC"),
      generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem", ...encrypted }),
      generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "sec1", format: "pem" }),
      `${PEM}${privatePem}`,
    ];
    for (const pem of privates.map(String)) {
      const read = readPublicKey(pem);
      expect(read).toMatchObject({ ok: false, code: "key.private" });
      for (const line of pem.split("\n").filter((text) => text !== "" && !text.includes("-----"))) {
        for (let at = 0; at + 6 <= line.length; at += 1) {
          expect(JSON.stringify(read)).not.toContain(line.slice(at, at + 6));
        }
      }
    }
  });
});

/** A key whose text has both characters in which the alphabets differ. */
function withSigns(): string {
  for (let seed = 1; ; seed += 1) {
    const pem = writePublicKey(signerOf(seed).publicKey);
    if (pem.includes("+") && pem.includes("/")) return pem;
  }
}

/** The character of base64 whose last bit differs. */
function next(character: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return alphabet[alphabet.indexOf(character) ^ 1] ?? "";
}
