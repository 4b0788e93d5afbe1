/** Attestations: who may say what a workload is, and that nothing else is believed about it. */
import {
  ATTESTATION_LIFETIME_MAX_MS,
  type Attestation,
  decodeAttestation,
  driftOf,
  ENVIRONMENTS,
  encodeAttestation,
  HARDWARES,
  signAttestation,
  verifyAttestation,
} from "@polity/governor/papers/attestation.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { describe, expect, test } from "vitest";
import { compiled } from "../support/compiled.ts";
import { jsonMutations } from "../support/json-mutations.ts";
import { GOVERNED, GOVERNED_ROOT, textMutations } from "../support/papers.ts";
import { ANNA, EMIL, NOW } from "../support/trust-roots.ts";

const AGENT = { type: "Agent", id: "agent-7" };
const IMAGE = `sha256:${"a1".repeat(32)}`;
const ATTESTATION: Attestation = {
  root: GOVERNED_ROOT.name,
  set: "payments",
  audience: "eu-1",
  issuedMs: NOW - 1000,
  expiresMs: NOW + 600_000,
  image: { name: "registry.example.com/agent", digest: IMAGE },
  agent: AGENT,
  issuer: "launcher",
  environment: "production",
  hardware: "confidential_vm",
};
const SIGNED = await signAttestation(ATTESTATION, [EMIL]);

function verify(envelope: unknown, nowMs = NOW, governed = GOVERNED, agent = AGENT) {
  const result = verifyAttestation(envelope, governed, agent, nowMs, nodeCrypto);
  expect(verifyAttestation(envelope, governed, agent, nowMs, portableCrypto)).toEqual(result);
  return result;
}

async function codeOf(change: Partial<Attestation>, signers: readonly Signer[] = [EMIL]): Promise<string> {
  const result = verify(await signAttestation({ ...ATTESTATION, ...change }, signers));
  return result.ok ? "taken" : result.code;
}

describe("an attestation", () => {
  test("says what fields that are declared `from host` get", () => {
    expect(decodeAttestation(encodeAttestation(ATTESTATION))).toEqual({ ok: true, value: ATTESTATION });
    const value = {
      image: IMAGE,
      environment: "production",
      hardware: "confidential_vm",
      issued_at: "2026-11-22T11:59:59Z",
    };
    expect(verify(SIGNED)).toMatchObject({
      ok: true,
      attestation: ATTESTATION,
      attested: { image: IMAGE, expiresAt: NOW + 600_000, fields: { attestation: value } },
    });
  });

  test("knows the words of std.attestation, all of them and in their order", () => {
    const { types } = compiled(`polity 1
policy test.attested version 1
import "std/attestation"
entity Agent
subject agent: Agent
action go { attestation: Attestation from host }
allow all on go when attestation.environment == Environment.production
  and attestation.hardware >= Hardware.tpm
`);
    expect(types.enums.get("Environment")).toEqual(ENVIRONMENTS);
    expect(types.enums.get("Hardware")).toEqual(HARDWARES);
    expect(types.records.get("Attestation")?.map(({ name }) => name)).toEqual([
      "environment",
      "hardware",
      "image",
      "issued_at",
    ]);
  });

  test.each([
    ["under another trust root", { root: "example.com/others" }, "attestation.wrong_root"],
    ["about another set", { set: "refunds" }, "attestation.wrong_set"],
    ["for another place", { audience: "eu-2" }, "attestation.wrong_set"],
    ["of another agent", { agent: { type: "Agent", id: "agent-8" } }, "attestation.wrong_agent"],
    ["of an agent of another type", { agent: { type: "User", id: "agent-7" } }, "attestation.wrong_agent"],
    ["by somebody whom nobody named", { issuer: "stranger" }, "attestation.unsigned"],
    ["by one who may do something else", { issuer: "watch" }, "attestation.unsigned"],
    ["issued later on", { issuedMs: NOW + 1 }, "attestation.not_yet_valid"],
    ["that has ended", { expiresMs: NOW }, "attestation.expired"],
    ["that ends the next moment", { expiresMs: NOW + 1 }, "taken"],
    ["for a week", { issuedMs: NOW, expiresMs: NOW + ATTESTATION_LIFETIME_MAX_MS }, "taken"],
  ])("%s", async (_, change, code) => {
    expect(await codeOf(change)).toBe(code);
  });

  test("by a key of its own is nobody's word", async () => {
    expect(await codeOf({}, [ANNA])).toBe("attestation.unsigned");
  });

  test("for more than a week cannot be written", async () => {
    const expiresMs = ATTESTATION.issuedMs + ATTESTATION_LIFETIME_MAX_MS + 1;
    await expect(codeOf({ expiresMs })).rejects.toThrow(/^no attestation: expires: more than/);
  });

  test.each([
    ["no text", null],
    ["nothing", ""],
    ["something else", "{}"],
  ])("%s is none", (_, given) => {
    expect(verify(given)).toMatchObject({ ok: false, code: "attestation.malformed" });
  });

  test("that is changed anywhere says nothing any more: 10,000 and more", () => {
    let count = 0;
    for (const text of textMutations(SIGNED)) {
      count += 1;
      if (verifyAttestation(text, GOVERNED, AGENT, NOW, nodeCrypto).ok) throw new Error(`counts: ${text}`);
    }
    expect(count).toBeGreaterThan(10_000);
  });

  test("is the only text of what it says", () => {
    const text = new TextDecoder().decode(encodeAttestation(ATTESTATION));
    for (const mutation of jsonMutations(text)) {
      const bytes = new TextEncoder().encode(mutation.text);
      const read = decodeAttestation(bytes);
      if (!read.ok || mutation.text === text) continue;
      if (mutation.kind !== "value") throw new Error(mutation.what);
      expect(encodeAttestation(read.value)).toEqual(bytes);
    }
  });

  test("that follows another one is the same, renews it, or is about another workload", () => {
    const one = { digest: "d1", image: IMAGE, issuedAt: 0, expiresAt: 1, fields: {} };
    expect(driftOf(null, one)).toBe("renewed");
    expect(driftOf(one, one)).toBe("none");
    expect(driftOf(one, { ...one, digest: "d2" })).toBe("renewed");
    expect(driftOf(one, { ...one, digest: "d2", image: "other" })).toBe("drifted");
  });
});
