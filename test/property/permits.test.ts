/** The laws of permits (laws.md). */

import { generateKeyPairSync } from "node:crypto";
import { decodeBase64Url, encodeBase64Url } from "@polity/runtime/base64url.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import { publicKeyOf, writePublicKey } from "@polity/runtime/keys.ts";
import { verifyPermit } from "@polity/runtime/permit.ts";
import { decodeClaims, decodeHeader, encodeClaims, encodeHeader } from "@polity/runtime/permit-token.ts";
import fc from "fast-check";
import { compactVerify, exportSPKI, importSPKI, jwtVerify, SignJWT } from "jose";
import { expect, test } from "vitest";
import { jsonMutations } from "../support/json-mutations.ts";
import { answer, issued, NOW, REQUEST, SIGNER, service, TERMS, WRITTEN } from "../support/permits.ts";

const labels = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
  .filter((text) => /^\P{Cc}{1,255}$/u.test(text));
const digests = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `sha256:${Buffer.from(bytes).toString("hex")}`);

test("J1: every permit is read back as it was issued, from one text", async () => {
  const changes = fc.record({
    issuer: labels,
    audience: labels,
    action: labels,
    id: fc.uuid(),
    digest: digests,
    leaf: digests,
    epoch: fc.maxSafeNat(),
    index: fc.maxSafeNat(),
    lifetime: fc.integer({ min: 1, max: 3_600 }),
  });
  await fc.assert(
    fc.asyncProperty(
      changes,
      async ({ issuer, audience, action, id, digest, leaf, epoch, index, lifetime }) => {
        const receipt = { origin: "example.com/log", index, leafHash: leaf };
        const json = `{"action":${JSON.stringify(action)},"fields":{}}`;
        const written = { id, action, receipt, set: { digest, epoch }, request: { json } };
        const token = await issued(written, { issuer, audience, lifetimeMs: lifetime * 1000 });
        const keys = [{ issuer, key: SIGNER.publicKey }];
        const result = await verifyPermit(token, { ...service(), keys, audience, action, request: json });
        expect(result).toMatchObject({
          ok: true,
          permit: { id, issuer, audience, action, set: { digest, epoch } },
        });
        if (!result.ok) return;
        const claims = new TextDecoder().decode(decodeBase64Url(token.split(".")[1]!)!);
        expect(encodeClaims(result.permit)).toBe(claims);
      },
    ),
    { numRuns: 40 },
  );
});

test("J2: no other character in any place of a token is accepted", async () => {
  const token = await issued();
  const answers = new Map<string, number>();
  for (let at = 0; at < token.length; at += 1) {
    for (const other of ["A", "_", "-", ".", "=", "+", "z", String.fromCharCode(token.charCodeAt(at) ^ 1)]) {
      if (other === token[at]) continue;
      const code = await answer(token.slice(0, at) + other + token.slice(at + 1));
      answers.set(code, (answers.get(code) ?? 0) + 1);
    }
    expect(await answer(token.slice(0, at))).not.toBe("ok");
    expect(await answer(token.slice(0, at) + token.slice(at + 1))).not.toBe("ok");
  }
  expect([...answers.keys()].sort()).toEqual([
    "permit.bad_signature",
    "permit.header",
    "permit.malformed",
    "permit.wrong_key",
  ]);
}, 60_000);

test("J3: of header and claims only the one form is read, even if their issuer signed another", async () => {
  const [header = "", claims = ""] = (await issued()).split(".").map((part) => {
    return new TextDecoder().decode(decodeBase64Url(part)!);
  });
  let count = 0;
  for (const { text } of jsonMutations(claims)) {
    const read = decodeClaims(text);
    // Another value may be a permit, too; what is read is written just so.
    if (read.ok) expect(encodeClaims(read.value)).toBe(text);
    count += 1;
  }
  for (const { kind, text } of jsonMutations(header)) {
    const read = decodeHeader(text);
    if (read.ok) expect([kind, encodeHeader(read.value)]).toEqual(["value", text]);
    count += 1;
  }
  expect(count).toBeGreaterThan(1_000);
});

