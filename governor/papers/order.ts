/**
 * Orders: somebody who may says that an agent, a workload or a zone is quarantined, terminated, free again,
 * or trusted to another degree. An order says who, why, and until when it may be taken in; what it orders
 * holds until another order, however old the first one is.
 */
import type { Party } from "@polity/lineage/entry.ts";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { encodeEnvelope, signEnvelope } from "@polity/runtime/dsse.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import { integer, members, refuse, text } from "@polity/runtime/shape.ts";
import {
  type DocumentForm,
  type DocumentRead,
  decodeDocument,
  digest,
  encodeDocument,
  label,
} from "@polity/runtime/signed-document.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { issuerKeysOf } from "@polity/runtime/trust-keys.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import {
  type Governed,
  idText,
  openPaper,
  type PaperKind,
  type PaperResult,
  party,
  partyJson,
  readScope,
  SCOPE_MEMBERS,
  type Scope,
  scopeJson,
  uuid,
} from "./paper.ts";

/** Whom an order is about. */
export type OrderSubject =
  | { readonly kind: "agent"; readonly agent: Party }
  /** The digest of an image, `sha256:` and 64 hex digits, as attestations name it. */
  | { readonly kind: "workload"; readonly digest: string }
  | { readonly kind: "zone"; readonly zone: string };

export type Ordered =
  | { readonly kind: "quarantine" }
  | { readonly kind: "terminate" }
  /**
   * `containment`: the id of the entry in the log that contained the subject. So an old release frees nobody
   * from what came after it.
   */
  | { readonly kind: "release"; readonly containment: string }
  /** 0 to 1000. */
  | { readonly kind: "trust"; readonly trust: number };

export interface Order extends Scope {
  /** A UUID: an order is carried out once. */
  readonly id: string;
  /** A name of the trust root: of `containment`, or of `trust` where trust is set. */
  readonly issuer: string;
  readonly subject: OrderSubject;
  readonly ordered: Ordered;
  /** 1 to 255 characters on one line. */
  readonly reason: string;
}

export type OrderResult = PaperResult<"order", Order>;

export const ORDER_TYPE = "application/vnd.polity.order.v1+json";
/** For so long an order may be on its way; and for so long its id has to be remembered. */
export const ORDER_LIFETIME_MAX_MS = 7 * 86_400_000;
const TRUST_MAX = 1000;

/** Canonical JSON in UTF-8; throws for what `decodeOrder` would refuse. */
export function encodeOrder(order: Order): Uint8Array {
  return encodeDocument(FORM, order, "order");
}

/** Only what `encodeOrder` wrote. Never throws. */
export function decodeOrder(bytes: Uint8Array): DocumentRead<Order> {
  return decodeDocument(FORM, bytes);
}

/** The envelope's text. Rejects where a signer does, and for an order that cannot be encoded. */
export async function signOrder(order: Order, signers: readonly Signer[]): Promise<string> {
  return encodeEnvelope(await signEnvelope(ORDER_TYPE, encodeOrder(order), signers));
}

/**
 * Whether somebody who may has given this order, for here and now. That it was not carried out before, and
 * that a release is about what holds now, is for whoever keeps the standing of subjects. Never throws.
 */
export function verifyOrder(
  envelope: unknown,
  governed: Governed,
  nowMs: number,
  crypto: CryptoPort,
): OrderResult {
  return openPaper(KIND, envelope, governed, nowMs, crypto);
}

/** Contain and trust are two rights: whoever may stop agents need not be able to make them more trusted. */
export function orderRole(ordered: Ordered): "containment" | "trust" {
  return ordered.kind === "trust" ? "trust" : "containment";
}

// ---- the written form

function write(order: Order): string {
  const { id, issuer, subject, ordered, reason } = order;
  const json = { ...scopeJson(order), id, issuer, order: ordered, reason, subject: subjectJson(subject) };
  return canonicalJson(json);
}

function subjectJson(subject: OrderSubject) {
  switch (subject.kind) {
    case "agent":
      return { agent: partyJson(subject.agent), kind: "agent" };
    case "workload":
    case "zone":
      return subject;
    default:
      return unreachable(subject);
  }
}

function read(json: unknown): Order {
  const given = members(json, "order", [...SCOPE_MEMBERS, "id", "issuer", "order", "reason", "subject"]);
  return {
    ...readScope(given, ORDER_LIFETIME_MAX_MS),
    id: uuid(given.id, "id"),
    issuer: label(given.issuer, "issuer"),
    subject: readSubject(given.subject, "subject"),
    ordered: readOrdered(given.order, "order"),
    reason: label(given.reason, "reason"),
  };
}

function readSubject(json: unknown, where: string): OrderSubject {
  switch (kindOf(json, where)) {
    case "agent":
      return { kind: "agent", agent: party(members(json, where, ["agent", "kind"]).agent, `${where}.agent`) };
    case "workload": {
      const given = members(json, where, ["digest", "kind"]);
      return { kind: "workload", digest: digest(given.digest, `${where}.digest`) };
    }
    case "zone":
      return { kind: "zone", zone: idText(members(json, where, ["kind", "zone"]).zone, `${where}.zone`) };
    default:
      return refuse(`${where}.kind`, "none of agent, workload, zone");
  }
}

function readOrdered(json: unknown, where: string): Ordered {
  const word = kindOf(json, where);
  switch (word) {
    case "quarantine":
    case "terminate":
      members(json, where, ["kind"]);
      return { kind: word };
    case "release": {
      const given = members(json, where, ["containment", "kind"]);
      return { kind: word, containment: uuid(given.containment, `${where}.containment`) };
    }
    case "trust": {
      const given = members(json, where, ["kind", "trust"]);
      return { kind: word, trust: integer(given.trust, `${where}.trust`, 0, TRUST_MAX) };
    }
    default:
      return refuse(`${where}.kind`, "none of quarantine, terminate, release, trust");
  }
}

function kindOf(json: unknown, where: string): string {
  if (typeof json !== "object" || json === null) refuse(where, "not an object");
  return text(Object.getOwnPropertyDescriptor(json, "kind")?.value, `${where}.kind`);
}

const FORM: DocumentForm<Order> = { bytesMax: 16 * 1024, depthMax: 3, read, write };

const KIND: PaperKind<"order", Order> = {
  kind: "order",
  payloadType: ORDER_TYPE,
  form: FORM,
  issuerOf: (root, { issuer, ordered }) => {
    const role = orderRole(ordered);
    return { keys: issuerKeysOf(root, role, issuer), name: `the ${role} issuer ${issuer}` };
  },
};
