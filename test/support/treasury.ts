/** A policy that holds large payments until the treasury approves, its facts, and what its people answer. */
import type { PendingApproval } from "@polity/governor/governor.ts";
import { type Approval, signApproval } from "@polity/governor/papers/approval.ts";
import { questionOf } from "@polity/governor/steps/approvals.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { POLICY } from "./governing.ts";
import { GOVERNED } from "./papers.ts";
import { BERT, CLEO, DORA } from "./trust-roots.ts";

export const HELD = heldBy(2);

/** `quorum` of the treasury have to approve. */
export function heldBy(quorum: number): string {
  return `${POLICY}entity Team
entity User in Team
allow vast on pay when amount >= 500
hold asked on pay when amount >= 500 until approved by ${quorum} of Team::"treasury" within 15m
  because "more than 500 needs two"
`;
}

const SIGNERS = { bert: BERT, cleo: CLEO, dora: DORA } as const;
export type Approver = keyof typeof SIGNERS;

export const FACTS = {
  entities: [
    { type: "Agent", id: "ada", attributes: { limit: 1000 } },
    { type: "Agent", id: "bob", attributes: { limit: 1000 } },
    { type: "Team", id: "treasury" },
    ...Object.keys(SIGNERS).map((id) => ({
      ...{ type: "User", id, parents: [{ type: "Team", id: "treasury" }] },
    })),
  ],
};

/** An answer in the name of `id`, signed as theirs or by whom else is given. */
export function approvalOf(
  pending: PendingApproval,
  id: string,
  change: Partial<Approval> = {},
  signer: Signer = SIGNERS[id as Approver],
): Promise<string> {
  const { root, set, audience } = GOVERNED;
  const scope = { root: root.name, set, audience, issuedMs: pending.askedAt, expiresMs: pending.expiresAt };
  const approver = { type: "User", id };
  const said: Approval = { ...scope, ...questionOf(pending), approver, decision: "approved", ...change };
  return signApproval(said, [signer]);
}
