/** `until approved by 2 of G within 15m`. */
import { APPROVALS_MAX } from "@polity/runtime/layout.ts";
import type { Until } from "../ast.ts";
import type { Approval } from "../checked.ts";
import { checkValue } from "./expressions/expression.ts";
import { asEntity } from "./expressions/refs.ts";
import { witnessApproves } from "./messages-definitions.ts";
import { carriedApprovers } from "./messages-entities.ts";
import { wrongApproval, wrongGroup } from "./messages-rules.ts";
import type { Env, Scope } from "./scope.ts";
import { showType } from "./types.ts";
import { type OpenWitness, useOf } from "./witness.ts";

const WITHIN_MIN_MS = 1_000n;
const WITHIN_MAX_MS = 2_592_000_000n;

export function checkApproval(
  until: Until,
  scope: Scope,
  env: Env,
  witness: OpenWitness | null,
): Approval | null {
  const { count, withinMs, span } = until;
  const isCount = count >= 1n && count <= BigInt(APPROVALS_MAX);
  if (!isCount) scope.report(wrongApproval(span, "the number of approvals", "1", `${APPROVALS_MAX}`));
  const isTime = withinMs >= WITHIN_MIN_MS && withinMs <= WITHIN_MAX_MS;
  if (!isTime) scope.report(wrongApproval(span, "the time for approvals", "1s", "30d"));
  const { expr } = checkValue(until.group, scope, env);
  const group = expr === null ? null : asEntity(expr, scope, env);
  if (group === null) return null;
  if (group.type.kind !== "entity") {
    scope.report(wrongGroup(group.span, showType(group.type)));
    return null;
  }
  if (scope.world.types.entities.get(group.type.name)?.fromRequest === true) {
    scope.report(carriedApprovers(group.span, group.type.name));
    return null;
  }
  const named = witness && useOf(witness.id, group);
  if (witness !== null && named !== null) {
    scope.report(witnessApproves(named, witness.node.variable.text));
    return null;
  }
  return isCount && isTime ? { count: Number(count), group, withinMs } : null;
}
