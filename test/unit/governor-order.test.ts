/** Orders: who may say that somebody is contained, free or trusted; and nothing else is taken for one. */
import {
  decodeOrder,
  encodeOrder,
  ORDER_LIFETIME_MAX_MS,
  ORDER_TYPE,
  type Order,
  type Ordered,
  type OrderSubject,
  orderRole,
  signOrder,
  verifyOrder,
} from "@polity/governor/papers/order.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { encodeEnvelope, signEnvelope } from "@polity/runtime/dsse.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { describe, expect, test } from "vitest";
import { jsonMutations } from "../support/json-mutations.ts";
import { GOVERNED, GOVERNED_ROOT, textMutations } from "../support/papers.ts";
import { ANNA, BERT, CLEO, idsOf, NOW, ONLINE } from "../support/trust-roots.ts";

const ORDER: Order = {
  root: GOVERNED_ROOT.name,
  set: "payments",
  audience: "eu-1",
  id: "0190a5de-0000-7000-8000-000000000001",
  issuer: "watch",
  issuedMs: NOW - 1000,
  expiresMs: NOW + 600_000,
  subject: { kind: "agent", agent: { type: "Agent", id: "agent-7" } },
  ordered: { kind: "quarantine" },
  reason: "reads mail that nobody asked it to read",
};
const CONTAINMENT = "0190a5de-0000-7000-8000-00000000000c";
const SUBJECTS: readonly OrderSubject[] = [
  ORDER.subject,
  { kind: "workload", digest: `sha256:${"a1".repeat(32)}` },
  { kind: "zone", zone: "dmz" },
];
const ORDERED: readonly Ordered[] = [
  { kind: "quarantine" },
  { kind: "terminate" },
  { kind: "release", containment: CONTAINMENT },
  { kind: "trust", trust: 0 },
  { kind: "trust", trust: 1000 },
];
const SIGNED = await signOrder(ORDER, [CLEO]);

function verify(envelope: unknown, nowMs = NOW, governed = GOVERNED) {
  const result = verifyOrder(envelope, governed, nowMs, nodeCrypto);
  expect(verifyOrder(envelope, governed, nowMs, portableCrypto)).toEqual(result);
  return result;
}

async function codeOf(change: Partial<Order>, signers: readonly Signer[] = [ANNA]): Promise<string> {
  const result = verify(await signOrder({ ...ORDER, ...change }, signers));
  return result.ok ? "taken" : result.code;
}

