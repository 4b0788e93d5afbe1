/**
 * Attestations: somebody who measured a workload says which image runs, as whom, where, and on what. An
 * in-toto Statement, by an attester of the trust root: what a workload says of itself proves nothing.
 */
import type { Party } from "@polity/lineage/entry.ts";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { encodeEnvelope, signEnvelope } from "@polity/runtime/dsse.ts";
import { descriptor, IN_TOTO, readSubject, readTop } from "@polity/runtime/in-toto.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import { members, refuse, text } from "@polity/runtime/shape.ts";
import {
  type DocumentForm,
  type DocumentRead,
  decodeDocument,
  encodeDocument,
  label,
  timeText,
} from "@polity/runtime/signed-document.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { STATEMENT_TYPE } from "@polity/runtime/statement.ts";
import { issuerKeysOf } from "@polity/runtime/trust-keys.ts";
import {
  type Governed,
  openPaper,
  type PaperFault,
  type PaperKind,
  party,
  partyJson,
  readScope,
  SCOPE_MEMBERS,
  type Scope,
  scopeJson,
} from "./paper.ts";

/** As in the module `std.attestation`, in its order. */
export const ENVIRONMENTS = ["development", "staging", "production"] as const;
export const HARDWARES = ["unprotected", "tpm", "enclave", "confidential_vm"] as const;

export interface Attestation extends Scope {
  /** What the image is called, and its digest: `sha256:` and 64 hex digits. */
  readonly image: { readonly name: string; readonly digest: string };
  /** As whom it acts: nobody else may show this statement. */
  readonly agent: Party;
  /** A name in the trust root's `issuers.attestation`. */
  readonly issuer: string;
  readonly environment: (typeof ENVIRONMENTS)[number];
  readonly hardware: (typeof HARDWARES)[number];
}

const ATTESTATION_TYPE = "urn:polity:attestation:v1";
export const ATTESTATION_LIFETIME_MAX_MS = 7 * 86_400_000;

export type AttestationCode = `attestation.${PaperFault | "wrong_agent"}`;

/** What a governor keeps of it. */
export interface AttestedWorkload {
  /** Of the statement, `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly image: string;
  readonly issuedAt: number;
  /** From then on it says nothing. */
  readonly expiresAt: number;
  /** Values of fields that policies declare `from host`: `attestation`, as `std.attestation` has it. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export type AttestationResult =
  | { readonly ok: true; readonly attestation: Attestation; readonly attested: AttestedWorkload }
  | { readonly ok: false; readonly code: AttestationCode; readonly message: string };

/** Canonical JSON in UTF-8; throws for what `decodeAttestation` would refuse. */
export function encodeAttestation(attestation: Attestation): Uint8Array {
  return encodeDocument(FORM, attestation, "attestation");
}

/** Only what `encodeAttestation` wrote. Never throws. */
export function decodeAttestation(bytes: Uint8Array): DocumentRead<Attestation> {
  return decodeDocument(FORM, bytes);
}

/** The envelope's text. Rejects where a signer does, and for what cannot be encoded. */
export async function signAttestation(attestation: Attestation, signers: readonly Signer[]): Promise<string> {
  return encodeEnvelope(await signEnvelope(STATEMENT_TYPE, encodeAttestation(attestation), signers));
}

/** What is known of the workload that acts as this agent here and now. Never throws. */
export function verifyAttestation(
  envelope: unknown,
  governed: Governed,
  agent: Party,
  nowMs: number,
  crypto: CryptoPort,
): AttestationResult {
  const opened = openPaper(KIND, envelope, governed, nowMs, crypto);
  if (!opened.ok) return opened;
  const { paper: attestation, digest } = opened;
  const { type, id } = attestation.agent;
  if (type !== agent.type || id !== agent.id) {
    const message = `it is about the workload of another agent, ${type}::${JSON.stringify(id)}`;
    return { ok: false, code: "attestation.wrong_agent", message };
  }
  const { image, environment, hardware, issuedMs: issuedAt, expiresMs: expiresAt } = attestation;
  const value = { image: image.digest, environment, hardware, issued_at: timeText(issuedAt) };
  const attested = { digest, image: image.digest, issuedAt, expiresAt, fields: { attestation: value } };
  return { ok: true, attestation, attested };
}

/**
 * What another statement about one execution changes. An image that was exchanged is no update but another
 * workload: `drifted`, and what runs has to be judged as such.
 */
export function driftOf(
  before: AttestedWorkload | null,
  now: AttestedWorkload,
): "none" | "renewed" | "drifted" {
  if (before?.digest === now.digest) return "none";
  return before === null || before.image === now.image ? "renewed" : "drifted";
}

// ---- the written form

function write(attestation: Attestation): string {
  const { image, agent, issuer, environment, hardware } = attestation;
  return canonicalJson({
    _type: IN_TOTO,
    predicate: { ...scopeJson(attestation), agent: partyJson(agent), environment, hardware, issuer },
    predicateType: ATTESTATION_TYPE,
    subject: [descriptor(image.name, image.digest)],
  });
}

const PREDICATE = [...SCOPE_MEMBERS, "agent", "environment", "hardware", "issuer"];

function read(json: unknown): Attestation {
  const top = readTop(json, ATTESTATION_TYPE);
  const predicate = members(top.predicate, "predicate", PREDICATE);
  return {
    ...readScope(predicate, ATTESTATION_LIFETIME_MAX_MS),
    image: readSubject(top.subject),
    agent: party(predicate.agent, "agent"),
    issuer: label(predicate.issuer, "issuer"),
    environment: oneOf(predicate.environment, "environment", ENVIRONMENTS),
    hardware: oneOf(predicate.hardware, "hardware", HARDWARES),
  };
}

function oneOf<T extends string>(json: unknown, where: string, words: readonly T[]): T {
  const word = text(json, where);
  return words.find((one) => one === word) ?? refuse(where, `none of ${words.join(", ")}`);
}

const FORM: DocumentForm<Attestation> = { bytesMax: 16 * 1024, depthMax: 4, read, write };

const KIND: PaperKind<"attestation", Attestation> = {
  kind: "attestation",
  payloadType: STATEMENT_TYPE,
  form: FORM,
  issuerOf: (root, { issuer }) => {
    return { keys: issuerKeysOf(root, "attestation", issuer), name: `the attester ${issuer}` };
  },
};
