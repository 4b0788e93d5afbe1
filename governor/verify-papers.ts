/** Signed papers, as the governor takes them in. */
import type { Party } from "@polity/lineage/entry.ts";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import { type ApprovalResult, verifyApproval } from "./papers/approval.ts";
import { verifyAttestation } from "./papers/attestation.ts";
import { type OrderSubject, verifyOrder } from "./papers/order.ts";
import type { Governed } from "./papers/paper.ts";
import type { Attester, VerifyOrder } from "./ports.ts";
import { WORKLOAD, ZONE } from "./standing.ts";

export interface Papers {
  readonly order: VerifyOrder;
  readonly approval: (envelope: string, nowMs: number) => ApprovalResult;
  readonly attest: Attester;
}

/** `governed` is asked each time: a trust root may be replaced by its successor. */
export function papersOf(governed: () => Governed, crypto: CryptoPort): Papers {
  return {
    order(envelope, nowMs) {
      const said = verifyOrder(envelope, governed(), nowMs, crypto);
      if (!said.ok) return said;
      const { id, issuer, expiresMs, subject, ordered, reason } = said.paper;
      const order = { id, issuer, expiresMs, digest: said.digest, does: ordered, reason };
      return { ok: true, order: { ...order, subject: partyOf(subject) } };
    },
    approval: (envelope, nowMs) => verifyApproval(envelope, governed(), nowMs, crypto),
    attest: (envelope, agent, nowMs) => verifyAttestation(envelope, governed(), agent, nowMs, crypto),
  };
}

function partyOf(subject: OrderSubject): Party {
  switch (subject.kind) {
    case "agent":
      return subject.agent;
    case "workload":
      return { type: WORKLOAD, id: subject.digest };
    case "zone":
      return { type: ZONE, id: subject.zone };
    default:
      return unreachable(subject);
  }
}