describe("an order", () => {
  test("of every kind, about everybody, reads back as it was signed", async () => {
    for (const subject of SUBJECTS) {
      for (const ordered of ORDERED) {
        const issuer = orderRole(ordered) === "trust" ? "rating" : "watch";
        const order: Order = { ...ORDER, subject, ordered, issuer };
        expect(decodeOrder(encodeOrder(order))).toEqual({ ok: true, value: order });
        const signer = issuer === "rating" ? ONLINE : ANNA;
        const result = verify(await signOrder(order, [signer]));
        expect(result).toMatchObject({ ok: true, paper: order, signers: idsOf(signer) });
      }
    }
  });

  test("is named by the digest of its document", () => {
    const digest = `sha256:${Buffer.from(nodeCrypto.sha256(encodeOrder(ORDER))).toString("hex")}`;
    expect(verify(SIGNED)).toMatchObject({ ok: true, digest });
  });

  test.each([
    ["under another trust root", { root: "example.com/others" }, "order.wrong_root"],
    ["about another set", { set: "refunds" }, "order.wrong_set"],
    ["for another place", { audience: "eu-2" }, "order.wrong_set"],
    ["for no place", { audience: null }, "order.wrong_set"],
    ["by somebody whom nobody named", { issuer: "stranger" }, "order.unsigned"],
    ["by somebody who may do something else", { issuer: "rating" }, "order.unsigned"],
    ["about trust by one who contains", { ordered: ORDERED[4]! }, "order.unsigned"],
    ["issued later on", { issuedMs: NOW + 1 }, "order.not_yet_valid"],
    ["issued now", { issuedMs: NOW }, "taken"],
    ["good until now", { expiresMs: NOW }, "order.expired"],
    ["good until the next moment", { expiresMs: NOW + 1 }, "taken"],
  ] as const)("%s", async (_, change, code) => {
    expect(await codeOf(change)).toBe(code);
  });

  test("counts by a key of its issuer only, whoever else has signed", async () => {
    expect(await codeOf({}, [BERT])).toBe("order.unsigned");
    expect(await codeOf({}, [BERT, CLEO])).toBe("taken");
    expect(await codeOf({ issuer: "rating", ordered: ORDERED[3]! }, [ANNA])).toBe("order.unsigned");
    expect(await codeOf({ issuer: "rating", ordered: ORDERED[3]! }, [ONLINE])).toBe("taken");
  });

  test("is not taken in under a trust root that has ended, nor at no time", () => {
    const ended = { ...GOVERNED, root: { ...GOVERNED_ROOT, expiresMs: NOW } };
    expect(verify(SIGNED, NOW, ended)).toMatchObject({ code: "order.expired" });
    for (const now of [Number.NaN, 0.5, Number.POSITIVE_INFINITY])
      expect(verify(SIGNED, now)).toMatchObject({ code: "order.expired" });
  });

  test("is on its way for a week at the most", async () => {
    const issuedMs = NOW;
    expect(await codeOf({ issuedMs, expiresMs: NOW + ORDER_LIFETIME_MAX_MS })).toBe("taken");
    const longer = { ...ORDER, issuedMs, expiresMs: NOW + ORDER_LIFETIME_MAX_MS + 1 };
    await expect(signOrder(longer, [ANNA])).rejects.toThrow(/^no order: expires: more than/);
  });

  test.each([
    ["no text", 7],
    ["nothing", ""],
    ["something else", "{}"],
    ["too much", "x".repeat(70_000)],
  ])("is refused where %s is given", (_, given) => {
    expect(verify(given)).toMatchObject({ ok: false, code: "order.malformed" });
  });

  test("is refused under another payload type, and where the document is none", async () => {
    const other = await signEnvelope("application/json", encodeOrder(ORDER), [ANNA]);
    expect(verify(encodeEnvelope(other))).toMatchObject({ code: "order.malformed" });
    const empty = await signEnvelope(ORDER_TYPE, new TextEncoder().encode("{}"), [ANNA]);
    expect(verify(encodeEnvelope(empty))).toMatchObject({ code: "order.malformed" });
  });

  test("is not verified by what is no trust root", () => {
    const nothing = { ...GOVERNED, root: null } as unknown as typeof GOVERNED;
    expect(verify(SIGNED, NOW, nothing)).toMatchObject({ code: "order.malformed" });
  });
});

describe("no change to an order counts", () => {
  test("in the envelope: 10,000 and more", () => {
    const codes = new Set<string>();
    let count = 0;
    for (const text of textMutations(SIGNED)) {
      count += 1;
      const result = verifyOrder(text, GOVERNED, NOW, nodeCrypto);
      if (result.ok) throw new Error(`counts: ${text}`);
      codes.add(result.code);
    }
    expect(count).toBeGreaterThan(10_000);
    expect(codes).toContain("order.malformed");
    expect(codes).toContain("order.unsigned");
  });

  test("in the document: what is read as an order is what it is written as", () => {
    let count = 0;
    for (const ordered of ORDERED) {
      const text = new TextDecoder().decode(encodeOrder({ ...ORDER, ordered }));
      for (const mutation of jsonMutations(text)) {
        if (mutation.text === text) continue;
        count += 1;
        const bytes = new TextEncoder().encode(mutation.text);
        const read = decodeOrder(bytes);
        if (!read.ok) continue;
        if (mutation.kind !== "value") throw new Error(mutation.what);
        expect(encodeOrder(read.value)).toEqual(bytes);
      }
    }
    expect(count).toBeGreaterThan(4_000);
  });
});
