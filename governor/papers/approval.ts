/**
 * Approvals: what one person says to one held request, signed by that person's own key. It is bound to the
 * request's digest, to the pending approval and to its rules and times, so that it answers nothing else.
 */
import type { Party } from "@polity/lineage/entry.ts";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { encodeEnvelope, signEnvelope } from "@polity/runtime/dsse.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import { array, ascending, members, name, refuse, text } from "@polity/runtime/shape.ts";
import {
  type DocumentForm,
  type DocumentRead,
  decodeDocument,
  digest,
  encodeDocument,
  time,
  timeText,
} from "@polity/runtime/signed-document.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { issuerKeysOf } from "@polity/runtime/trust-keys.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import {
  type Governed,
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

/** `issuedMs` is when it was given; `expiresMs` is the end of the pending approval, never another time. */
export interface Approval extends Scope {
  /** A UUID: the pending approval that it answers. */
  readonly pending: string;
  /** `sha256:` and 64 hex digits: of the request. */
  readonly request: string;
  /** All that hold the request, ascending. */
  readonly rules: readonly string[];
  readonly approver: Party;
  readonly decision: "approved" | "rejected";
  /** When the approver was asked. */
  readonly askedMs: number;
}

export type ApprovalResult = PaperResult<"approval", Approval>;

const APPROVAL_TYPE = "application/vnd.polity.approval.v1+json";
/** No rule waits for longer. */
const APPROVAL_LIFETIME_MAX_MS = 30 * 86_400_000;
const RULES_MAX = 64;

/** Canonical JSON in UTF-8; throws for what `decodeApproval` would refuse. */
export function encodeApproval(approval: Approval): Uint8Array {
  return encodeDocument(FORM, approval, "approval");
}

/** Only what `encodeApproval` wrote. Never throws. */
export function decodeApproval(bytes: Uint8Array): DocumentRead<Approval> {
  return decodeDocument(FORM, bytes);
}

/** The envelope's text. Rejects where a signer does, and for an approval that cannot be encoded. */
export async function signApproval(approval: Approval, signers: readonly Signer[]): Promise<string> {
  return encodeEnvelope(await signEnvelope(APPROVAL_TYPE, encodeApproval(approval), signers));
}

/**
 * Whether the approver's own key has signed this, for here and now. What it answers, and whether it counts,
 * is for `steps/approvals.ts`; whether the approver is in the rule's group, for the evaluator. Never throws.
 */
export function verifyApproval(
  envelope: unknown,
  governed: Governed,
  nowMs: number,
  crypto: CryptoPort,
): ApprovalResult {
  return openPaper(KIND, envelope, governed, nowMs, crypto);
}

/** What the trust root calls an approver: the entity as policies write it, `User::"anna"`. */
export function approverName({ type, id }: Party): string {
  return `${type}::${JSON.stringify(id)}`;
}

/**
 * The keys that stand for this approver alone. One key for two people would let one of them be a quorum of
 * two, so it stands for neither.
 */
export function approverKeys(root: TrustRoot, approver: Party): ReadonlyMap<string, PublicKey> {
  const own = approverName(approver);
  const others = [...root.issuers.approval].filter(([issuer]) => issuer !== own);
  const shared = new Set(others.flatMap(([, keys]) => keys));
  return new Map([...issuerKeysOf(root, "approval", own)].filter(([id]) => !shared.has(id)));
}

// ---- the written form

function write(approval: Approval): string {
  const { pending, request, rules, approver, decision, askedMs } = approval;
  const asked = timeText(askedMs);
  const json = { ...scopeJson(approval), approver: partyJson(approver), asked, decision };
  return canonicalJson({ ...json, pending, request, rules });
}

const MEMBERS = [...SCOPE_MEMBERS, "approver", "asked", "decision", "pending", "request", "rules"];

function read(json: unknown): Approval {
  const given = members(json, "approval", MEMBERS);
  const scope = readScope(given, APPROVAL_LIFETIME_MAX_MS);
  const askedMs = time(given.asked, "asked");
  if (askedMs > scope.issuedMs) refuse("asked", "after `issued`");
  return {
    ...scope,
    pending: uuid(given.pending, "pending"),
    request: digest(given.request, "request"),
    rules: readRules(given.rules),
    approver: party(given.approver, "approver"),
    decision: readDecision(given.decision),
    askedMs,
  };
}

function readRules(json: unknown): readonly string[] {
  const rules = array(json, "rules", name);
  if (rules.length < 1 || rules.length > RULES_MAX) refuse("rules", `not 1 to ${RULES_MAX}`);
  ascending(rules, "rules");
  return rules;
}

function readDecision(json: unknown): Approval["decision"] {
  const word = text(json, "decision");
  return word === "approved" || word === "rejected"
    ? word
    : refuse("decision", "neither approved nor rejected");
}

const FORM: DocumentForm<Approval> = { bytesMax: 32 * 1024, depthMax: 3, read, write };

const KIND: PaperKind<"approval", Approval> = {
  kind: "approval",
  payloadType: APPROVAL_TYPE,
  form: FORM,
  issuerOf: (root, { approver }) => {
    return { keys: approverKeys(root, approver), name: `${approverName(approver)} alone` };
  },
};
