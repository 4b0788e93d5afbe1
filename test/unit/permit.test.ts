import { createHmac } from "node:crypto";
import { nodeCrypto, nodeRandomBytes } from "@polity/lineage/node/crypto.ts";
import { decodeBase64Url, encodeBase64Url } from "@polity/runtime/base64url.ts";
import { sha256, toHex, utf8 } from "@polity/runtime/hash.ts";
import { hmacSha256 } from "@polity/runtime/hmac.ts";
import {
  issuePermit,
  type PermitTerms,
  permitRequest,
  rememberPermits,
  verifyPermit,
  type WrittenDecision,
} from "@polity/runtime/permit.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { describe, expect, test } from "vitest";
import { answer, issued, NOW, REQUEST, SIGNER, service, TERMS, WRITTEN } from "../support/permits.ts";
import { signerOf } from "../support/signing.ts";

/** The token with another text in one of its parts, signed anew. */
async function forged(part: "header" | "claims", change: (text: string) => string): Promise<string> {
  const [header = "", claims = ""] = (await issued()).split(".").map((each) => {
    return new TextDecoder().decode(decodeBase64Url(each)!);
  });
  const texts = part === "header" ? [change(header), claims] : [header, change(claims)];
  const signed = texts.map((text) => encodeBase64Url(utf8(text))).join(".");
  return `${signed}.${encodeBase64Url(await SIGNER.sign(utf8(signed)))}`;
}

test("a permit says what was decided, and is accepted once", async () => {
  const token = await issued();
  const accepting = service();
  const result = await verifyPermit(token, accepting);
  expect(result).toEqual({
    ok: true,
    keyId: SIGNER.publicKey.id,
    fields: { amount: "12.5", payee: { account: "DE89", name: "Zoë" }, tags: ["a", "b"] },
    permit: {
      id: WRITTEN.id,
      issuer: TERMS.issuer,
      audience: "payments",
      action: "pay",
      request: { commitment: expect.stringMatching(/^sha256:/), salt: new Uint8Array(32).fill(9) },
      set: WRITTEN.set,
      log: { origin: "example.com/agents", index: 7, leaf: WRITTEN.receipt!.leafHash },
      issuedMs: NOW - 250,
      notBeforeMs: NOW - 250,
      expiresMs: NOW - 250 + 60_000,
    },
  });
  const again = await verifyPermit(token, accepting);
  expect(again).toMatchObject({ ok: false, code: "permit.replayed" });
  expect(await answer(token, { crypto: undefined as never })).toBe("ok");
});

