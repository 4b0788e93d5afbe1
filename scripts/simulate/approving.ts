/** Who approves: late, twice, for somebody else, with another key, or not at all. */
import type { Authorized, PendingApproval } from "@polity/governor/governor.ts";
import { signApproval } from "@polity/governor/papers/approval.ts";
import { questionOf } from "@polity/governor/steps/approvals.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { ANNA, BERT, CLEO, DORA } from "../../test/support/trust-roots.ts";
import { count } from "./counts.ts";
import { governedBy, type Node } from "./node.ts";
import type { Outside } from "./operators.ts";
import { APPROVERS } from "./policies.ts";
import type { Running } from "./running.ts";

const SIGNERS: ReadonlyMap<string, Signer> = new Map([
  ["bert", BERT],
  ["cleo", CLEO],
  ["dora", DORA],
]);

/** Asks somebody, who answers late, twice, for somebody else, or not at all; then it is decided anew. */
export function approving({ node, others, checks }: Outside) {
  const { world } = node;
  return async (running: Running, answer: Authorized): Promise<Authorized | null> => {
    const { random } = world;
    const { pending } = answer;
    const { governor } = node;
    if (pending === null || governor === null) return null;
    if (random.chance(0.1)) return null;
    await world.sleep(random.pick(world.mood.approvedAfterMs));
    if (running.life !== node.life) return null;
    const envelope = await signed(node, pending, random.pick(APPROVERS));
    for (const other of random.chance(0.1) ? others : []) {
      const elsewhere = await other.governor?.approve(envelope);
      count(
        checks,
        `approvals: elsewhere ${elsewhere?.ok ? "taken" : (elsewhere?.code ?? "nobody is there")}`,
      );
      if (elsewhere?.ok) checks.violations.push("an approval of one node counts at another");
    }
    const applied = await checks.waits("an approval", governor.approve(envelope));
    count(checks, `approvals: ${applied.ok ? "taken" : applied.code}`);
    if (random.chance(0.2)) await governor.approve(envelope);
    if (running.life !== node.life) return null;
    const atOnce = random.chance(0.2) ? governor.release(pending.id) : null;
    const decided = await checks.waits(`the release of ${pending.id}`, governor.release(pending.id));
    const again = (await atOnce) ?? (random.chance(0.3) ? await governor.release(pending.id) : null);
    if (decided.verdict === "allow" && again?.verdict === "allow")
      checks.violations.push("an approval was used twice");
    return decided.verdict !== "allow" && again?.verdict === "allow" ? again : decided;
  };
}

async function signed(node: Node, pending: PendingApproval, approver: string): Promise<string> {
  const { random } = node.world;
  const { root, set, audience } = governedBy(node.source);
  const question = questionOf(pending);
  const isOther = random.chance(0.05);
  const approval = {
    ...question,
    // Nobody signs what says that it was given before it was asked for, or too late.
    ...{
      root: root.name,
      set,
      audience,
      issuedMs: Math.min(Math.max(node.clock(), question.askedMs), question.expiresMs - 1),
    },
    request: isOther ? `sha256:${"0".repeat(64)}` : question.request,
    approver: { type: "User", id: approver },
    decision: random.chance(0.9) ? ("approved" as const) : ("rejected" as const),
  };
  return signApproval(approval, [random.chance(0.95) ? SIGNERS.get(approver)! : ANNA]);
}
