/** When a `hold` is released (spec 8.3.1). */
import type { Approval, EntityValue } from "../checked.ts";
import { WEIGHTS } from "../weights.ts";
import type { Admitted } from "./checks.ts";
import { evaluate } from "./evaluate.ts";
import { isBelow } from "./facts.ts";
import { type Failure, isFailure } from "./failure.ts";
import type { HeldApproval } from "./header.ts";
import { spend } from "./meter.ts";

/** Whether enough different approvers have approved exactly this request in time. */
export function isApproved(
  wanted: Approval,
  { scope, header, named: inRequest }: Admitted,
  digest: string | null,
): boolean | Failure {
  const group = evaluate(wanted.group, scope);
  if (isFailure(group)) return group;
  const counting: EntityValue[] = [];
  for (const held of header.approvals) {
    const named = BigInt(inRequest.length + counting.length);
    spend(scope.meter, WEIGHTS.approval.steps + named * WEIGHTS.member.steps);
    if (held.request !== digest || !isTimely(held, header.now, wanted.withinMs)) continue;
    if (!isBelow(scope.facts, held.approver, group as EntityValue)) continue;
    if (isAmong(held.approver, inRequest) || isAmong(held.approver, counting)) continue;
    counting.push(held.approver);
  }
  return counting.length >= wanted.count;
}

function isTimely({ askedAt, givenAt }: HeldApproval, now: bigint, withinMs: bigint): boolean {
  return askedAt <= givenAt && givenAt <= now && now < askedAt + withinMs;
}

function isAmong({ type, id }: EntityValue, others: readonly EntityValue[]): boolean {
  return others.some((other) => other.type === type && other.id === id);
}