test("J4: any text is answered", async () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc
      .array(fc.base64String({ maxLength: 80 }), { minLength: 2, maxLength: 4 })
      .map((parts) => parts.join(".")),
    fc.tuple(fc.json(), fc.json(), fc.uint8Array({ maxLength: 66 })).map(([header, claims, signature]) => {
      return [utf8(header), utf8(claims), signature].map(encodeBase64Url).join(".");
    }),
  );
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      expect(await answer(text)).toMatch(/^permit\.[a-z_]+$/);
    }),
    { numRuns: 300 },
  );
});

// ---- another verifier and another issuer

const expected = {
  issuer: TERMS.issuer,
  audience: "payments",
  typ: "polity-permit+jwt",
  currentDate: new Date(NOW),
};

test("J5: jose, another library, reads our permits and refuses what we refuse", async () => {
  const token = await issued();
  const key = await importSPKI(writePublicKey(SIGNER.publicKey), "EdDSA");
  const { payload, protectedHeader } = await jwtVerify(token, key, expected);
  expect(protectedHeader).toEqual({ alg: "EdDSA", kid: SIGNER.publicKey.id, typ: "polity-permit+jwt" });
  expect(payload).toMatchObject({ jti: WRITTEN.id, action: "pay", set: WRITTEN.set, log: { index: 7 } });
  await expect(jwtVerify(token, key, { ...expected, audience: "refunds" })).rejects.toThrow("aud");
  const late = { ...expected, currentDate: new Date(NOW + 60_000) };
  await expect(jwtVerify(token, key, late)).rejects.toThrow("exp");
  const early = { ...expected, currentDate: new Date(NOW - 1_000) };
  await expect(jwtVerify(token, key, early)).rejects.toThrow("nbf");
  const flips = fc.tuple(fc.nat(token.length - 1), fc.integer({ min: 1, max: 127 }));
  await fc.assert(
    fc.asyncProperty(flips, async ([at, bits]) => {
      const other = String.fromCharCode(token.charCodeAt(at) ^ bits);
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      const theirs = await compactVerify(changed, key).then(
        () => true,
        () => false,
      );
      const ours = (await answer(changed)) === "ok";
      expect(ours).toBe(false);
      // Bits behind the last byte of a part are read over by theirs; that is all it lets pass.
      if (theirs)
        expect(Buffer.from(changed.split(".")[2]!, "base64url")).toEqual(
          Buffer.from(token.split(".")[2]!, "base64url"),
        );
    }),
    { numRuns: 200 },
  );
});

test("J6: what jose issues with our claims is ours only in our form", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const pem = await exportSPKI(publicKey);
  const read = publicKeyOf(Buffer.from(pem.split("\n")[1]!, "base64").subarray(12));
  if (!read.ok) throw new Error(read.message);
  const { key } = read;
  const ours = await issued();
  const claims = JSON.parse(new TextDecoder().decode(decodeBase64Url(ours.split(".")[1]!)!)) as Record<
    string,
    unknown
  >;
  const keys = [{ issuer: TERMS.issuer, key }];
  const header = { alg: "EdDSA", kid: key.id, typ: "polity-permit+jwt" };
  const theirs = (given: object, payload: Record<string, unknown> = claims) =>
    new SignJWT(payload).setProtectedHeader(given as typeof header).sign(privateKey);
  // Members in their order, as JSON.stringify writes them, are our form: signed by a trusted key, it is one.
  expect(await answer(await theirs(header), { keys, request: REQUEST })).toBe("ok");
  expect(await answer(await theirs({ ...header, jwk: { kty: "OKP" } }), { keys })).toBe("permit.header");
  expect(await answer(await theirs({ ...header, typ: "JWT" }), { keys })).toBe("permit.header");
  const surplus = { ...claims, sub: "agent" };
  expect(await answer(await theirs(header, surplus), { keys })).toBe("permit.claims");
  const reversed = Object.fromEntries(Object.entries(claims).reverse());
  expect(await answer(await theirs(header, reversed), { keys })).toBe("permit.claims");
});