describe("issuing", () => {
  const refusals: [string, string, Partial<WrittenDecision>, Partial<PermitTerms>][] = [
    ["a deny", "permit.not_allowed", { decision: { ...WRITTEN.decision, verdict: "deny" } }, {}],
    ["a hold", "permit.not_allowed", { decision: { ...WRITTEN.decision, verdict: "hold" } }, {}],
    ["a guard's allow", "permit.not_allowed", { decision: { ...WRITTEN.decision, granted: false } }, {}],
    ["no receipt", "permit.no_receipt", { receipt: null }, {}],
    ["an old decision", "permit.stale", { decidedMs: NOW - 300_001 }, {}],
    ["an age of one's own", "permit.stale", { decidedMs: NOW - 1_001 }, { ageMaxMs: 1_000 }],
    ["a decision of the future", "permit.not_decided", { decidedMs: NOW + 1 }, {}],
    ["no request", "permit.terms", { request: null }, {}],
    ["an ill-formed request", "permit.terms", { request: { json: '"\ud800"' } }, {}],
    ["no set", "permit.terms", { set: null }, {}],
    ["no audience", "permit.terms", {}, { audience: "" }],
    ["nothing as an issuer", "permit.terms", {}, { issuer: undefined as never }],
    ["an endless permit", "permit.terms", {}, { lifetimeMs: 3_601_000 }],
    ["no whole seconds", "permit.terms", {}, { lifetimeMs: 1_500 }],
    ["a time of no number", "permit.terms", {}, { nowMs: Number.NaN }],
    ["a beginning in the past", "permit.terms", {}, { notBeforeMs: NOW - 2_000 }],
    ["a beginning after the end", "permit.terms", {}, { notBeforeMs: NOW + 60_000 }],
    ["a short salt", "permit.terms", {}, { randomBytes: () => new Uint8Array(31) }],
    ["an id that is none", "permit.terms", { id: "7" }, {}],
    ["an index that is none", "permit.terms", { receipt: { ...WRITTEN.receipt!, index: -1 } }, {}],
    ["an origin that is none", "permit.terms", { receipt: { ...WRITTEN.receipt!, origin: "a b" } }, {}],
  ];
  test.each(refusals)("%s: %s", async (_, code, written, terms) => {
    const result = await issuePermit({ ...WRITTEN, ...written }, { ...TERMS, ...terms }, SIGNER);
    expect(result).toMatchObject({ ok: false, code });
  });

  test("the longest names fit into a token", async () => {
    const [long, quotes] = ["\u{10ffff}".repeat(255), '"'.repeat(255)];
    const receipt = { ...WRITTEN.receipt!, origin: "~".repeat(255), index: Number.MAX_SAFE_INTEGER };
    const keys = [{ issuer: quotes, key: SIGNER.publicKey }];
    const token = await issued({ action: long, receipt }, { issuer: quotes, audience: long });
    expect(await answer(token, { audience: long, action: long, keys })).toBe("permit.other_request");
  });

  test("obligations that are due before come first", async () => {
    const confirm = { name: "confirm", when: "before", arguments: { by: "ada" } } as const;
    const written = { ...WRITTEN, decision: { ...WRITTEN.decision, obligations: [confirm] } };
    const refused = await issuePermit(written, TERMS, SIGNER);
    expect(refused).toMatchObject({
      code: "permit.undischarged",
      message: expect.stringContaining("confirm"),
    });
    const other = { ...confirm, arguments: { by: "bob" } };
    expect(await issuePermit(written, { ...TERMS, discharged: [other] }, SIGNER)).toMatchObject({
      ok: false,
    });
    expect(await issuePermit(written, { ...TERMS, discharged: [confirm] }, SIGNER)).toMatchObject({
      ok: true,
    });
  });

  test("a signer that answers with anything but its signature gives no permit", async () => {
    const faulty: Signer = { publicKey: SIGNER.publicKey, sign: async () => nodeRandomBytes(64) };
    await expect(issuePermit(WRITTEN, TERMS, faulty)).rejects.toThrow("no signature by that key");
  });
});

