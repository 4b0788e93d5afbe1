/** What is checked before any rule (docs/abi.md, "The order of checks"): the first failure is the answer
 * (spec 9.1). */
import type { Action, Checked, EntityValue } from "../checked.ts";
import { decodeCarried, namedByCarried, resolveCarried, withCarried } from "./carried.ts";
import { type Denial, isDenial } from "./denial.ts";
import type { Scope } from "./evaluate.ts";
import { type Facts, findEntity } from "./facts.ts";
import { decodeHeader, type HeaderValues } from "./header.ts";
import { decodeFields, resolveFields } from "./input.ts";
import type { Request } from "./interpret.ts";
import { countCarried, countFrame, newMeter } from "./meter.ts";
import { entitiesIn } from "./values.ts";

/** A request that rules may judge. */
export interface Admitted {
  readonly action: Action;
  readonly scope: Scope;
  readonly header: HeaderValues;
  /** By its fields, and by what it carries. */
  readonly named: readonly EntityValue[];
}

export function admit(checked: Checked, facts: Facts, request: Request): Admitted | Denial {
  const action = checked.actions.find(({ name }) => name === request.action);
  if (action === undefined) return { deny: "input.unknown_action" };
  const written = decodeFields(request.fields, action.fields, checked.types);
  if (isDenial(written)) return written;
  const coming = decodeCarried(checked, request.entities);
  if (isDenial(coming)) return coming;
  const header = decodeHeader(request.header);
  if (isDenial(header)) return header;
  const fields = resolveFields(written, action.fields, checked.types);
  if (isDenial(fields)) return fields;
  const carried = resolveCarried(checked, coming);
  if (isDenial(carried)) return carried;
  const untimely = checkTimes(checked, header);
  if (untimely !== null) return untimely;
  if (header.containment === "quarantined") return { deny: "subject.quarantined" };
  if (header.containment === "terminated") return { deny: "subject.terminated" };
  const known = withCarried(facts, carried);
  const named = [...entitiesIn(fields), ...namedByCarried(carried)];
  const isKnown = named.every((entity) => entity.isRef === true || findEntity(known, entity) !== undefined);
  if (!isKnown || !isEveryApproverKnown(facts, header)) return { deny: "entity.unknown" };
  const meter = newMeter();
  countFrame(meter, action, fields, header.approvals.length);
  countCarried(meter, carried);
  const { now, trust } = header;
  const scope: Scope = { facts: known, fields, now, trust, variables: new Map(), meter };
  return { action, scope, header, named };
}

/** (spec 9.3, 9.4) */
export function checkTimes(checked: Checked, header: HeaderValues): Denial | null {
  const { now, policyFrom, policyUntil, factsUntil, readAt } = header;
  const { valid, containmentAgeMs } = checked;
  if (valid !== null && !(valid.fromMs <= now && now < valid.untilMs)) return { deny: "policy.expired" };
  if (!(policyFrom <= now && now <= policyUntil)) return { deny: "policy.stale" };
  if (!(now <= factsUntil)) return { deny: "facts.stale" };
  if (!(readAt <= now && now < readAt + containmentAgeMs)) return { deny: "containment.stale" };
  return null;
}

/** Approvers are in the facts (spec 7.1.3, 7.4.6). */
function isEveryApproverKnown(facts: Facts, { approvals }: HeaderValues): boolean {
  return approvals.every(({ approver }) => findEntity(facts, approver) !== undefined);
}
