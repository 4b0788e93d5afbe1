/**
 * What members of a policy set do not declare themselves: a request may carry it and an approver may be of
 * such a type, since other members know them. Here it is checked and then left to those.
 */
import type { Types } from "./layout.ts";
import { type CarriedType, type CarriedTypes, FOREIGN, makePlanner } from "./plan.ts";

export interface Foreign {
  readonly carried: CarriedTypes;
  /** Names of entity types of the facts. */
  readonly types: readonly string[];
}

export const NOTHING_FOREIGN: Foreign = { carried: new Map(), types: [] };

/** What `others` declare and `own` do not; of what several declare they agree. */
export function foreignTo(own: Types, others: readonly Types[]): Foreign {
  const carried = new Map<string, CarriedType>();
  const types = new Set<string>();
  for (const other of others) {
    const planner = makePlanner(other);
    for (const [name, { fromRequest }] of other.entities) {
      if (own.entities.has(name)) continue;
      if (fromRequest === true) carried.set(name, { ...planner.carried.get(name)!, number: FOREIGN });
      else types.add(name);
    }
  }
  return { carried, types: [...types].sort() };
}
