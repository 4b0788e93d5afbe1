/** Orders and pending approvals, for people and as data. */
import type { PendingApproval } from "@polity/governor/governor.ts";
import { approverName } from "@polity/governor/papers/approval.ts";
import type { Order, OrderSubject } from "@polity/governor/papers/order.ts";
import { durationText } from "@polity/runtime/scalars.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import { timeText } from "./time-option.ts";
import { plural, visible } from "./words.ts";

export function orderRows(order: Order): string[][] {
  const { id, subject, ordered, reason, issuer, set, audience, issuedMs, expiresMs } = order;
  const more = ordered.kind === "trust" ? ` to ${ordered.trust}` : "";
  const from = ordered.kind === "release" ? ` from ${ordered.containment}` : "";
  return [
    ["order", `${ordered.kind}${more}${from}`],
    ["about", visible(subjectText(subject))],
    ["reason", visible(reason)],
    ["id", id],
    ["issuer", visible(issuer)],
    ["for", visible(`${set}, ${audience ?? "no place"}`)],
    ["valid", `${timeText(issuedMs)} until ${timeText(expiresMs)}`],
  ];
}

export function orderJson({ id, subject, ordered, reason, issuer, set, audience, ...times }: Order) {
  const valid = { from: timeText(times.issuedMs), until: timeText(times.expiresMs) };
  return { id, order: ordered, subject, reason, issuer, set, audience, valid };
}

function subjectText(subject: OrderSubject): string {
  switch (subject.kind) {
    case "agent":
      return approverName(subject.agent);
    case "workload":
      return `workload ${subject.digest}`;
    case "zone":
      return `zone ${JSON.stringify(subject.zone)}`;
    default:
      return unreachable(subject);
  }
}

export function pendingRows({ id, action, rules, given, expiresAt }: PendingApproval): string[] {
  const most = Math.max(...rules.map(({ quorum }) => quorum));
  return [id, visible(action), `${given.length} of ${most}`, `until ${timeText(expiresAt)}`];
}

/** Everything that is approved, as it is judged: nothing is cut, and no character passes for another. */
export function requestLines(pending: PendingApproval, request: unknown): string[][] {
  const rows = [
    ["id", pending.id],
    ["action", visible(pending.action)],
    ["asked", `${timeText(pending.askedAt)}, until ${timeText(pending.expiresAt)}`],
  ];
  for (const { rule, because, approvers, quorum, withinMs } of pending.rules) {
    const group = approvers === null ? "a group that the request names" : approverName(approvers);
    const who = `${plural(quorum, "approval")} of ${group} within ${durationText(BigInt(withinMs))}`;
    rows.push(["held by", visible(`${rule}: ${who}${because === null ? "" : `: ${because}`}`)]);
  }
  const { fields = {}, entities = [] } = request as { fields?: object; entities?: readonly unknown[] };
  for (const [name, value] of Object.entries(fields)) {
    rows.push([`  ${visible(name)}`, visible(JSON.stringify(value))]);
  }
  for (const one of entities) rows.push(["  brings", visible(JSON.stringify(one))]);
  for (const { approver, decision } of pending.given) rows.push([decision, visible(approverName(approver))]);
  return [...rows, ["digest", pending.requestDigest]];
}
