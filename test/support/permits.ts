/** A permit for one payment, the same on every run, and the service that it is for. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import {
  issuePermit,
  type PermitKey,
  type PermitTerms,
  rememberPermits,
  type VerifyPermitOptions,
  verifyPermit,
  type WrittenDecision,
} from "@polity/runtime/permit.ts";
import { signerOf } from "./signing.ts";

export const SIGNER = signerOf(7);
export const NOW = Date.UTC(2026, 10, 3, 10, 0, 0, 250);

/** No rule reads the payee's account. */
export const REQUEST =
  '{"action":"pay","fields":{"amount":"12.5","payee":{"account":"DE89","name":"Zoë"},"tags":["a","b"]}}';

export const WRITTEN: WrittenDecision = {
  id: "3f0c2a52-6a0e-4c5e-9d52-0a4f6b1f7a11",
  decidedMs: NOW - 40,
  decision: { verdict: "allow", granted: true, obligations: [] },
  action: "pay",
  request: { json: REQUEST },
  set: { digest: `sha256:${"5a".repeat(32)}`, epoch: 42 },
  receipt: { origin: "example.com/agents", index: 7, leafHash: `sha256:${"c3".repeat(32)}` },
};

export const TERMS: PermitTerms = {
  issuer: "example.com/host-1",
  audience: "payments",
  nowMs: NOW,
  randomBytes: (count) => new Uint8Array(count).fill(9),
};

/** Of what should be issued. */
export async function issued(
  written: Partial<WrittenDecision> = {},
  terms: Partial<PermitTerms> = {},
  signer = SIGNER,
): Promise<string> {
  const result = await issuePermit({ ...WRITTEN, ...written }, { ...TERMS, ...terms }, signer);
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  return result.token;
}

export function service(): VerifyPermitOptions & { readonly keys: readonly PermitKey[] } {
  return {
    keys: [{ issuer: TERMS.issuer, key: SIGNER.publicKey }],
    audience: "payments",
    action: "pay",
    request: REQUEST,
    nowMs: NOW + 10,
    seen: rememberPermits({ sinceMs: NOW - 60_000 }),
    crypto: nodeCrypto,
  };
}

/** The code of the refusal, or `ok`. */
export async function answer(token: string, options: Partial<VerifyPermitOptions> = {}): Promise<string> {
  const result = await verifyPermit(token, { ...service(), ...options });
  return result.ok ? "ok" : result.code;
}