describe("a service refuses", () => {
  const swap = (from: string, to: string) => (text: string) => text.replace(from, to);
  const headers: [string, (text: string) => string][] = [
    ["none", swap("EdDSA", "none")],
    ["a MAC under a public key", swap("EdDSA", "HS256")],
    ["another curve's name", swap("EdDSA", "Ed25519")],
    ["another type", swap("polity-permit+jwt", "JWT")],
    ["a key of its own", swap('","kid"', '","jwk":{"kty":"OKP"},"kid"')],
    ["a place for keys", swap('"}', '","x5u":"https://example.com"}')],
    ["something critical", swap('","kid"', '","crit":["exp"],"kid"')],
    ["another order", (text) => text.replace(/^\{("alg":"EdDSA"),(.*)\}$/, "{$2,$1}")],
    ["a space", swap('":"', '": "')],
    ["no key", (text) => text.replace(/"kid":"[^"]*",/, "")],
  ];
  test.each(headers)("a header with %s", async (_, change) => {
    expect(await answer(await forged("header", change))).toBe("permit.header");
  });

  const claims: [string, (text: string) => string][] = [
    ["a member too many", swap('"nbf"', '"n":1,"nbf"')],
    ["a member twice", swap('"nbf"', '"nbf":1,"nbf"')],
    ["a fraction of a second", (text) => text.replace(/"exp":(\d+)/, '"exp":$1.5')],
    ["a time as text", (text) => text.replace(/"exp":(\d+)/, '"exp":"$1"')],
    ["an end a day later", (text) => text.replace(/"exp":(\d+)/, (_, s) => `"exp":${Number(s) + 86_400}`)],
    ["several services", swap('"aud":"payments"', '"aud":["payments","x"]')],
    ["an escape", swap('"payments"', '"\\u0070ayments"')],
    ["a byte order mark", (text) => `\ufeff${text}`],
    ["a short salt", (text) => text.replace(/"salt":"..../, '"salt":"')],
  ];
  test.each(claims)("claims with %s, though its issuer signed them", async (_, change) => {
    expect(await answer(await forged("claims", change))).toBe("permit.claims");
  });

  test("what is no token, or not in its one form", async () => {
    const token = await issued();
    const [header = "", body = "", signature = ""] = token.split(".");
    const last = signature.at(-1)!;
    const surplus = signature.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1);
    const texts = ["", ".", "..", "a.b", `${token}.`, `.${token}`, `${token} `, `${token}=`, `${token}\n`];
    const padded = `${header}==.${body}.${signature}`;
    const standard = [header, body, signature].join(".").replace(/[A-Z]/, "+");
    texts.push(
      padded,
      standard,
      `${header}.${body}.${surplus}`,
      `${header}.${body}.`,
      `${header}.${signature}`,
    );
    texts.push(`${header}.${encodeBase64Url(Uint8Array.of(0xff))}.${signature}`);
    for (const text of texts) expect([text, await answer(text)]).toEqual([text, "permit.malformed"]);
    expect(await answer(null as never)).toBe("permit.malformed");
    expect(await answer("a".repeat(8_193))).toBe("permit.too_large");
  });

  test("a key that is not trusted, one that is another issuer's, and a signature by another", async () => {
    const other = signerOf(8);
    const token = await issued();
    expect(await answer(await issued({}, {}, other))).toBe("permit.wrong_key");
    const keys = [...service().keys, { issuer: "example.com/host-2", key: other.publicKey }];
    expect(await answer(await issued({}, {}, other), { keys })).toBe("permit.other_issuer");
    const [header, body] = token.split(".");
    const signature = encodeBase64Url(await other.sign(utf8(`${header}.${body}`)));
    expect(await answer(`${header}.${body}.${signature}`, { keys })).toBe("permit.bad_signature");
    const throwing = (): never => {
      throw new Error("no");
    };
    expect(await answer(token, { crypto: { sha256, verify: throwing } })).toBe("permit.bad_signature");
    const promising = async () => true;
    expect(await answer(token, { crypto: { sha256, verify: promising as never } })).toBe(
      "permit.bad_signature",
    );
  });

  test("another service, another action, and another time", async () => {
    const token = await issued({}, { notBeforeMs: NOW + 5_000 });
    const begin = NOW - 250 + 5_000;
    const end = NOW - 250 + 60_000;
    expect(await answer(token, { audience: "refunds", nowMs: begin })).toBe("permit.other_audience");
    expect(await answer(token, { action: "refund", nowMs: begin })).toBe("permit.other_action");
    expect(await answer(token, { nowMs: begin - 1 })).toBe("permit.not_yet");
    expect(await answer(token, { nowMs: begin })).toBe("ok");
    expect(await answer(token, { nowMs: end - 1 })).toBe("ok");
    expect(await answer(token, { nowMs: end })).toBe("permit.expired");
    expect(await answer(token, { nowMs: end + 999, leewayMs: 1_000 })).toBe("ok");
    expect(await answer(token, { nowMs: end + 1_000, leewayMs: 1_000 })).toBe("permit.expired");
    expect(await answer(token, { nowMs: begin - 1_000, leewayMs: 1_000 })).toBe("ok");
    expect(await answer(token, { nowMs: begin, epochMin: 42 })).toBe("ok");
    expect(await answer(token, { nowMs: begin, epochMin: 43 })).toBe("permit.old_epoch");
  });

  test("another payee, in a field that no rule reads, and the same request in another form", async () => {
    const token = await issued();
    const others = [
      REQUEST.replace("DE89", "DE98"),
      REQUEST.replace('"12.5"', '"12.50"'),
      REQUEST.replace('"amount"', ' "amount"'),
      REQUEST.replace(',"tags":["a","b"]', ""),
      REQUEST.replace('["a","b"]', '["b","a"]'),
      REQUEST.replace("ë", "\ud800"),
      REQUEST.slice(0, -1),
      "",
    ];
    for (const request of others) {
      expect([request, await answer(token, { request })]).toEqual([request, "permit.other_request"]);
    }
    const { fields } = JSON.parse(REQUEST) as { fields: Record<string, unknown> };
    expect(permitRequest("pay", fields)).toBe(REQUEST);
    expect(permitRequest("pay", {}, [{ type: "User", id: "ada" }])).toBe(
      '{"action":"pay","entities":[{"id":"ada","type":"User"}],"fields":{}}',
    );
    expect(() => permitRequest("pay", { amount: 12.5 })).toThrow("no canonical form");
  });

  test("a request whose action is another than the permit's, though its digest is right", async () => {
    const request = REQUEST.replace("pay", "refund");
    const token = await issued({ request: { json: request } });
    expect(await answer(token, { request })).toBe("permit.other_request");
    const noFields = '{"action":"pay"}';
    expect(await answer(await issued({ request: { json: noFields } }), { request: noFields })).toBe(
      "permit.other_request",
    );
  });

  const useless: [string, Record<string, unknown> | null][] = [
    ["nothing", null],
    ["no keys", { keys: [] }],
    ["a key that is none", { keys: [{ issuer: "x", key: { bytes: new Uint8Array(32), id: "sha256:" } }] }],
    ["another id", { keys: [{ issuer: "x", key: { ...SIGNER.publicKey, id: signerOf(8).publicKey.id } }] }],
    ["an issuer without a name", { keys: [{ issuer: "", key: SIGNER.publicKey }] }],
    ["one key for two", { keys: ["a", "b"].map((issuer) => ({ issuer, key: SIGNER.publicKey })) }],
    ["no name", { audience: "" }],
    ["no request", { request: undefined }],
    ["no time", { nowMs: 1.5 }],
    ["too much leeway", { leewayMs: 60_001 }],
    ["an epoch that is none", { epochMin: -1 }],
    ["no memory", { seen: {} }],
  ];
  test.each(useless)("when it was given %s", async (_, options) => {
    const given = options === null ? null : { ...service(), ...options };
    const result = await verifyPermit(await issued(), given as never);
    expect(result).toMatchObject({ ok: false, code: "permit.invalid" });
  });
});

describe("what a service remembers", () => {
  const use = { issuer: "host", id: "a", issuedMs: NOW, untilMs: NOW + 60_000 };

  test("each permit once, by issuer", () => {
    const seen = rememberPermits({ sinceMs: NOW });
    expect(seen.use(use, NOW)).toBe("first");
    expect(seen.use(use, NOW + 59_999)).toBe("again");
    expect(seen.use({ ...use, issuer: "other" }, NOW)).toBe("first");
  });

  test("a full memory refuses, and takes more once something has expired", () => {
    const seen = rememberPermits({ sinceMs: NOW, permitsMax: 2 });
    expect(["a", "b", "c"].map((id) => seen.use({ ...use, id }, NOW))).toEqual(["first", "first", "full"]);
    const later = { ...use, id: "d", untilMs: NOW + 120_000 };
    expect(seen.use(later, NOW + 59_000)).toBe("full");
    expect(seen.use(later, NOW + 59_999)).toBe("full");
    expect(seen.use(later, NOW + 60_000)).toBe("first");
  });

  test("a clock that is put back brings nothing back that was forgotten", () => {
    const seen = rememberPermits({ sinceMs: NOW, permitsMax: 1 });
    expect(seen.use(use, NOW)).toBe("first");
    expect(seen.use({ ...use, id: "b", untilMs: NOW + 120_000 }, NOW + 61_000)).toBe("first");
    expect(seen.use(use, NOW)).toBe("unknown");
  });

  test("of what was issued before it began, nothing is known", async () => {
    const seen = rememberPermits({ sinceMs: NOW + 1_000 });
    expect(await answer(await issued(), { seen })).toBe("permit.unremembered");
  });

  test("what cannot answer has not remembered", async () => {
    const seen = { use: () => Promise.reject(new Error("not reachable")) };
    expect(await answer(await issued(), { seen })).toBe("permit.unremembered");
    expect(await answer(await issued(), { seen: { use: async () => true as never } })).toBe(
      "permit.unremembered",
    );
    expect(await answer(await issued(), { seen: { use: () => "full" } })).toBe("permit.memory_full");
  });

  test("a refused permit is not used up", async () => {
    const { seen } = service();
    const token = await issued();
    expect(await answer(token, { seen, request: REQUEST.replace("DE89", "DE98") })).toBe(
      "permit.other_request",
    );
    expect(await answer(token, { seen })).toBe("ok");
  });

  test("bounds that are none", () => {
    expect(() => rememberPermits({ sinceMs: Number.NaN })).toThrow(RangeError);
    expect(() => rememberPermits({ sinceMs: 0, permitsMax: 0 })).toThrow(RangeError);
  });
});

test("HMAC is that of the platform, with whatever computes SHA-256", () => {
  for (let length = 0; length <= 64; length += 1) {
    const [key, message] = [nodeRandomBytes(length), nodeRandomBytes(length * 3)];
    const wanted = createHmac("sha256", key).update(message).digest("hex");
    expect(toHex(hmacSha256(sha256, key, message))).toBe(wanted);
    expect(toHex(hmacSha256(nodeCrypto.sha256, key, message))).toBe(wanted);
  }
  expect(() => hmacSha256(sha256, new Uint8Array(65), new Uint8Array(0))).toThrow(RangeError);
});
