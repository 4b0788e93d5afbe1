/** The approval clause of a rule, as the manifest writes it. */
import { APPROVALS_MAX } from "./layout.ts";
import type { ApprovalClause } from "./manifest.ts";
import { integer, members, name, text } from "./shape.ts";

export function approvalJson({ group, quorum, withinMs }: ApprovalClause): unknown {
  return { group: group && { id: group.id, type: group.type }, quorum, within_ms: withinMs };
}

export function readApproval(json: unknown, where: string): ApprovalClause {
  const given = members(json, where, ["group", "quorum", "within_ms"]);
  return {
    group: given.group === null ? null : readGroup(given.group, `${where}.group`),
    quorum: integer(given.quorum, `${where}.quorum`, 1, APPROVALS_MAX),
    withinMs: integer(given.within_ms, `${where}.within_ms`, 1, Number.MAX_SAFE_INTEGER),
  };
}

function readGroup(json: unknown, where: string): NonNullable<ApprovalClause["group"]> {
  const { type, id } = members(json, where, ["id", "type"]);
  return { type: name(type, `${where}.type`), id: text(id, `${where}.id`) };
}
